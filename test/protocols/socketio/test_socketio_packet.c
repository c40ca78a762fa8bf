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
	enum socketio_type type;
	const char *id;
	bool wants_answer;
	const char *endpoint;
	const char *data; /* NULL: none */
} readable[] = {
    {"0::", SOCKETIO_DISCONNECT, "", false, "", NULL},
    {"0::/rc", SOCKETIO_DISCONNECT, "", false, "/rc", NULL},
    {"0::/rc:", SOCKETIO_DISCONNECT, "", false, "/rc", ""},
    {"1::/rc", SOCKETIO_CONNECT, "", false, "/rc", NULL},
    {"1::/rc:?a=b", SOCKETIO_CONNECT, "", false, "/rc", "?a=b"},
    {"2::", SOCKETIO_HEARTBEAT, "", false, "", NULL},
    {"2:::", SOCKETIO_HEARTBEAT, "", false, "", ""},
    {"3:1::blabla", SOCKETIO_MESSAGE, "1", false, "", "blabla"},
    {"3:::a:b:c", SOCKETIO_MESSAGE, "", false, "", "a:b:c"},
    {"3:::", SOCKETIO_MESSAGE, "", false, "", ""},
    {"3:::\n\r", SOCKETIO_MESSAGE, "", false, "", "\n\r"},
    {"4:1+::{\"a\":\"b\"}", SOCKETIO_JSON, "1", true, "", "{\"a\":\"b\"}"},
    {"5::/rc:{\"name\":\"x\"}", SOCKETIO_EVENT, "", false, "/rc", "{\"name\":\"x\"}"},
    {"5:7+:/rc:{}", SOCKETIO_EVENT, "7", true, "/rc", "{}"},
    {"5:+:/rc:{}", SOCKETIO_EVENT, "", false, "/rc", "{}"},
    {"6::/rc:140", SOCKETIO_ACK, "", false, "/rc", "140"},
    {"6:::12+[\"a\"]", SOCKETIO_ACK, "", false, "", "12+[\"a\"]"},
    {"7:::2+0", SOCKETIO_ERROR, "", false, "", "2+0"},
    {"8::", SOCKETIO_NOOP, "", false, "", NULL},
    {"5:12345678901234567890+:/rc:", SOCKETIO_EVENT, "12345678901234567890", true, "/rc", ""},
    {"1::/\xc3\xa9", SOCKETIO_CONNECT, "", false, "/\xc3\xa9", NULL},
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
	char endpoint[4 + SOCKETIO_ENDPOINT_MAX + 1];
	struct socketio_packet packet;

	(void)state;
	assert_refused(text_of("5:123456789012345678901:/rc:{}"));
	memset(endpoint, 'e', sizeof(endpoint));
	memcpy(endpoint, "1::/", 4);
	assert_refused((struct text){endpoint, sizeof(endpoint)});
	assert_true(
	    socketio_packet_read((struct text){endpoint, 3 + SOCKETIO_ENDPOINT_MAX}, &packet));
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
