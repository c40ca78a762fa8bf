/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/client_kind: labels by front-end and transport. */
#include "server/net/client_kind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* client_kinds.def: an enum value leads to its own row, and no two rows are one series. */
static void test_client_kinds_differ(void **state)
{
	(void)state;
	assert_string_equal(client_kind_row(CLIENT_HTTP)->front_end, "http");
	assert_string_equal(client_kind_row(CLIENT_IRC_WEBSOCKET)->front_end, "irc");
	assert_string_equal(client_kind_row(CLIENT_IRC_WEBSOCKET)->transport, "websocket");
	for (int i = 0; i < CLIENT_KINDS; i++) {
		const struct client_kind_row *row = client_kind_row((enum client_kind)i);

		for (int k = 0; k < i; k++) {
			const struct client_kind_row *other = client_kind_row((enum client_kind)k);

			assert_true(strcmp(row->front_end, other->front_end) != 0 ||
			            strcmp(row->transport, other->transport) != 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_client_kinds_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
