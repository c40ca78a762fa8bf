/* SPDX-License-Identifier: Apache-2.0 */
/* bench/protocol: a change is known by the serial in its title. */
#include "bench/protocol.h"

#include "test/bench/listener.h"

/* protocol.h: the serial of a title is found in the bytes around it. */
static void test_serial_of_a_title_is_found(void **state)
{
	static const uint32_t serials[] = {0, 1, 4711, UINT32_MAX - 1};
	struct buffer text = {0};
	uint32_t serial = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(serials) / sizeof(serials[0]); i++) {
		buffer_clear(&text);
		buffer_append_text(&text, "[[");
		protocol_title(&listener_subject, serials[i], &text);
		buffer_append_text(&text, "]]");
		assert_true(protocol_serial(&listener_subject, text.bytes, text.length, &serial));
		assert_int_equal(serial, serials[i]);
	}
	buffer_finish(&text);
}

/* protocol.h: no serial in an unmarked title, nor in one that is cut or has other characters. */
static void test_serial_that_is_not_whole_is_none(void **state)
{
	struct buffer text = {0};
	uint32_t serial;

	(void)state;
	protocol_title(&listener_subject, PROTOCOL_UNMARKED, &text);
	assert_false(protocol_serial(&listener_subject, text.bytes, text.length, &serial));
	buffer_clear(&text);
	protocol_title(&listener_subject, 4711, &text);
	for (size_t length = 0; length < text.length; length++) {
		assert_false(protocol_serial(&listener_subject, text.bytes, length, &serial));
	}
	text.bytes[text.length - 1] = 'x';
	assert_false(protocol_serial(&listener_subject, text.bytes, text.length, &serial));
	buffer_finish(&text);
}

/* protocol.h: changes of another run, which is going on at the same time, are not ours. */
static void test_serial_of_another_run_is_none(void **state)
{
	struct subject other = listener_subject;
	struct buffer text = {0};
	uint32_t serial;

	(void)state;
	memcpy(other.run, "0123abce", PROTOCOL_RUN);
	protocol_title(&other, 1, &text);
	assert_true(protocol_serial(&other, text.bytes, text.length, &serial));
	assert_false(protocol_serial(&listener_subject, text.bytes, text.length, &serial));
	buffer_finish(&text);
}

/* protocol.h: protocols are found by their whole name. */
static void test_protocols_are_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(protocol_find("irc", 3), &protocol_irc);
	assert_ptr_equal(protocol_find("websocket=5", 9), &protocol_websocket);
	assert_ptr_equal(protocol_find("polling", 7), &protocol_polling);
	assert_ptr_equal(protocol_find("sse", 3), &protocol_sse);
	assert_ptr_equal(protocol_find("redis", 5), &protocol_redis);
	assert_null(protocol_find("ir", 2));
	assert_null(protocol_find("ircd", 4));
	assert_null(protocol_find("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_serial_of_a_title_is_found),
	    cmocka_unit_test(test_serial_that_is_not_whole_is_none),
	    cmocka_unit_test(test_serial_of_another_run_is_none),
	    cmocka_unit_test(test_protocols_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
