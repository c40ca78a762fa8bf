/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/close_reason: the table of why connections end. */
#include "server/net/close_reason.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* STYLE: a row yields the metrics label, so no two may be alike, and none may need escaping. */
static void test_close_reason_labels_are_unique_words(void **state)
{
	(void)state;
	for (enum close_reason a = 0; a < CLOSE_REASONS; a++) {
		const char *label = close_reason_row(a)->label;

		assert_true(strlen(label) > 0);
		assert_int_equal(strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789_"),
		                 strlen(label));
		for (enum close_reason b = 0; b < a; b++) {
			assert_string_not_equal(label, close_reason_row(b)->label);
		}
	}
}

/*
 * RFC 6455 §7.4.1: 1005 and 1006 are never sent; §7.4.2: what a protocol defines is
 * 1000 to 2999.  RFC 2812 §2.3: a text that goes into an IRC line has no CR, LF or NUL.
 */
static void test_close_reasons_that_are_told_can_be_told(void **state)
{
	(void)state;
	for (enum close_reason reason = 0; reason < CLOSE_REASONS; reason++) {
		const struct close_reason_row *row = close_reason_row(reason);

		assert_true(strlen(row->text) > 0);
		assert_true(strlen(row->text) <= 123);
		assert_null(strpbrk(row->text, "\r\n"));
		assert_in_range(row->websocket_code, 1000, 2999);
		assert_false(row->is_told && row->websocket_code == 1005);
		assert_false(row->is_told && row->websocket_code == 1006);
	}
}

/* close_reasons.def: an enum value leads to its own row. */
static void test_close_reason_finds_its_row(void **state)
{
	(void)state;
	assert_string_equal(close_reason_row(CLOSE_PING_TIMEOUT)->label, "ping_timeout");
	assert_string_equal(close_reason_row(CLOSE_PING_TIMEOUT)->text, "Ping timeout");
	assert_true(close_reason_row(CLOSE_SENDQ_EXCEEDED)->is_told);
	assert_false(close_reason_row(CLOSE_CLIENT_RESET)->is_told);
	assert_false(close_reason_row(CLOSE_MOVED)->is_told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_close_reason_labels_are_unique_words),
	    cmocka_unit_test(test_close_reasons_that_are_told_can_be_told),
	    cmocka_unit_test(test_close_reason_finds_its_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
