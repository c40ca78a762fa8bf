/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/http/http_router.h"

static const struct http_endpoint table[] = {
    {.path = "/exact"},
    {.path = "/a/b/", .is_prefix = true, .takes_any = true},
    {.path = "/a/", .is_prefix = true},
    {.path = "/a/c"},
    {.path = NULL},
};

/* http_endpoint.h: the first row that fits is taken; paths are compared byte for byte. */
static void test_router_takes_the_first_row_that_fits(void **state)
{
	static const struct {
		const char *path;
		int row; /* -1: none */
	} rows[] = {
	    {"/exact", 0},   {"/exact/", -1}, {"/exac", -1}, {"/Exact", -1}, {"/%65xact", -1},
	    {"//exact", -1}, {"/a/b/", 1},    {"/a/b/c", 1}, {"/a/b", 2},    {"/a/", 2},
	    {"/a", -1},      {"/a/c", 2},     {"/", -1},     {"*", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text path = {.bytes = rows[i].path, .length = strlen(rows[i].path)};
		const struct http_endpoint *found = http_router_find(table, path);

		assert_int_equal(found == NULL ? -1 : (int)(found - table), rows[i].row);
	}
}

/* RFC 9110 §9.1, §15.5.6: GET and HEAD always, others where they are taken; Allow says the same. */
static void test_router_allows_what_it_says(void **state)
{
	(void)state;
	assert_true(http_router_allows(&table[0], HTTP_METHOD_GET));
	assert_true(http_router_allows(&table[0], HTTP_METHOD_HEAD));
	assert_true(http_router_allows(&table[0], HTTP_METHOD_OPTIONS));
	assert_false(http_router_allows(&table[0], HTTP_METHOD_POST));
	assert_false(http_router_allows(&table[0], HTTP_METHOD_OTHER));
	assert_true(http_router_allows(&table[1], HTTP_METHOD_POST));
	assert_true(http_router_allows(&table[1], HTTP_METHOD_OTHER));
	assert_string_equal(HTTP_ROUTER_ALLOW, "Allow: GET, HEAD, OPTIONS\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_router_takes_the_first_row_that_fits),
	    cmocka_unit_test(test_router_allows_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
