/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_jsonp.h"

#include "test/protocols/socketio/world.h"

static void expect_script(const char *index, const char *payload, const char *wanted)
{
	struct buffer out = {0};

	socketio_jsonp_write(text_of(index), text_of(payload), &out);
	assert_text_is((struct text){.bytes = out.bytes, .length = out.length}, wanted);
	buffer_finish(&out);
}

static void expect_payload(const char *form, const char *wanted)
{
	struct buffer payload = {0};

	if (!socketio_jsonp_read(text_of(form), &payload)) {
		fail_msg("\"%s\" was not read", form);
	}
	assert_text_is((struct text){.bytes = payload.bytes, .length = payload.length}, wanted);
	assert_true(payload.length <= strlen(form));
	buffer_finish(&payload);
}

/* socketIO_client looks for io.j\[(\d+)\]\("(.*)"\);, and for nothing around it. */
static void test_a_payload_becomes_a_script(void **state)
{
	(void)state;
	expect_script("0", "1::", "io.j[0](\"1::\");");
	expect_script("123456789012345", "a\"b/\xc3\xa9",
	              "io.j[123456789012345](\"a\\\"b/\\u00e9\");");
}

/* Only a number is an index; anything else would be a script of the caller's. */
static void test_what_is_no_index_becomes_0(void **state)
{
	static const char *const bad[] = {"", "-1", "1.5", "0](alert(1)),x[0", "%30", " 1", "1\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(socketio_jsonp_is_index(text_of(bad[i])));
		expect_script(bad[i], "8::", "io.j[0](\"8::\");");
	}
	assert_false(socketio_jsonp_is_index((struct text){0}));
	assert_false(socketio_jsonp_is_index(TEXT("1234567890123456")));
	assert_true(socketio_jsonp_is_index(TEXT("007")));
}

/* A browser writes spaces as "+", Python as %20; digits of either case. */
static void test_a_form_holds_a_json_string(void **state)
{
	(void)state;
	expect_payload("d=%221%3A%3A%2Frc%22", "1::/rc");
	expect_payload("d=%22a+b%20c%2Bd%22", "a b c+d");
	expect_payload("d=%22%5cn%5C%22%5Cu00e9%22", "\n\"\xc3\xa9");
	expect_payload("d=\"1::\"", "1::");
	expect_payload("d=%22%22", "");
}

/* UTF-8 in percent escapes, and JavaScript's own escapes for what is above U+FFFF. */
static void test_a_form_holds_any_character(void **state)
{
	(void)state;
	expect_payload("d=%22%EF%BF%BD3%EF%BF%BD1::%22", "\xef\xbf\xbd"
	                                                 "3\xef\xbf\xbd"
	                                                 "1::");
	expect_payload("d=%22%F0%9F%98%80%5Cud83d%5Cude00%22", "\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
}

/* A textarea's line ends, and other fields, are around it. */
static void test_a_form_may_hold_more_than_the_payload(void **state)
{
	(void)state;
	expect_payload("d=%22x%22%0D%0A", "x");
	expect_payload("d=%22x%22\r\n", "x");
	expect_payload("a=1&&dd=%22y%22&d=%22x%22&d=%22z%22", "x");
}

/* URL standard §1.3: a "%" without two digits is itself. */
static void test_a_percent_sign_may_stand_for_itself(void **state)
{
	(void)state;
	expect_payload("d=%22100%%22", "100%");
	expect_payload("d=\"%g1%1g%\"", "%g1%1g%");
}

/* socket.io 0.9 died of these; nothing is parsed that could nest. */
static void test_what_is_no_form_is_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    "d",
	    "d=",
	    "e=%22x%22",
	    "%64=%22x%22",
	    "d=x",
	    "d=1",
	    "d=null",
	    "d=[%22x%22]",
	    "d=[[[[[[[[[[[[",
	    "d=%22",
	    "d=%22x",
	    "d=%22x%22y",
	    "d=%22\n%22",
	    "d=%22%5Cx%22",
	    "d=%22%5Cud800%22",
	    "d=%22%FF%22",
	    "d=%22%C3%22",
	};
	struct buffer payload = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (socketio_jsonp_read(text_of(bad[i]), &payload)) {
			fail_msg("\"%s\" was read", bad[i]);
		}
		assert_int_equal(payload.length, 0);
	}
	assert_false(socketio_jsonp_read((struct text){0}, &payload));
}

/* Every cut of a form is refused or read; none is read over its end (the sanitizer tells). */
static void test_every_cut_of_a_form_is_survived(void **state)
{
	static const char form[] = "x=1&d=%225%3A%3A%2Frc%3A%5C%22%F0%9F%98%80%22";

	(void)state;
	for (size_t length = 0; length < sizeof(form) - 1; length++) {
		struct buffer payload = {0};
		char *cut = malloc(length > 0 ? length : 1);

		assert_non_null(cut);
		memcpy(cut, form, length);
		assert_false(
		    socketio_jsonp_read((struct text){.bytes = cut, .length = length}, &payload));
		free(cut);
	}
	expect_payload(form, "5::/rc:\"\xf0\x9f\x98\x80");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_payload_becomes_a_script),
	    cmocka_unit_test(test_what_is_no_index_becomes_0),
	    cmocka_unit_test(test_a_form_holds_a_json_string),
	    cmocka_unit_test(test_a_form_holds_any_character),
	    cmocka_unit_test(test_a_form_may_hold_more_than_the_payload),
	    cmocka_unit_test(test_a_percent_sign_may_stand_for_itself),
	    cmocka_unit_test(test_what_is_no_form_is_refused),
	    cmocka_unit_test(test_every_cut_of_a_form_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
