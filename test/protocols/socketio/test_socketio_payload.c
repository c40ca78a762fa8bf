/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_payload.h"

#include "test/protocols/socketio/world.h"

#define MARK "\xef\xbf\xbd"

/* U+1F600, two UTF-16 units, four bytes. */
#define ASTRAL "\xf0\x9f\x98\x80"

/* Judges a copy without a byte behind it, so that AddressSanitizer sees a read too far. */
static bool is_valid(struct text payload)
{
	char *copy = malloc(payload.length > 0 ? payload.length : 1);
	bool valid;

	memcpy(copy, payload.bytes, payload.length);
	valid = socketio_payload_is_valid((struct text){copy, payload.length});
	free(copy);
	return valid;
}

/* Both clients: one packet stands by itself, without a frame. */
static void test_one_packet_is_the_bare_text(void **state)
{
	struct text payload = TEXT("5::/rc:{\"args\":[\"" MARK "3" MARK "\"]}");
	struct text whole = payload;
	struct text packet;

	(void)state;
	assert_true(is_valid(payload));
	assert_true(socketio_payload_next(&payload, &packet));
	assert_int_equal(packet.length, whole.length);
	assert_ptr_equal(packet.bytes, whole.bytes);
	assert_false(socketio_payload_next(&payload, &packet));
}

/* An empty body has no packets and does no harm. */
static void test_an_empty_payload_has_no_packet(void **state)
{
	struct text payload = {0};
	struct text packet;

	(void)state;
	assert_true(socketio_payload_is_valid(payload));
	assert_false(socketio_payload_next(&payload, &packet));
}

/* socket.io-client 0.9 lib/parser.js: lengths are those of JavaScript strings. */
static void test_lengths_count_utf16_units(void **state)
{
	struct text payload = TEXT(MARK "6" MARK "3:::a" ASTRAL MARK "5" MARK "3:::\xc3\xa9" MARK
	                                "0" MARK MARK "3" MARK "2::");
	struct text packet;

	(void)state;
	/* "3:::a" is five units: the astral character after it would be cut. */
	assert_false(is_valid(payload));
	payload = TEXT(MARK "7" MARK "3:::a" ASTRAL MARK "5" MARK "3:::\xc3\xa9" MARK "0" MARK MARK
	                    "3" MARK "2::");
	assert_true(is_valid(payload));
	assert_true(socketio_payload_next(&payload, &packet));
	assert_text_is(packet, "3:::a" ASTRAL);
	assert_true(socketio_payload_next(&payload, &packet));
	assert_text_is(packet, "3:::\xc3\xa9");
	assert_true(socketio_payload_next(&payload, &packet));
	assert_text_is(packet, "");
	assert_true(socketio_payload_next(&payload, &packet));
	assert_text_is(packet, "2::");
	assert_false(socketio_payload_next(&payload, &packet));
}

/* A packet may hold U+FFFD itself: the length tells where it ends. */
static void test_a_mark_within_a_packet_does_not_end_it(void **state)
{
	struct text payload = TEXT(MARK "7" MARK "3:::" MARK "9" MARK MARK "3" MARK "2::");
	struct text packet;

	(void)state;
	assert_true(is_valid(payload));
	assert_true(socketio_payload_next(&payload, &packet));
	assert_text_is(packet, "3:::" MARK "9" MARK);
	assert_true(socketio_payload_next(&payload, &packet));
	assert_text_is(packet, "2::");
}

/* A client that miscounts loses the whole request, whichever way it does. */
static void test_wrong_lengths_are_refused(void **state)
{
	static const char *const bad[] = {
	    MARK,
	    MARK MARK,
	    MARK "3",
	    MARK "3" MARK,
	    MARK "3" MARK "2:",
	    MARK "2" MARK "2::",
	    MARK "4" MARK "2::" MARK "3" MARK "2::",
	    MARK "3" MARK "2::" MARK,
	    MARK "3" MARK "2::" MARK "3" MARK,
	    MARK "3" MARK "2::2::",
	    MARK "-3" MARK "2::",
	    MARK " 3" MARK "2::",
	    MARK "3 " MARK "2::",
	    MARK "0x3" MARK "2::",
	    MARK "99999999999999999999" MARK "2::",
	    MARK "1000000000" MARK "2::",
	    MARK "999999999" MARK "2::",
	    MARK "5" MARK "3:::" ASTRAL, /* counted in code points */
	    MARK "8" MARK "3:::" ASTRAL, /* counted in bytes */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (is_valid(text_of(bad[i]))) {
			fail_msg("number %zu was taken", i);
		}
	}
}

