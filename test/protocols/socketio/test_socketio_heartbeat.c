/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_heartbeat.h"

#include "test/protocols/socketio/fake_transport.h"

static struct stage stage;
static struct socketio_heartbeat heartbeat;

static int begin(void **state)
{
	(void)state;
	stage_init(&stage);
	return 0;
}

static int end(void **state)
{
	(void)state;
	stage_finish(&stage);
	return 0;
}

/* "2::" every heartbeat_interval, no sooner, until it is ended. */
static void test_heartbeats_are_sent_at_their_interval(void **state)
{
	(void)state;
	stage.world.conf.socketio.heartbeat_interval = 5;
	socketio_heartbeat_begin(&heartbeat, stage.session);
	world_pass(&stage.world, 4800);
	stage_expect(&stage, "");
	world_pass(&stage.world, 400);
	stage_expect(&stage, "2::\n");
	world_pass_timeout(&stage.world, 5);
	stage_expect(&stage, "2::\n");
	socketio_heartbeat_end(&heartbeat);
	world_pass(&stage.world, 30000);
	stage_expect(&stage, "");
}

/* They are no life of the client's: one that is silent expires all the same. */
static void test_heartbeats_do_not_keep_a_session(void **state)
{
	(void)state;
	socketio_heartbeat_begin(&heartbeat, stage.session);
	world_pass(&stage.world, 59000);
	assert_int_equal(stage.world.metrics.socketio_sessions, 1);
	socketio_heartbeat_end(&heartbeat); /* as the transport's close() does */
	world_pass_timeout(&stage.world, 1);
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_heartbeats_are_sent_at_their_interval, begin, end),
	    cmocka_unit_test_setup_teardown(test_heartbeats_do_not_keep_a_session, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
