/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_script.h"

#include <jansson.h>

#include "test/protocols/socketio/world.h"

static void expect(struct text text, enum socketio_script_place place, const char *wanted)
{
	struct buffer out = {0};

	socketio_script_string(text, place, &out);
	assert_text_is((struct text){.bytes = out.bytes, .length = out.length}, wanted);
	buffer_finish(&out);
}

/* ECMA-262 5.1 §7.8.4: quotes, backslashes and controls cannot stand in a string. */
static void test_a_string_has_escapes_where_it_must(void **state)
{
	(void)state;
	expect(TEXT(""), SOCKETIO_SCRIPT_FILE, "\"\"");
	expect(TEXT("5::/rc:~ '&<>"), SOCKETIO_SCRIPT_FILE, "\"5::/rc:~ '&<>\"");
	expect(TEXT("{\"a\":\"\\u00e9\"}"), SOCKETIO_SCRIPT_FILE,
	       "\"{\\\"a\\\":\\\"\\\\u00e9\\\"}\"");
	expect(TEXT("\r\n\t\x01\x7f"), SOCKETIO_SCRIPT_FILE,
	       "\"\\u000d\\u000a\\u0009\\u0001\\u007f\"");
	expect((struct text){.bytes = "a\0b", .length = 3}, SOCKETIO_SCRIPT_FILE, "\"a\\u0000b\"");
}

/* U+2028 and U+2029 end a line in JavaScript before 2019; all that is not ASCII is escaped. */
static void test_a_string_is_ascii(void **state)
{
	(void)state;
	expect(TEXT("\xc2\x80\xe2\x80\xa8\xe2\x80\xa9"), SOCKETIO_SCRIPT_FILE,
	       "\"\\u0080\\u2028\\u2029\"");
	expect(TEXT("\xf0\x9f\x98\x80z\xf4\x8f\xbf\xbf"), SOCKETIO_SCRIPT_FILE,
	       "\"\\ud83d\\ude00z\\udbff\\udfff\"");
}

/* socketIO_client looks for the marks before it undoes escapes. */
static void test_marks_stand_as_they_are(void **state)
{
	(void)state;
	expect(TEXT("\xef\xbf\xbd"
	            "3\xef\xbf\xbd"
	            "1::"),
	       SOCKETIO_SCRIPT_FILE,
	       "\"\xef\xbf\xbd"
	       "3\xef\xbf\xbd"
	       "1::\"");
}

/*
 * In a page no title of the wiki's may end the script, nor hide its end (HTML standard §4.12.1.3);
 * elsewhere Python would keep the backslash.
 */
static void test_a_string_in_a_page_cannot_end_the_script(void **state)
{
	(void)state;
	expect(TEXT("</script>"), SOCKETIO_SCRIPT_PAGE, "\"\\u003c\\/script>\"");
	expect(TEXT("<!--<script>"), SOCKETIO_SCRIPT_PAGE, "\"\\u003c!--\\u003cscript>\"");
	expect(TEXT("</script>"), SOCKETIO_SCRIPT_FILE, "\"</script>\"");
}

/* Every character comes back, and none but controls grows by more than the header says. */
static void test_every_character_comes_back(void **state)
{
	(void)state;
	for (unsigned code = 1; code < 0x110000; code += code < 0x3000 ? 1 : 0x101) {
		char bytes[4];
		size_t length = 0;
		struct buffer out = {0};
		json_t *string;

		if (code >= 0xd800 && code < 0xe000) {
			continue;
		}
		if (code < 0x80) {
			bytes[length++] = (char)code;
		} else if (code < 0x800) {
			bytes[length++] = (char)(0xc0 | code >> 6);
		} else if (code < 0x10000) {
			bytes[length++] = (char)(0xe0 | code >> 12);
		} else {
			bytes[length++] = (char)(0xf0 | code >> 18);
			bytes[length++] = (char)(0x80 | (code >> 12 & 0x3f));
		}
		if (code >= 0x800) {
			bytes[length++] = (char)(0x80 | (code >> 6 & 0x3f));
		}
		if (code >= 0x80) {
			bytes[length++] = (char)(0x80 | (code & 0x3f));
		}
		socketio_script_string((struct text){.bytes = bytes, .length = length},
		                       SOCKETIO_SCRIPT_FILE, &out);
		if (code >= ' ' && code != 0x7f) {
			assert_in_range(out.length, 3, 2 + length * SOCKETIO_SCRIPT_GROWTH_MAX);
		}
		buffer_clear(&out);
		socketio_script_string((struct text){.bytes = bytes, .length = length},
		                       SOCKETIO_SCRIPT_PAGE, &out);
		string = json_loadb(out.bytes, out.length, JSON_DECODE_ANY, NULL);
		assert_non_null(string);
		assert_int_equal(json_string_length(string), length);
		assert_memory_equal(json_string_value(string), bytes, length);
		json_decref(string);
		buffer_finish(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_string_has_escapes_where_it_must),
	    cmocka_unit_test(test_a_string_is_ascii),
	    cmocka_unit_test(test_marks_stand_as_they_are),
	    cmocka_unit_test(test_a_string_in_a_page_cannot_end_the_script),
	    cmocka_unit_test(test_every_character_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
