/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/json_text.h"

#include "test/server/feed/records.h"

static void assert_written(struct text text, struct text wanted)
{
	struct buffer out = {0};

	json_text_write(text, &out);
	assert_texts_equal(buffer_text(&out), wanted);
	/* json_text.h: the length that the writing has. */
	assert_int_equal(json_text_length(text), wanted.length);
	buffer_finish(&out);
}

/* RFC 8259 §7, in the choices PHP makes for RCFeed. */
static void test_json_text_escapes_as_rcfeed_does(void **state)
{
	(void)state;
	assert_written(TEXT("a/b"), TEXT("\"a/b\""));
	assert_written(TEXT("\"\\\b\f\n\r\t"), TEXT("\"\\\"\\\\\\b\\f\\n\\r\\t\""));
	assert_written(TEXT("<a&b>"), TEXT("\"\\u003Ca\\u0026b\\u003E\""));
	assert_written(TEXT("\0\003\037\177"), TEXT("\"\\u0000\\u0003\\u001f\177\""));
	assert_written(TEXT("\303\251\342\200\250\357\277\277"), TEXT("\"\\u00e9\\u2028\\uffff\""));
	assert_written(TEXT("\360\220\200\200\360\237\246\204\364\217\277\277"),
	               TEXT("\"\\ud800\\udc00\\ud83e\\udd84\\udbff\\udfff\""));
	assert_written(TEXT(""), TEXT("\"\""));
	assert_written((struct text){.bytes = NULL}, TEXT("null"));
}

/* Every character comes back from a parser as it went in. */
static void test_json_text_is_read_back_as_it_was(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 0x800; code++) {
		char bytes[2] = {(char)code};
		struct text text = {bytes, 1};
		struct buffer out = {0};
		json_t *value;

		if (code >= 0x80) {
			bytes[0] = (char)(0xc0 | (code >> 6));
			bytes[1] = (char)(0x80 | (code & 0x3f));
			text.length = 2;
		}
		json_text_write(text, &out);
		assert_int_equal(json_text_length(text), out.length);
		value = json_loadb(out.bytes, out.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		assert_non_null(value);
		assert_texts_equal(
		    (struct text){json_string_value(value), json_string_length(value)}, text);
		json_decref(value);
		buffer_finish(&out);
	}
}

static void check_pair(const json_t *pair)
{
	static const char *const keys[] = {"title", "comment", "user", "log_action_comment"};
	struct text datagram = member_text(pair, "json_datagram");
	const json_t *change = json_object_get(pair, "json");

	if (strcmp(json_string_value(json_object_get(pair, "kind")), "oversize") == 0) {
		return; /* Cut off on its way. */
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct text text = member_text(change, keys[i]);
		struct buffer out = {0};

		json_text_write(text, &out);
		if (text.bytes != NULL &&
		    memmem(datagram.bytes, datagram.length, out.bytes, out.length) == NULL) {
			fail_msg("%.*s is not in the datagram", (int)out.length, out.bytes);
		}
		buffer_finish(&out);
	}
}

/* The same bytes as in the datagrams that MediaWiki sent. */
static void test_json_text_writes_what_mediawiki_wrote(void **state)
{
	(void)state;
	assert_int_equal(for_each_record(TEST_DATA "/rcfeed/rcfeed-pairs.ndjson", check_pair), 630);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json_text_escapes_as_rcfeed_does),
	    cmocka_unit_test(test_json_text_is_read_back_as_it_was),
	    cmocka_unit_test(test_json_text_writes_what_mediawiki_wrote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
