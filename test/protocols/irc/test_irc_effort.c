/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_effort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A turn's effort is one for all who ask, and the next turn has its own. */
static void test_irc_effort_ends_with_its_turn(void **state)
{
	struct irc_effort effort = {0};

	(void)state;
	assert_true(irc_effort_take(&effort, 1, IRC_EFFORT_TURN - 1));
	assert_true(irc_effort_take(&effort, 1, 1));
	assert_false(irc_effort_take(&effort, 1, 1));
	assert_false(irc_effort_take(&effort, 1, 0));
	assert_true(irc_effort_take(&effort, 2, 1));
}

/* What costs more than a whole turn is done all the same, one a turn. */
static void test_irc_effort_grants_one_of_any_size(void **state)
{
	struct irc_effort effort = {0};

	(void)state;
	for (uint64_t turn = 1; turn < 4; turn++) {
		assert_true(irc_effort_take(&effort, turn, 10 * IRC_EFFORT_TURN));
		assert_false(irc_effort_take(&effort, turn, 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_effort_ends_with_its_turn),
	    cmocka_unit_test(test_irc_effort_grants_one_of_any_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
