/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/eventstreams_state: a position that belongs to one URL. */
#include "ingest/eventstreams_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define URL         "https://stream.example.org/v2/stream/recentchange"
#define ID          "[{\"topic\":\"a\",\"offset\":1}]"
#define FILE_OF(id) "rcstreamd state 1\nurl " URL "\nid " id "\n"

static struct text text(const char *words)
{
	return (struct text){words, strlen(words)};
}

static void assert_parses(const char *content, const char *id)
{
	const char *why;
	struct text found = eventstreams_state_parse(text(content), URL, &why);

	assert_non_null(found.bytes);
	assert_int_equal(found.length, strlen(id));
	assert_memory_equal(found.bytes, id, found.length);
}

static void assert_refused(struct text content, const char *words)
{
	const char *why = NULL;

	assert_null(eventstreams_state_parse(content, URL, &why).bytes);
	assert_string_equal(why, words);
}

/* eventstreams_state.h: the form is part of the contract, and is read back. */
static void test_what_was_made_is_parsed(void **state)
{
	static const char *const ids[] = {ID, "", "opaque \xff\t text: 1"};

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct buffer content = {0};

		eventstreams_state_make(&content, URL, text(ids[i]));
		buffer_append_byte(&content, '\0');
		assert_parses(content.bytes, ids[i]);
		if (i == 0) {
			assert_string_equal(content.bytes, FILE_OF(ID));
		}
		buffer_finish(&content);
	}
}

/* eventstreams_state.h: one of another URL, of which this one may be a part, is not used. */
static void test_content_of_another_url_is_refused(void **state)
{
	(void)state;
	assert_refused(text("rcstreamd state 1\nurl " URL "s\nid 1\n"), "is of another URL");
	assert_refused(text("rcstreamd state 1\nurl https://stream.example.org/\nid 1\n"),
	               "is of another URL");
	assert_refused(text("rcstreamd state 1\nurl \nid 1\n"), "is of another URL");
}

/* eventstreams_state.h: content that is cut off anywhere, or changed, is not used. */
static void test_broken_content_is_refused(void **state)
{
	static const char why[] = "is not a whole state file";
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
	static const char zeros[4096]; /* as a file system leaves it after a power cut */

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_refused(text(texts[i]), why);
	}
	for (size_t length = 0; length < sizeof(whole) - 1; length++) {
		char *part = malloc(length + 1); /* so that reading on would show */

		assert_non_null(part);
		memcpy(part, whole, length);
		assert_refused((struct text){part, length}, why);
		free(part);
	}
	assert_refused((struct text){nul, sizeof(nul) - 1}, why);
	assert_refused((struct text){zeros, sizeof(zeros)}, why);
}

/* eventstreams_state.h: an id over SSE_READER_ID_MAX is none that a server sent. */
static void test_long_id_is_refused(void **state)
{
	char id[8194];
	struct buffer content = {0};

	(void)state;
	memset(id, 'i', sizeof(id));
	eventstreams_state_make(&content, URL, (struct text){id, 8193});
	assert_refused((struct text){content.bytes, content.length}, "is not a whole state file");
	buffer_clear(&content);
	id[8192] = '\0';
	eventstreams_state_make(&content, URL, text(id));
	buffer_append_byte(&content, '\0');
	assert_parses(content.bytes, id);
	buffer_finish(&content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_was_made_is_parsed),
	    cmocka_unit_test(test_content_of_another_url_is_refused),
	    cmocka_unit_test(test_broken_content_is_refused),
	    cmocka_unit_test(test_long_id_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
