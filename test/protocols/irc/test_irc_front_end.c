/* SPDX-License-Identifier: Apache-2.0 */
#include "test/protocols/irc/harness.h"

/* The front-end is off when its section is absent. */
static void test_irc_front_end_is_off_without_its_section(void **state)
{
	struct harness *harness = *state;

	assert_string_equal(irc_front_end.name, "irc");
	assert_ptr_equal(irc_front_end.addresses(&harness->conf), &harness->conf.irc.listen);
	harness->conf.irc.present = false;
	assert_null(irc_front_end.addresses(&harness->conf));
}

/* What is not there can be destroyed, as front_end.h says. */
static void test_irc_front_end_destroys_nothing(void **state)
{
	(void)state;
	irc_front_end.destroy(NULL);
}

/* Its clients stay where they are: a channel is the same in every worker. */
static void test_irc_front_end_moves_no_client(void **state)
{
	(void)state;
	assert_null(irc_front_end.on_moved);
	assert_null(irc_front_end.drop_cargo);
}

/* Who is not let in is told why in IRC's words for the end of a link. */
static void test_irc_front_end_tells_whom_it_refuses(void **state)
{
	struct harness *harness = *state;
	struct irc_server *server = harness->server;

	harness->conf.limits.connections_per_address = 3;
	harness->conf.irc.connection_rate = 10;
	assert_string_equal(irc_front_end.refusal(server, CLOSE_LIMIT),
	                    "ERROR :Closing Link: (Too many clients)\r\n");
	assert_string_equal(
	    irc_front_end.refusal(server, CLOSE_ADDRESS_LIMIT),
	    "ERROR :Closing Link: (Too many connections from your address: 3 at most)\r\n");
	assert_string_equal(irc_front_end.refusal(server, CLOSE_RATE_LIMIT),
	                    "ERROR :Closing Link: (Too many new connections from your address: 10 "
	                    "a second at most)\r\n");
	assert_string_equal(irc_front_end.refusal(server, CLOSE_NOT_ALLOWED),
	                    "ERROR :Closing Link: (Your address is not allowed)\r\n");
}

/* Whom it lets in is what its section says. */
static void test_irc_front_end_has_a_door(void **state)
{
	struct harness *harness = *state;
	struct front_end_door door;

	harness->conf.irc.connection_rate = 2.5;
	harness->conf.irc.connection_burst = 7;
	door = irc_front_end.door(&harness->conf);
	assert_ptr_equal(door.allow, &harness->conf.irc.allow);
	assert_null(door.trusted);
	assert_true(door.rate > 2.4 && door.rate < 2.6);
	assert_int_equal(door.burst, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_irc_front_end_is_off_without_its_section, set_up,
	                                    tear_down),
	    cmocka_unit_test(test_irc_front_end_destroys_nothing),
	    cmocka_unit_test(test_irc_front_end_moves_no_client),
	    cmocka_unit_test_setup_teardown(test_irc_front_end_tells_whom_it_refuses, set_up,
	                                    tear_down),
	    cmocka_unit_test_setup_teardown(test_irc_front_end_has_a_door, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
