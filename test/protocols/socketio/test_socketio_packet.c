/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_packet.h"

#include "test/protocols/socketio/world.h"

/* Reads a copy without a byte behind it, so that AddressSanitizer sees a read too far. */
static bool read_copy(struct text bytes, char **copy, struct socketio_packet *packet)
{
	*copy = malloc(bytes.length > 0 ? bytes.length : 1);
	memcpy(*copy, bytes.bytes, bytes.length);
	return socketio_packet_read((struct text){*copy, bytes.length}, packet);
}

static void assert_refused(struct text bytes)
{
	struct socketio_packet packet;
	char *copy;

	if (read_copy(bytes, &copy, &packet)) {
		fail_msg("\"%.*s\" was read", (int)bytes.length, bytes.bytes);
	}
	free(copy);
}

/* Packets as the clients write them, with what socket.io-client's own expression
 * ([^:]+):([0-9]+)?(\+)?:([^:]+)?:?([\s\S]*)? makes of them. */
static const struct {
	const char *bytes;
	const char *id;
	const char *endpoint;
	const char *data; /* NULL: none */
	enum socketio_type type;
	bool wants_answer;
} readable[] = {
    {"0::", "", "", NULL, SOCKETIO_DISCONNECT, false},
    {"0::/rc", "", "/rc", NULL, SOCKETIO_DISCONNECT, false},
    {"0::/rc:", "", "/rc", "", SOCKETIO_DISCONNECT, false},
    {"1::/rc", "", "/rc", NULL, SOCKETIO_CONNECT, false},
    {"1::/rc:?a=b", "", "/rc", "?a=b", SOCKETIO_CONNECT, false},
    {"2::", "", "", NULL, SOCKETIO_HEARTBEAT, false},
    {"2:::", "", "", "", SOCKETIO_HEARTBEAT, false},
    {"3:1::blabla", "1", "", "blabla", SOCKETIO_MESSAGE, false},
    {"3:::a:b:c", "", "", "a:b:c", SOCKETIO_MESSAGE, false},
    {"3:::", "", "", "", SOCKETIO_MESSAGE, false},
    {"3:::\n\r", "", "", "\n\r", SOCKETIO_MESSAGE, false},
    {"4:1+::{\"a\":\"b\"}", "1", "", "{\"a\":\"b\"}", SOCKETIO_JSON, true},
    {"5::/rc:{\"name\":\"x\"}", "", "/rc", "{\"name\":\"x\"}", SOCKETIO_EVENT, false},
    {"5:7+:/rc:{}", "7", "/rc", "{}", SOCKETIO_EVENT, true},
    {"5:+:/rc:{}", "", "/rc", "{}", SOCKETIO_EVENT, false},
    {"6::/rc:140", "", "/rc", "140", SOCKETIO_ACK, false},
    {"6:::12+[\"a\"]", "", "", "12+[\"a\"]", SOCKETIO_ACK, false},
    {"7:::2+0", "", "", "2+0", SOCKETIO_ERROR, false},
    {"8::", "", "", NULL, SOCKETIO_NOOP, false},
    {"5:12345678901234567890+:/rc:", "12345678901234567890", "/rc", "", SOCKETIO_EVENT, true},
    {"1::/\xc3\xa9", "", "/\xc3\xa9", NULL, SOCKETIO_CONNECT, false},
};

/* socket.io-client 0.9 lib/parser.js: only the first three colons part a packet. */
static void test_a_packet_is_read_as_its_clients_read_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
		struct socketio_packet packet;
		char *copy;

		assert_true(read_copy(text_of(readable[i].bytes), &copy, &packet));
		assert_int_equal(packet.type, readable[i].type);
		assert_text_is(packet.id, readable[i].id);
		assert_int_equal(packet.wants_answer, readable[i].wants_answer);
		assert_text_is(packet.endpoint, readable[i].endpoint);
		assert_int_equal(packet.data.bytes != NULL, readable[i].data != NULL);
		if (readable[i].data != NULL) {
			assert_text_is(packet.data, readable[i].data);
		}
		free(copy);
	}
}

/* A peer's nonsense is refused: no type, no second colon, an id that is no number. */
static void test_what_is_no_packet_is_refused(void **state)
{
	static const char *const bad[] = {
	    "",     ":",    "::",  "9::",       "x::",       "-1::",      "12::",
	    "5",    "5:",   "5:7", "5:7+",      "5:x::",     "5:7+8::",   "5: 7:/rc:",
	    ":5::", " 5::", "\n",  "{\"a\":1}", "5::/\x01:", "5::/\x7f:", "1::/\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_refused(text_of(bad[i]));
	}
	assert_refused(TEXT("1::/\0rc"));
	assert_refused(TEXT("\0"));
}

/* What is echoed to a client is bounded: 20 digits of an id, 128 bytes of an endpoint. */
static void test_long_ids_and_endpoints_are_refused(void **state)
{
	struct buffer packet = {0};
	struct socketio_packet read;

	(void)state;
	assert_refused(text_of("5:123456789012345678901:/rc:{}"));
	buffer_append_text(&packet, "1::/");
	while (packet.length < 3 + SOCKETIO_ENDPOINT_MAX) {
		buffer_append_byte(&packet, 'e');
	}
	assert_true(socketio_packet_read(buffer_text(&packet), &read));
	assert_int_equal(read.endpoint.length, SOCKETIO_ENDPOINT_MAX);
	buffer_append_byte(&packet, 'e');
	assert_refused(buffer_text(&packet));
	buffer_finish(&packet);
}

/* What was read is written back to the same bytes; "+" without an id says nothing. */
static void test_a_packet_is_written_as_it_was_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
		struct socketio_packet packet;
		struct buffer out = {0};

		if (strncmp(readable[i].bytes, "5:+", 3) == 0) {
			continue;
		}
		assert_true(socketio_packet_read(text_of(readable[i].bytes), &packet));
		socketio_packet_write(&packet, &out);
		assert_text_is(buffer_text(&out), readable[i].bytes);
		buffer_finish(&out);
	}
}

/* Damaged packets are read within their bytes, and written back to what was read. */
static void test_damaged_packets_stay_within_their_bytes(void **state)
{
	unsigned seed = (unsigned)getpid();

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (unsigned round = 0; round < 20000; round++) {
		static const char letters[] = "0123456789+:/:{}\"rc\n";
		struct socketio_packet packet;
		char bytes[24];
		size_t length = (size_t)rand() % sizeof(bytes);
		char *copy;

		for (size_t i = 0; i < length; i++) {
			bytes[i] = letters[(size_t)rand() % (sizeof(letters) - 1)];
		}
		if (read_copy((struct text){bytes, length}, &copy, &packet) &&
		    memmem(bytes, length, ":+:", 3) == NULL) {
			struct buffer out = {0};

			socketio_packet_write(&packet, &out);
			assert_int_equal(out.length, length);
			assert_memory_equal(out.bytes, bytes, length);
			buffer_finish(&out);
		}
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_packet_is_read_as_its_clients_read_it),
	    cmocka_unit_test(test_what_is_no_packet_is_refused),
	    cmocka_unit_test(test_long_ids_and_endpoints_are_refused),
	    cmocka_unit_test(test_a_packet_is_written_as_it_was_read),
	    cmocka_unit_test(test_damaged_packets_stay_within_their_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
