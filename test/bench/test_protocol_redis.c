/* SPDX-License-Identifier: Apache-2.0 */
/* bench/protocol_redis: a subscriber of redis-server (RESP 2). */
#include "bench/protocol.h"

#include "test/bench/listener.h"

static void open_redis(struct listener *listener)
{
	listener_begin(listener, &protocol_redis);
	assert_says_text(listener, "*2\r\n$9\r\nSUBSCRIBE\r\n$14\r\n#bench.example\r\n");
	assert_false(listener->session.is_ready);
	listener_hear_text(listener, "*3\r\n$9\r\nsubscribe\r\n$14\r\n#bench.example\r\n:1\r\n");
	assert_true(listener->session.is_ready);
}

static void add_change(uint32_t serial, struct buffer *out)
{
	struct buffer payload = {0};

	buffer_append_text(&payload, "{\"title\":\"");
	protocol_title(&listener_subject, serial, &payload);
	buffer_append_text(&payload, "\",\"comment\":\"\r\n*3\r\n\"}"); /* strings have lengths */
	buffer_printf(out, "*3\r\n$7\r\nmessage\r\n$14\r\n#bench.example\r\n$%zu\r\n",
	              payload.length);
	buffer_append(out, payload.bytes, payload.length);
	buffer_append_text(out, "\r\n");
	buffer_finish(&payload);
}

/* protocol.h, take(): every change once, in order, with all its bytes, however cut. */
static void test_redis_changes_are_understood_however_they_are_cut(void **state)
{
	static const struct listener_recipe recipe = {open_redis, add_change, 0};

	(void)state;
	listener_check_cuts(&recipe);
}

/* Errors, and whatever is no push, end the run. */
static void test_redis_refusals_are_failures(void **state)
{
	struct listener listener;

	(void)state;
	listener_begin(&listener, &protocol_redis);
	listener_hear_text(&listener, "-NOAUTH Authentication required.\r\n");
	assert_failed(&listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_redis_changes_are_understood_however_they_are_cut),
	    cmocka_unit_test(test_redis_refusals_are_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
