/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_encode.h"

#include <unistr.h>

#include "protocols/encodings.h"
#include "protocols/http/http_chunk.h"
#include "protocols/http/websocket_frame.h"
#include "test/protocols/socketio/world.h"

#define HEAD "5::/rc:{\"args\":["
#define TAIL "],\"name\":\"change\"}"

/* Adds a change's encoded form. */
static void encode(const struct encoder *encoder, struct text json, struct buffer *out)
{
	struct change *change = change_create(&(struct change_parts){
	    .wiki = TEXT("en.wikipedia.org"),
	    .channel = TEXT("#en.wikipedia"),
	    .json = json,
	});
	struct text encoded = change_encoded(change, encoder);

	buffer_append(out, encoded.bytes, encoded.length);
	change_unref(change);
}

static void assert_packet(struct text json, const char *wanted)
{
	struct buffer out = {0};

	encode(&socketio_encode_packet, json, &out);
	assert_text_is(buffer_text(&out), wanted);
	buffer_finish(&out);
}

/* For those who asked: the position behind the change, and all else the same. */
static void test_a_position_is_a_second_argument(void **state)
{
	struct change *change = change_create(&(struct change_parts){
	    .wiki = TEXT("a"),
	    .channel = TEXT("#a"),
	    .json = TEXT("{\"title\":\"\u00e9\"}"),
	});
	struct buffer out = {0};

	(void)state;
	socketio_encode_positioned(change, "19c0a5b2d10-4711", &out);
	assert_text_is(buffer_text(&out), HEAD "{\"title\":\"\\u00e9\"},\"19c0a5b2d10-4711\"" TAIL);
	buffer_finish(&out);
	change_unref(change);
}

/* RCStream's packet: keys sorted, no spaces, no id. */
static void test_a_change_becomes_an_event_of_rc(void **state)
{
	(void)state;
	assert_packet(TEXT("{\"id\":1}"), HEAD "{\"id\":1}" TAIL);
}

/* ASCII is handed on: order, spaces, escapes, numbers of any size and NUL stay. */
static void test_ascii_json_is_copied_as_it_is(void **state)
{
	static const char json[] = "{\"z\": 1,\"a\":[18446744073709551616, 1e400,-0.10],"
				   "\"t\":\"\\u0000\\ud83d\\/\\u00E9\\ud83d\\ude00\x7f\"}";

	(void)state;
	assert_packet(text_of(json), "5::/rc:{\"args\":[{\"z\": 1,\"a\":[18446744073709551616, "
	                             "1e400,-0.10],\"t\":\"\\u0000\\ud83d\\/\\u00E9\\ud83d\\ude00"
	                             "\x7f\"}],\"name\":\"change\"}");
}

/* The only form that all clients read: two, three and four bytes of UTF-8, and U+2028, U+2029
 * and U+FFFD, which would end a line of JavaScript or a payload's frame. */
static void test_what_is_outside_ascii_is_escaped(void **state)
{
	(void)state;
	assert_packet(TEXT("{\"t\":\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\"}"),
	              HEAD "{\"t\":\"\\u0080\\u07ff\\u0800\\uffff\"}" TAIL);
	assert_packet(TEXT("{\"\xf0\x90\x80\x80\":\"\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\"}"),
	              HEAD "{\"\\ud800\\udc00\":\"\\ud83d\\ude00\\udbff\\udfff\"}" TAIL);
	assert_packet(TEXT("{\"t\":\"\xe2\x80\xa8\xe2\x80\xa9\xef\xbf\xbd\"}"),
	              HEAD "{\"t\":\"\\u2028\\u2029\\ufffd\"}" TAIL);
}

static json_t *parse(const char *bytes, size_t length)
{
	json_error_t error;
	json_t *value = json_loadb(bytes, length, JSON_ALLOW_NUL, &error);

	if (value == NULL) {
		fail_msg("%s: %.*s", error.text, (int)length, bytes);
	}
	return value;
}

/* What a client parses out of the packet is what the source sent, and ASCII carries it. */
static void assert_means_the_same(struct text json)
{
	const size_t head = sizeof("5::/rc:") - 1;
	struct buffer out = {0};
	json_t *sent = parse(json.bytes, json.length);
	json_t *event;

	encode(&socketio_encode_packet, json, &out);
	for (size_t i = 0; i < out.length; i++) {
		assert_true((unsigned char)out.bytes[i] < 0x80);
	}
	event = parse(out.bytes + head, out.length - head);
	assert_true(json_equal(json_array_get(json_object_get(event, "args"), 0), sent));
	assert_string_equal(json_string_value(json_object_get(event, "name")), "change");
	json_decref(event);
	json_decref(sent);
	buffer_finish(&out);
}

