/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/client_names: what fits into a line of what a client has subscribed to. */
#include "server/net/client_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* client_names.h: few names are told whole, a first one that is too long is cut. */
static void test_client_names_are_told(void **state)
{
	struct client_names names = {0}, cut = {0};
	char name[sizeof(names.text) * 2];

	(void)state;
	assert_string_equal(client_names_text(&names), "");
	client_names_add(&names, "#a", 2);
	client_names_add(&names, "#bc", 3);
	assert_string_equal(client_names_text(&names), "#a, #bc");
	memset(name, 'x', sizeof(name));
	client_names_add(&cut, name, sizeof(name));
	assert_true(strspn(client_names_text(&cut), "x") > sizeof(cut.text) / 2);
	client_names_add(&cut, "#a", 2);
	assert_non_null(strstr(client_names_text(&cut), "x and 1 more"));
}

/* client_names.h: the first names, and how many more; never more than there is room for. */
static void test_client_names_are_cut_to_a_line(void **state)
{
	for (size_t length = 0; length < 700; length++) {
		struct client_names names = {0};
		char name[700];
		const char *text;
		unsigned shown = 0, more = 0;

		(void)state;
		memset(name, 'x', length);
		for (unsigned i = 0; i < 20; i++) {
			client_names_add(&names, name, length);
		}
		text = client_names_text(&names);
		assert_int_equal(names.count, 20);
		assert_true(strlen(text) < sizeof(names.text));
		for (const char *at = text; (at = strstr(at, ", ")) != NULL; at++) {
			shown++;
		}
		if (strstr(text, " and ") != NULL) {
			assert_int_equal(sscanf(strstr(text, " and "), " and %u more", &more), 1);
		}
		assert_int_equal(shown + 1 + more, 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_client_names_are_told),
	    cmocka_unit_test(test_client_names_are_cut_to_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
