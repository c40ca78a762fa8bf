/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/state_file: a position that survives the process. */
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

#define URL         "https://stream.example.org/v2/stream/recentchange"
#define ID          "[{\"topic\":\"a\",\"offset\":1}]"
#define FILE_OF(id) "rcstreamd state 1\nurl " URL "\nid " id "\n"

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

static void write_file(const void *bytes, size_t length)
{
	FILE *stream = fopen(file, "wb");

	assert_non_null(stream);
	assert_int_equal(fwrite(bytes, 1, length, stream), length);
	assert_int_equal(fclose(stream), 0);
}

static void write_text(const char *text)
{
	write_file(text, strlen(text));
}

static bool save(const char *id)
{
	struct error error = {""};

	return state_file_write(file, URL, (struct text){id, strlen(id)}, &error);
}

/* The id that is read; NULL when none is, with the outcome and, in `error`, why. */
static char *load(enum state_file_outcome *outcome, struct error *error)
{
	struct buffer id = {0};
	char *text = NULL;

	buffer_append_text(&id, "what was there before");
	error->text[0] = '\0';
	*outcome = state_file_read(file, URL, &id, error);
	if (*outcome == STATE_FILE_READ) {
		text = buffer_take(&id, NULL);
	}
	assert_int_equal(id.length, 0);
	buffer_finish(&id);
	return text;
}

static void assert_loads(const char *id)
{
	enum state_file_outcome outcome;
	struct error error;
	char *text = load(&outcome, &error);

	assert_int_equal(outcome, STATE_FILE_READ);
	assert_string_equal(text, id);
	free(text);
}

static void assert_ignored(const char *why)
{
	enum state_file_outcome outcome;
	struct error error;

	assert_null(load(&outcome, &error));
	assert_int_equal(outcome, STATE_FILE_IGNORED);
	assert_non_null(strstr(error.text, file));
	assert_non_null(strstr(error.text, why));
}

/* state_file.h: what was written is read; the form is part of the contract. */
static void test_what_was_written_is_read(void **state)
{
	char content[256] = "";
	FILE *stream;

	(void)state;
	assert_true(save(ID));
	assert_loads(ID);
	stream = fopen(file, "rb");
	assert_non_null(stream);
	(void)fread(content, 1, sizeof(content) - 1, stream);
	(void)fclose(stream);
	assert_string_equal(content, FILE_OF(ID));
	assert_true(save(""));
	assert_loads("");
	assert_true(save("opaque \xff\t text: 1"));
	assert_loads("opaque \xff\t text: 1");
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
	assert_false(state_file_write(file, URL, (struct text){"2", 1}, &error));
	assert_non_null(strstr(error.text, new_file));
	assert_int_equal(rmdir(new_file), 0);
	assert_loads("1");
}

/* state_file.h: no file is no fault. */
static void test_no_file_is_told_apart(void **state)
{
	enum state_file_outcome outcome;
	struct error error;

	(void)state;
	(void)unlink(file);
	assert_null(load(&outcome, &error));
	assert_int_equal(outcome, STATE_FILE_ABSENT);
	assert_string_equal(error.text, "");
	assert_int_equal(mkdir(file, 0700), 0);
	assert_ignored("Is a directory");
	assert_int_equal(rmdir(file), 0);
}

/* state_file.h: one of another URL, of which this one may be a part, is not used. */
static void test_file_of_another_url_is_ignored(void **state)
{
	(void)state;
	write_text("rcstreamd state 1\nurl " URL "s\nid 1\n");
	assert_ignored("another URL");
	write_text("rcstreamd state 1\nurl https://stream.example.org/\nid 1\n");
	assert_ignored("another URL");
	write_text("rcstreamd state 1\nurl \nid 1\n");
	assert_ignored("another URL");
}

/* state_file.h: every file that is cut off, and what is no state file, is not used. */
static void test_broken_file_is_ignored(void **state)
{
	static const char *const texts[] = {
	    "rcstreamd state 2\nurl " URL "\nid 1\n",
	    "rcstreamd state 1\r\nurl " URL "\r\nid 1\r\n",
	    "rcstreamd state 1\nurl " URL "\nid 1\n\n",
	    "rcstreamd state 1\nurl " URL "\nid 1\r\n",
	    "rcstreamd state 1\nurl " URL "\nid 1\nid 2\n",
	    "rcstreamd state 1\nurl " URL "\nposition 1\n",
	    "a: b\n",
	    "\n",
	};
	static const char whole[] = FILE_OF(ID);
	static const char nul[] = FILE_OF("1\0"
	                                  "2");
	static const char zeros[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_text(texts[i]);
		assert_ignored("not a whole state file");
	}
	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		write_file(whole, length);
		assert_ignored("not a whole state file");
	}
	write_text(whole);
	assert_loads(ID);
	write_file(nul, sizeof(nul) - 1);
	assert_ignored("not a whole state file");
	write_file(zeros, sizeof(zeros)); /* as a file system leaves it after a power cut */
	assert_ignored("not a whole state file");
}

/* state_file.h: an id over SSE_READER_ID_MAX, or a file over STATE_FILE_MAX, is not used. */
static void test_large_file_is_ignored(void **state)
{
	char *id = malloc(STATE_FILE_MAX + 1);

	(void)state;
	assert_non_null(id);
	memset(id, 'i', STATE_FILE_MAX);
	id[STATE_FILE_MAX] = '\0';
	assert_true(save(id));
	assert_ignored("not a whole state file");
	id[8192] = '\0';
	assert_true(save(id));
	assert_loads(id);
	id[8192] = 'i';
	id[8193] = '\0';
	assert_true(save(id));
	assert_ignored("not a whole state file");
	free(id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_was_written_is_read),
	    cmocka_unit_test(test_file_is_replaced_by_a_new_one),
	    cmocka_unit_test(test_what_a_crash_left_is_no_obstacle),
	    cmocka_unit_test(test_file_that_cannot_be_written_stays),
	    cmocka_unit_test(test_no_file_is_told_apart),
	    cmocka_unit_test(test_file_of_another_url_is_ignored),
	    cmocka_unit_test(test_broken_file_is_ignored),
	    cmocka_unit_test(test_large_file_is_ignored),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
