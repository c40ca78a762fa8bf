/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/state_file: a text that survives the process, whole. */
#include "ingest/state_file.h"

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

static char folder[] = "/tmp/test_state_file_XXXXXX";
static char file[64], new_file[64];

static int make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(file, sizeof(file), "%s/state", folder);
	(void)snprintf(new_file, sizeof(new_file), "%s/state.new", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(file);
	return rmdir(folder);
}

static bool save(const char *content)
{
	struct error error = {""};

	return state_file_write(file, (struct text){content, strlen(content)}, &error);
}

static void assert_loads(const char *expected)
{
	struct buffer content = {0};
	struct error error = {""};

	buffer_append_text(&content, "what was there before");
	assert_int_equal(state_file_read(file, &content, &error), STATE_FILE_READ);
	assert_int_equal(content.length, strlen(expected));
	assert_memory_equal(content.bytes, expected, content.length);
	buffer_finish(&content);
}

/* Nothing is read, and with this word of why. */
static void assert_unreadable(const char *why)
{
	struct buffer content = {0};
	struct error error = {""};

	buffer_append_text(&content, "what was there before");
	assert_int_equal(state_file_read(file, &content, &error), STATE_FILE_UNREADABLE);
	assert_int_equal(content.length, 0);
	assert_non_null(strstr(error.text, file));
	assert_non_null(strstr(error.text, why));
	buffer_finish(&content);
}

/* state_file.h: what was written is read, whatever it is. */
static void test_what_was_written_is_read(void **state)
{
	(void)state;
	assert_true(save("one\ntwo\n"));
	assert_loads("one\ntwo\n");
	assert_true(save("opaque \xff\t text: 1"));
	assert_loads("opaque \xff\t text: 1");
	assert_true(save(""));
	assert_loads("");
}

/* state_file.h: there is a whole file at any time, and nothing beside it afterwards. */
static void test_file_is_replaced_by_a_new_one(void **state)
{
	struct stat before, after;
	FILE *stream;

	(void)state;
	assert_true(save("1"));
	stream = fopen(file, "rb"); /* keeps the inode from being used again */
	assert_non_null(stream);
	assert_int_equal(fstat(fileno(stream), &before), 0);
	assert_true(save("2"));
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(stat(file, &after), 0);
	assert_true(before.st_ino != after.st_ino);
	assert_int_equal(after.st_mode & 0777, 0600);
	assert_int_not_equal(access(new_file, F_OK), 0);
}

/* A new file that an earlier run left behind is written over. */
static void test_what_a_crash_left_is_no_obstacle(void **state)
{
	(void)state;
	assert_true(save("1"));
	assert_int_equal(rename(file, new_file), 0);
	assert_true(save("2"));
	assert_loads("2");
}

/* state_file.h: `file` is as it was when the new one cannot be written. */
static void test_file_that_cannot_be_written_stays(void **state)
{
	struct error error = {""};

	(void)state;
	assert_true(save("1"));
	assert_int_equal(mkdir(new_file, 0700), 0);
	assert_false(state_file_write(file, (struct text){"2", 1}, &error));
	assert_non_null(strstr(error.text, new_file));
	assert_int_equal(rmdir(new_file), 0);
	assert_loads("1");
}

/* state_file.h: no file is no fault; what is there and cannot be read is one. */
static void test_no_file_is_told_apart(void **state)
{
	struct buffer content = {0};
	struct error error = {""};

	(void)state;
	(void)unlink(file);
	assert_int_equal(state_file_read(file, &content, &error), STATE_FILE_ABSENT);
	assert_string_equal(error.text, "");
	assert_int_equal(mkdir(file, 0700), 0);
	assert_unreadable("Is a directory");
	assert_int_equal(rmdir(file), 0);
	buffer_finish(&content);
}

/* state_file.h: no more than STATE_FILE_MAX bytes are taken into memory. */
static void test_large_file_is_not_read(void **state)
{
	char *content = malloc(STATE_FILE_MAX + 2);

	(void)state;
	assert_non_null(content);
	memset(content, 'i', STATE_FILE_MAX + 1);
	content[STATE_FILE_MAX + 1] = '\0';
	assert_true(save(content));
	assert_unreadable("is larger than");
	content[STATE_FILE_MAX] = '\0';
	assert_true(save(content));
	assert_loads(content);
	free(content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_was_written_is_read),
	    cmocka_unit_test(test_file_is_replaced_by_a_new_one),
	    cmocka_unit_test(test_what_a_crash_left_is_no_obstacle),
	    cmocka_unit_test(test_file_that_cannot_be_written_stays),
	    cmocka_unit_test(test_no_file_is_told_apart),
	    cmocka_unit_test(test_large_file_is_not_read),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
