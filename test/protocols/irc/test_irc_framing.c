/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/irc/irc_framing.h"

static void assert_framed(enum irc_framing framing, const char *lines, const char *expected,
                          size_t length)
{
	struct buffer out = {0};

	buffer_append_text(&out, "before");
	irc_framing_append(&out, framing, lines, strlen(lines));
	assert_int_equal(out.length, 6 + length);
	assert_memory_equal(out.bytes, "before", 6);
	assert_memory_equal(out.bytes + 6, expected, length);
	buffer_finish(&out);
}

/* RFC 2812 §2.3: in a stream lines are as they are. */
static void test_irc_framing_leaves_a_stream_alone(void **state)
{
	(void)state;
	assert_framed(IRC_FRAMING_STREAM, "one\r\ntwo\r\n", "one\r\ntwo\r\n", 10);
	assert_framed(IRC_FRAMING_STREAM, "", "", 0);
}

/* IRCv3 "WebSocket support": a message is a single line, without its CR LF. */
static void test_irc_framing_makes_a_frame_of_each_line(void **state)
{
	(void)state;
	assert_framed(IRC_FRAMING_TEXT_FRAME, "one\r\nthree\r\n", "\x81\x03one\x81\x05three", 12);
	assert_framed(IRC_FRAMING_BINARY_FRAME, "one\r\nthree\r\n", "\x82\x03one\x82\x05three", 12);
	assert_framed(IRC_FRAMING_TEXT_FRAME, "", "", 0);
	assert_framed(IRC_FRAMING_BINARY_FRAME, "", "", 0);
}

/* RFC 6455 §5.2: what is longer than 125 bytes, as most changes are, has a longer header. */
static void test_irc_framing_frames_a_line_of_512_bytes(void **state)
{
	char line[513];
	char expected[514];

	(void)state;
	memset(line, 'x', 510);
	memcpy(line + 510, "\r\n", 3);
	memcpy(expected, "\x81\x7e\x01\xfe", 4);
	memset(expected + 4, 'x', 510);
	assert_framed(IRC_FRAMING_TEXT_FRAME, line, expected, sizeof(expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_framing_leaves_a_stream_alone),
	    cmocka_unit_test(test_irc_framing_makes_a_frame_of_each_line),
	    cmocka_unit_test(test_irc_framing_frames_a_line_of_512_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