/* All that goes on from here is valid UTF-8. */
static void test_a_payload_that_is_not_utf8_is_refused(void **state)
{
	(void)state;
	assert_false(is_valid(text_of("3:::\xff")));
	assert_false(is_valid(text_of("3:::\xed\xa0\x80")));
	assert_false(is_valid(text_of("3:::\xc3")));
	assert_false(is_valid(text_of(MARK "5" MARK "3:::\xff")));
}

/* A payload has a bounded number of packets, so that one request is bounded work. */
static void test_too_many_packets_are_refused(void **state)
{
	struct buffer payload = {0};

	(void)state;
	for (unsigned i = 0; i < SOCKETIO_PAYLOAD_PACKETS_MAX; i++) {
		socketio_payload_add(&payload, TEXT("2::"));
	}
	assert_true(is_valid(buffer_text(&payload)));
	socketio_payload_add(&payload, TEXT("2::"));
	assert_false(is_valid(buffer_text(&payload)));
	buffer_finish(&payload);
}

/* What is framed here is read back, and has JavaScript's lengths. */
static void test_framed_packets_are_read_back(void **state)
{
	struct buffer payload = {0};
	struct text rest, packet;

	(void)state;
	socketio_payload_add(&payload, TEXT("1::"));
	socketio_payload_add(&payload, TEXT("3:::\xc3\xa9" ASTRAL "\xe2\x82\xac"));
	rest = buffer_text(&payload);
	assert_text_is(rest,
	               MARK "3" MARK "1::" MARK "8" MARK "3:::\xc3\xa9" ASTRAL "\xe2\x82\xac");
	assert_true(is_valid(rest));
	assert_true(socketio_payload_next(&rest, &packet));
	assert_text_is(packet, "1::");
	assert_true(socketio_payload_next(&rest, &packet));
	assert_text_is(packet, "3:::\xc3\xa9" ASTRAL "\xe2\x82\xac");
	buffer_finish(&payload);
}

/* Every beginning of a payload and random damage: judged within their bytes, and taken apart
 * to the last one when judged valid. */
static void test_damaged_payloads_stay_within_their_bytes(void **state)
{
	static const char whole[] =
	    MARK "7" MARK "3:::a" ASTRAL MARK "3" MARK "2::" MARK "3" MARK "8::";
	unsigned seed = (unsigned)getpid();

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (size_t length = 0; length < sizeof(whole); length++) {
		for (unsigned round = 0; round < 200; round++) {
			char bytes[sizeof(whole)];
			struct text rest = {bytes, length};
			struct text packet;

			memcpy(bytes, whole, sizeof(whole));
			if (length > 0 && round > 0) {
				bytes[(size_t)rand() % length] = whole[(size_t)rand() % length];
			}
			if (is_valid(rest)) {
				while (socketio_payload_next(&rest, &packet)) {}
				assert_int_equal(rest.length, 0);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_packet_is_the_bare_text),
	    cmocka_unit_test(test_an_empty_payload_has_no_packet),
	    cmocka_unit_test(test_lengths_count_utf16_units),
	    cmocka_unit_test(test_a_mark_within_a_packet_does_not_end_it),
	    cmocka_unit_test(test_wrong_lengths_are_refused),
	    cmocka_unit_test(test_a_payload_that_is_not_utf8_is_refused),
	    cmocka_unit_test(test_too_many_packets_are_refused),
	    cmocka_unit_test(test_framed_packets_are_read_back),
	    cmocka_unit_test(test_damaged_payloads_stay_within_their_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
