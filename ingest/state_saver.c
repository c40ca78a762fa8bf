/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   touch ──> is_dirty ── timer ──> writing ──> clean
 *                ▲                     │
 *                └── touch, or a fault ┘
 */
#include "ingest/state_saver.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/state_file.h"
#include "server/base/memory.h"

struct state_saver {
	const struct log_scope *log;
	const char *file;
	state_content_fn *content;
	const void *owner;
	uv_timer_t timer;
	bool is_dirty; /* what the file is to hold may have changed since it was asked for */
	bool is_stopping;
	bool is_failing; /* and that has been told */
	bool is_saved;   /* the file holds `written` */

	/* The pool's, while is_writing. */
	bool is_writing;
	uv_work_t work;
	struct buffer written;
	bool is_written;
	struct error error;
};

static void begin_writing(struct state_saver *saver);

static void on_timer(uv_timer_t *timer)
{
	begin_writing(timer->data);
}

/* Whatever the state, see to it that what is dirty gets written. */
static void schedule(struct state_saver *saver)
{
	if (!saver->is_dirty || saver->is_writing) {
		return;
	}
	if (saver->is_stopping) {
		begin_writing(saver);
	} else if (!uv_is_active((uv_handle_t *)&saver->timer)) {
		(void)uv_timer_start(&saver->timer, on_timer, STATE_SAVER_DELAY_MS, 0);
	}
}

/* On a thread of the pool. */
static void on_work(uv_work_t *work)
{
	struct state_saver *saver = work->data;
	struct text content = {saver->written.bytes, saver->written.length};

	saver->is_written = state_file_write(saver->file, content, &saver->error);
}

static void on_worked(uv_work_t *work, int status)
{
	struct state_saver *saver = work->data;

	(void)status; /* it is never cancelled */
	saver->is_writing = false;
	saver->is_saved = saver->is_written;
	if (saver->is_written && saver->is_failing) {
		log_info(saver->log, "source.state_saved", "%s: is written again", saver->file);
	} else if (!saver->is_written && !saver->is_failing) {
		log_warn(saver->log, "source.state_failed", "%s", saver->error.text);
	}
	saver->is_failing = !saver->is_written;
	/* When stopping, what failed stays unsaved. */
	saver->is_dirty = saver->is_dirty || (saver->is_failing && !saver->is_stopping);
	schedule(saver);
}

static bool is_in_file(const struct state_saver *saver, const struct buffer *content)
{
	return saver->is_saved && saver->written.length == content->length &&
	       (content->length == 0 ||
	        memcmp(saver->written.bytes, content->bytes, content->length) == 0);
}

static void begin_writing(struct state_saver *saver)
{
	struct buffer content = {0};

	saver->is_dirty = false;
	saver->content(saver->owner, &content);
	if (is_in_file(saver, &content)) {
		buffer_finish(&content);
		return;
	}
	buffer_finish(&saver->written);
	saver->written = content;
	saver->is_writing = true;
	require(uv_queue_work(saver->timer.loop, &saver->work, on_work, on_worked) == 0);
}

struct state_saver *state_saver_create(uv_loop_t *loop, const struct log_scope *log,
                                       const char *file, state_content_fn *content,
                                       const void *owner)
{
	struct state_saver *saver = mem_new(struct state_saver);

	saver->log = log;
	saver->file = file;
	saver->content = content;
	saver->owner = owner;
	saver->work.data = saver;
	require(uv_timer_init(loop, &saver->timer) == 0);
	saver->timer.data = saver;
	return saver;
}

void state_saver_touch(struct state_saver *saver)
{
	saver->is_dirty = true;
	schedule(saver);
}

void state_saver_stop(struct state_saver *saver)
{
	saver->is_stopping = true;
	uv_close((uv_handle_t *)&saver->timer, NULL);
	schedule(saver);
}

bool state_saver_is_done(const struct state_saver *saver)
{
	return saver->is_stopping && !saver->is_writing;
}

void state_saver_destroy(struct state_saver *saver)
{
	if (saver != NULL) {
		buffer_finish(&saver->written);
		free(saver);
	}
}