/* Written again with every character raw that may be: the hardest form of it. */
static void check_record(const json_t *record)
{
	char *json = json_dumps(json_object_get(record, "json"), JSON_COMPACT);

	assert_non_null(json);
	assert_means_the_same(text_of(json));
	free(json);
}

/* Every change that was recorded from MediaWiki. */
static void test_recorded_changes_mean_the_same(void **state)
{
	(void)state;
	assert_true(for_each_record(TEST_DATA "/rcfeed/rcfeed-pairs.ndjson", check_record) > 600);
}

/* Adds a random character that JSON takes as it is. */
static void add_character(struct buffer *out)
{
	static const unsigned limits[] = {0x80, 0x800, 0x10000, 0x110000};
	uint8_t bytes[6];
	ucs4_t character;
	int length;

	do {
		character = (ucs4_t)rand() % limits[rand() % 4];
		length = u8_uctomb(bytes, character, sizeof(bytes));
	} while (length < 1 || character < ' ' || character == '"' || character == '\\');
	buffer_append(out, bytes, (size_t)length);
}

/* Random strings: the same text comes out at the other end. */
static void test_random_texts_mean_the_same(void **state)
{
	unsigned seed = (unsigned)getpid();

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (unsigned round = 0; round < 500; round++) {
		struct buffer json = {0};

		buffer_append_text(&json, "{\"title\":\"");
		for (int i = rand() % 40; i > 0; i--) {
			add_character(&json);
		}
		buffer_append_text(&json, "\"}");
		assert_means_the_same(buffer_text(&json));
		buffer_finish(&json);
	}
}

/* RFC 6455 §5.2: the frame holds the packet, byte for byte, with each form of length. */
static void test_the_frame_holds_the_packet(void **state)
{
	(void)state;
	for (size_t length = 2; length < 70000; length = length * 2 + 7) {
		char *json = malloc(length);
		struct buffer packet = {0}, frame = {0}, wanted = {0};

		memset(json, ' ', length);
		json[0] = '{';
		json[length - 1] = '}';
		encode(&socketio_encode_packet, (struct text){json, length}, &packet);
		encode(&socketio_encode_frame, (struct text){json, length}, &frame);
		websocket_frame_text(&wanted, packet.bytes, packet.length);
		assert_int_equal(frame.length, wanted.length);
		assert_memory_equal(frame.bytes, wanted.bytes, wanted.length);
		buffer_finish(&packet);
		buffer_finish(&frame);
		buffer_finish(&wanted);
		free(json);
	}
}

/* Each has the slot that protocols/encodings.h gives it: two encodings never share one. */
static void test_the_encoders_have_slots_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(socketio_encode_packet.slot, ENCODING_SOCKETIO_PACKET);
	assert_int_equal(socketio_encode_frame.slot, ENCODING_SOCKETIO_FRAME);
	assert_int_not_equal(socketio_encode_packet.slot, socketio_encode_frame.slot);
}

/* socket.io 0.9's htmlfile: a script for each packet, with nothing in it that could end it. */
static void test_a_change_becomes_a_script_of_a_page(void **state)
{
	static const char script[] =
	    "<script>_(\"5::\\/rc:{\\\"args\\\":[{\\\"t\\\":\\\""
	    "\\u003c\\/script>\\\\u00e9\\\"}],\\\"name\\\":\\\"change\\\"}\");"
	    "</script>";
	struct buffer chunk = {0}, out = {0};

	(void)state;
	encode(&socketio_encode_script, TEXT("{\"t\":\"</script>\xc3\xa9\"}"), &out);
	http_chunk_write(&chunk, TEXT(script));
	buffer_append_byte(&chunk, '\0');
	assert_text_is(buffer_text(&out), chunk.bytes);
	buffer_finish(&chunk);
	buffer_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_change_becomes_an_event_of_rc),
	    cmocka_unit_test(test_a_position_is_a_second_argument),
	    cmocka_unit_test(test_ascii_json_is_copied_as_it_is),
	    cmocka_unit_test(test_a_change_becomes_a_script_of_a_page),
	    cmocka_unit_test(test_what_is_outside_ascii_is_escaped),
	    cmocka_unit_test(test_recorded_changes_mean_the_same),
	    cmocka_unit_test(test_random_texts_mean_the_same),
	    cmocka_unit_test(test_the_frame_holds_the_packet),
	    cmocka_unit_test(test_the_encoders_have_slots_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
