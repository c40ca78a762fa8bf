/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/http/http_request.h"
#include "server/base/memory.h"

static struct text text_of(const char *bytes)
{
	return (struct text){.bytes = bytes, .length = bytes != NULL ? strlen(bytes) : 0};
}

/* What is expected of a text: NULL for one that is not there. */
static void expect(struct text text, const char *expected)
{
	if (expected == NULL) {
		assert_null(text.bytes);
	} else {
		assert_non_null(text.bytes);
		assert_int_equal(text.length, strlen(expected));
		assert_memory_equal(text.bytes, expected, text.length);
	}
}

/* RFC 9110 §5.1: names of fields have no case; the first line is the one that is lent. */
static void test_request_finds_a_field_in_any_case(void **state)
{
	struct http_field fields[] = {
	    {text_of("Host"), text_of("a")},
	    {text_of("X-Long"), text_of("b")},
	    {text_of("x-lonG"), text_of("c")},
	};
	struct http_request request = {.fields = fields, .field_count = 3};

	(void)state;
	expect(http_request_field(&request, "host"), "a");
	expect(http_request_field(&request, "X-LONG"), "b");
	expect(http_request_field(&request, "X-Lon"), NULL);
	expect(http_request_field(&request, "X-Longer"), NULL);
	assert_int_equal(http_request_field_count(&request, "x-long"), 2);
	assert_int_equal(http_request_field_count(&request, "x-short"), 0);
}

/* RFC 9110 §5.6.1: the members of all lines in order, without those that are empty. */
static void test_request_walks_a_list(void **state)
{
	static const char *const members[] = {"a", "b c", "d", "e"};
	struct http_field fields[] = {
	    {.name = {"List", 4}, .value = {" ,a,\tb c ,,", 10}},
	    {.name = {"Other", 5}, .value = {"x", 1}},
	    {.name = {"LIST", 4}, .value = {"", 0}},
	    {.name = {"list", 4}, .value = {"d,e", 3}},
	    {.name = {"List", 4}, .value = {", ", 2}},
	};
	struct http_request request = {.fields = fields, .field_count = 5};
	struct http_request_list list = {.request = &request, .name = "list"};
	struct text member;

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		assert_true(http_request_list_next(&list, &member));
		assert_int_equal(member.length, strlen(members[i]));
		assert_memory_equal(member.bytes, members[i], member.length);
	}
	assert_false(http_request_list_next(&list, &member));
	assert_false(http_request_list_next(&list, &member));
}

/* RFC 9110 §5.6.1: a list goes on in further lines, and has empty members. */
static void test_request_finds_a_token_in_lists(void **state)
{
	struct http_field fields[] = {
	    {text_of("Connection"), text_of(", keep-alive ,,\tUpgrade")},
	    {text_of("connection"), text_of("last")},
	    {text_of("Empty"), text_of("")},
	};
	struct http_request request = {.fields = fields, .field_count = 3};

	(void)state;
	assert_true(http_request_field_lists(&request, "Connection", "upgrade"));
	assert_true(http_request_field_lists(&request, "Connection", "keep-alive"));
	assert_true(http_request_field_lists(&request, "Connection", "LAST"));
	assert_false(http_request_field_lists(&request, "Connection", "keep"));
	assert_false(http_request_field_lists(&request, "Connection", "upgrade2"));
	assert_false(http_request_field_lists(&request, "Empty", "upgrade"));
	assert_false(http_request_field_lists(&request, "Upgrade", "upgrade"));
}

/* http_request_parameter(): the first of its name, raw; "a" and "a=" are there and empty. */
static void test_request_finds_a_parameter(void **state)
{
	static const struct {
		const char *query;
		const char *name;
		const char *value;
	} rows[] = {
	    {NULL, "a", NULL},
	    {"", "a", NULL},
	    {"a", "a", ""},
	    {"a=", "a", ""},
	    {"a=1", "a", "1"},
	    {"b=2&a=1&a=3", "a", "1"},
	    {"aa=1", "a", NULL},
	    {"a=1", "aa", NULL},
	    {"A=1", "a", NULL},
	    {"a=b=c&d", "a", "b=c"},
	    {"&&a=%20+&", "a", "%20+"},
	    {"t=1&disconnect=True", "disconnect", "True"},
	    {"x=a", "a", NULL},
	    {"=1&a", "a", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_request request = {.query = text_of(rows[i].query)};

		expect(http_request_parameter(&request, rows[i].name), rows[i].value);
	}
}

/* http_request_text_is(): the whole of it, without regard to case. */
static void test_text_is_compared_whole(void **state)
{
	(void)state;
	assert_true(http_request_text_is(text_of("ChunkeD"), "chunked"));
	assert_false(http_request_text_is(text_of("chunked2"), "chunked"));
	assert_false(http_request_text_is(text_of("chunke"), "chunked"));
	assert_true(http_request_text_is(text_of(""), ""));
}

/* Destroyers take NULL. */
static void test_request_destroy_takes_null(void **state)
{
	(void)state;
	http_request_destroy(NULL);
	http_request_destroy(mem_new(struct http_request));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request_finds_a_field_in_any_case),
	    cmocka_unit_test(test_request_walks_a_list),
	    cmocka_unit_test(test_request_finds_a_token_in_lists),
	    cmocka_unit_test(test_request_finds_a_parameter),
	    cmocka_unit_test(test_text_is_compared_whole),
	    cmocka_unit_test(test_request_destroy_takes_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
