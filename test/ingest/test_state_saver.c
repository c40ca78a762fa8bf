/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/state_saver: the state file follows what it is to hold, by and by. */
#include "ingest/state_saver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ingest/state_file.h"

static char folder[] = "/tmp/test_state_saver_XXXXXX";
static char file[64], new_file[64];
static const struct log_scope test_log = {.name = "test"};

static int make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(file, sizeof(file), "%s/state", folder);
	(void)snprintf(new_file, sizeof(new_file), "%s/state.new", folder);
	return 0;
}

static int remove_file(void **state)
{
	(void)state;
	(void)unlink(file);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

/* Whether the file holds this. */
static bool is_saved(const char *text)
{
	struct buffer found = {0};
	struct error error;
	bool is_it = state_file_read(file, &found, &error) == STATE_FILE_READ &&
	             found.length == strlen(text) && memcmp(found.bytes, text, found.length) == 0;

	buffer_finish(&found);
	return is_it;
}

/* What the file is to hold. */
static char content[16];

static void add_content(const void *owner, struct buffer *out)
{
	assert_ptr_equal(owner, content);
	buffer_append_text(out, content);
}

static struct state_saver *create(uv_loop_t *loop)
{
	assert_int_equal(uv_loop_init(loop), 0);
	return state_saver_create(loop, &test_log, file, add_content, content);
}

static void set(struct state_saver *saver, const char *text)
{
	(void)snprintf(content, sizeof(content), "%s", text);
	state_saver_touch(saver);
}

static void destroy(struct state_saver *saver, uv_loop_t *loop)
{
	state_saver_stop(saver);
	(void)uv_run(loop, UV_RUN_DEFAULT);
	state_saver_destroy(saver);
	assert_int_equal(uv_loop_close(loop), 0);
}

/* Turn the loop until the file holds this id, `ms` at most. */
static bool turn_until(uv_loop_t *loop, const char *id, unsigned ms)
{
	for (unsigned i = 0; i < ms && !is_saved(id); i++) {
		(void)uv_run(loop, UV_RUN_NOWAIT);
		uv_sleep(1);
	}
	return is_saved(id);
}

/* state_saver.h: not at once, but after a second; and the last position counts. */
static void test_position_is_saved_after_a_while(void **state)
{
	uv_loop_t loop;
	struct state_saver *saver = create(&loop);
	uint64_t began_ms = uv_now(&loop);

	(void)state;
	set(saver, "1");
	set(saver, "2");
	assert_true(turn_until(&loop, "2", 20000));
	assert_true(uv_now(&loop) - began_ms >= STATE_SAVER_DELAY_MS);
	set(saver, "3");
	for (int i = 0; i < 50; i++) {
		(void)uv_run(&loop, UV_RUN_NOWAIT);
	}
	assert_true(is_saved("2"));
	assert_true(turn_until(&loop, "3", 20000));
	destroy(saver, &loop);
}

/* state_saver.h: what is in the file already is not written again. */
static void test_same_content_is_not_written_again(void **state)
{
	uv_loop_t loop;
	struct state_saver *saver = create(&loop);

	(void)state;
	set(saver, "1");
	assert_true(turn_until(&loop, "1", 20000));
	while (uv_loop_alive(&loop)) { /* until the loop has been told */
		(void)uv_run(&loop, UV_RUN_ONCE);
	}
	assert_int_equal(unlink(file), 0);
	set(saver, "2");
	set(saver, "1");
	destroy(saver, &loop);
	assert_int_not_equal(access(file, F_OK), 0);
}

/* state_saver.h: what is not saved yet is saved by the stop, also while a write is under way. */
static void test_stop_saves_the_last_position(void **state)
{
	uv_loop_t loop;
	struct state_saver *saver = create(&loop);

	(void)state;
	set(saver, "1");
	destroy(saver, &loop);
	assert_true(is_saved("1"));
	saver = create(&loop);
	set(saver, "2");
	while (!is_saved("2")) { /* written, and perhaps not told so to the loop */
		(void)uv_run(&loop, UV_RUN_ONCE);
	}
	set(saver, "3");
	destroy(saver, &loop);
	assert_true(is_saved("3"));
}

/* state_saver.h: what cannot be written is tried again without being asked. */
static void test_fault_is_tried_again(void **state)
{
	uv_loop_t loop;
	struct state_saver *saver = create(&loop);

	(void)state;
	assert_int_equal(mkdir(new_file, 0700), 0);
	set(saver, "1");
	assert_false(turn_until(&loop, "1", STATE_SAVER_DELAY_MS + 300));
	assert_int_equal(rmdir(new_file), 0);
	assert_true(turn_until(&loop, "1", 20000));
	destroy(saver, &loop);
}

/* state_saver.h: a stop ends, whether the file can be written or not. */
static void test_fault_does_not_hold_up_the_stop(void **state)
{
	uv_loop_t loop;
	struct state_saver *saver = create(&loop);

	(void)state;
	assert_int_equal(mkdir(new_file, 0700), 0);
	set(saver, "1");
	destroy(saver, &loop);
	assert_int_equal(rmdir(new_file), 0);
	assert_false(is_saved("1"));
	state_saver_destroy(NULL);
}

/* state_saver.h: done when all is saved, and not before; nothing to save is done at once. */
static void test_stopped_saver_is_done_when_all_is_saved(void **state)
{
	uv_loop_t loop;
	struct state_saver *saver = create(&loop);

	(void)state;
	set(saver, "1");
	assert_false(state_saver_is_done(saver));
	state_saver_stop(saver);
	assert_false(state_saver_is_done(saver));
	while (!state_saver_is_done(saver)) {
		(void)uv_run(&loop, UV_RUN_ONCE);
	}
	assert_true(is_saved("1"));
	assert_int_equal(uv_loop_alive(&loop), 0); /* and the turn is over: it may be freed */
	state_saver_destroy(saver);
	assert_int_equal(uv_loop_close(&loop), 0);
	saver = create(&loop);
	state_saver_stop(saver);
	assert_true(state_saver_is_done(saver));
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	state_saver_destroy(saver);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_position_is_saved_after_a_while, remove_file),
	    cmocka_unit_test_teardown(test_same_content_is_not_written_again, remove_file),
	    cmocka_unit_test_teardown(test_stop_saves_the_last_position, remove_file),
	    cmocka_unit_test_teardown(test_stopped_saver_is_done_when_all_is_saved, remove_file),
	    cmocka_unit_test_teardown(test_fault_is_tried_again, remove_file),
	    cmocka_unit_test_teardown(test_fault_does_not_hold_up_the_stop, remove_file),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
