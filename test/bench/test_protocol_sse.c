/* SPDX-License-Identifier: Apache-2.0 */
/* bench/protocol_sse: server-sent events, as a client of the load reads them. */
#include "bench/protocol.h"

#include "test/bench/listener.h"

static void open_with(struct listener *listener, const char *fields)
{
	struct buffer answer = {0};

	listener_begin(listener, &protocol_sse);
	assert_says_text(listener, "GET /events HTTP/1.1\r\nHost: host.example\r\n"
	                           "Accept: text/event-stream\r\n\r\n");
	buffer_printf(&answer, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n%s\r\n",
	              fields);
	listener_hear(listener, answer.bytes, answer.length);
	assert_true(listener->session.is_ready);
	buffer_finish(&answer);
}

static void open_plain(struct listener *listener)
{
	open_with(listener, "");
}

static void open_chunked(struct listener *listener)
{
	open_with(listener, "Transfer-Encoding: chunked\r\n");
}

/* The fields in the order that rcstreamd and nchan have them; either line end. */
static void add_change(uint32_t serial, struct buffer *out)
{
	const char *end = serial % 2 == 0 ? "\n" : "\r\n";

	buffer_printf(out, "event: message%sid: [%u]%sdata: {\"title\":\"", end, (unsigned)serial,
	              end);
	protocol_title(&listener_subject, serial, out);
	buffer_printf(out, "\"}%s%s", end, end);
}

/* As chunks of some bytes each, whatever that cuts. */
static void add_chunks(uint32_t serial, struct buffer *out)
{
	struct buffer event = {0};
	size_t position = 0;

	add_change(serial, &event);
	while (position < event.length) {
		size_t length = 1 + (position * 31 + serial) % 60;

		if (length > event.length - position) {
			length = event.length - position;
		}
		buffer_printf(out, "%zX\r\n", length);
		buffer_append(out, event.bytes + position, length);
		buffer_append_text(out, "\r\n");
		position += length;
	}
	buffer_finish(&event);
}

/* protocol.h, take(): every change once, in order, with all its bytes, however cut. */
static void test_sse_changes_are_understood_however_they_are_cut(void **state)
{
	static const struct listener_recipe recipe = {open_plain, add_change, 0};

	(void)state;
	listener_check_cuts(&recipe);
}

/* RFC 9112, 7.1: chunks end anywhere, also within a line; what is around them is not counted. */
static void test_sse_changes_are_understood_in_chunks(void **state)
{
	unsigned seed = (unsigned)time(NULL);
	struct buffer stream = {0}, events = {0};

	(void)state;
	print_message("seed %u\n", seed);
	for (uint32_t i = 0; i < LISTENER_CHANGES; i++) {
		add_chunks(i, &stream);
		add_change(i, &events);
	}
	for (unsigned round = 0; round < 100; round++) {
		struct listener listener;

		open_chunked(&listener);
		for (size_t position = 0, length; position < stream.length; position += length) {
			length = round == 0 ? 1 : 1 + (size_t)rand_r(&seed) % 300;
			if (length > stream.length - position) {
				length = stream.length - position;
			}
			listener_hear(&listener, stream.bytes + position, length);
		}
		assert_null(listener.session.failure);
		assert_int_equal(listener.changes, LISTENER_CHANGES);
		assert_int_equal(listener.bytes, events.length);
		listener_finish(&listener);
	}
	buffer_finish(&stream);
	buffer_finish(&events);
}

/* The HTML standard, 9.2.6: comments and events without our title are no changes. */
static void test_sse_comments_are_no_changes(void **state)
{
	struct listener listener;

	(void)state;
	open_plain(&listener);
	listener_hear_text(&listener, ": hi\n\ndata: {\"title\":\"Main Page\"}\n\n");
	assert_int_equal(listener.changes, 0);
	assert_null(listener.session.failure);
	listener_finish(&listener);
}

/* An answer that is no stream, and the end of one, end the run. */
static void test_sse_refusals_are_failures(void **state)
{
	static const char *const chunks[] = {"0\r\n\r\n", "xyz\r\n", "3\r\nabcdef\r\n"};
	struct listener listener;

	(void)state;
	listener_begin(&listener, &protocol_sse);
	listener_hear_text(&listener, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	assert_failed(&listener);
	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		open_chunked(&listener);
		listener_hear_text(&listener, chunks[i]);
		assert_failed(&listener);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sse_changes_are_understood_however_they_are_cut),
	    cmocka_unit_test(test_sse_changes_are_understood_in_chunks),
	    cmocka_unit_test(test_sse_comments_are_no_changes),
	    cmocka_unit_test(test_sse_refusals_are_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
