/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   set ──> is_dirty ── timer ──> writing ──> clean
 *              ▲                     │
 *              └── set, or a fault ──┘
 */
#include "ingest/state_saver.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/state_file.h"
#include "server/base/buffer.h"
#include "server/base/memory.h"

struct state_saver {
	const struct log_scope *log;
	const char *file;
	const char *url;
	uv_timer_t timer;
	struct buffer id;
	bool is_dirty; /* `id` is not in the file */
	bool is_stopping;
	bool is_failing; /* and that has been told */

	/* The pool's, while is_writing. */
	bool is_writing;
	uv_work_t work;
	struct buffer written_id;
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
	struct text id = {saver->written_id.bytes, saver->written_id.length};

	saver->is_written = state_file_write(saver->file, saver->url, id, &saver->error);
}

static void on_worked(uv_work_t *work, int status)
{
	struct state_saver *saver = work->data;

	(void)status;
	saver->is_writing = false;
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

static void begin_writing(struct state_saver *saver)
{
	saver->is_dirty = false;
	saver->is_writing = true;
	buffer_clear(&saver->written_id);
	buffer_append(&saver->written_id, saver->id.bytes, saver->id.length);
	require(uv_queue_work(saver->timer.loop, &saver->work, on_work, on_worked) == 0);
}

struct state_saver *state_saver_create(uv_loop_t *loop, const struct log_scope *log,
                                       const char *file, const char *url, struct text id)
{
	struct state_saver *saver = mem_new(struct state_saver);

	saver->log = log;
	saver->file = file;
	saver->url = url;
	buffer_append(&saver->id, id.bytes, id.length);
	saver->work.data = saver;
	require(uv_timer_init(loop, &saver->timer) == 0);
	saver->timer.data = saver;
	return saver;
}

void state_saver_set(struct state_saver *saver, struct text id)
{
	if (saver->id.length == id.length &&
	    (id.length == 0 || memcmp(saver->id.bytes, id.bytes, id.length) == 0)) {
		return;
	}
	buffer_clear(&saver->id);
	buffer_append(&saver->id, id.bytes, id.length);
	saver->is_dirty = true;
	schedule(saver);
}

void state_saver_stop(struct state_saver *saver)
{
	saver->is_stopping = true;
	uv_close((uv_handle_t *)&saver->timer, NULL);
	schedule(saver);
}

void state_saver_destroy(struct state_saver *saver)
{
	if (saver != NULL) {
		buffer_finish(&saver->id);
		buffer_finish(&saver->written_id);
		free(saver);
	}
}
