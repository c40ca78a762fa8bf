/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/drop_reason.h"

#include "test/server/feed/records.h"

/* Logs and metrics are searched by these labels: lower case and underscores, each once. */
static void test_drop_reason_label_names_each_reason(void **state)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

	(void)state;
	assert_string_equal(drop_reason_label(DROP_NOT_UTF8), "not_utf8");
	assert_string_equal(drop_reason_label(DROP_NO_SERVER_NAME), "no_server_name");
	for (unsigned i = 0; i < DROP_REASONS; i++) {
		const char *label = drop_reason_label((enum drop_reason)i);

		assert_true(strlen(label) > 0);
		assert_int_equal(strspn(label, allowed), strlen(label));
		for (unsigned k = 0; k < i; k++) {
			assert_string_not_equal(label, drop_reason_label((enum drop_reason)k));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_drop_reason_label_names_each_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
