/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/sse_reader: server-sent events, cut anywhere (HTML Standard §9.2.6). */
#include "ingest/sse_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "server/base/memory.h"

#define WHOLE  ((size_t)-1)
#define RANDOM ((size_t)0)

static const struct text no_id = {NULL, 0};

static void print_event(struct buffer *out, const struct sse_reader *reader,
                        enum sse_reader_outcome outcome, const struct sse_reader_event *event)
{
	struct text id = sse_reader_last_id(reader);

	buffer_append(out, event->type.bytes, event->type.length);
	buffer_append_byte(out, '(');
	buffer_append(out, id.bytes, id.length);
	buffer_append_text(out, outcome == SSE_READER_TOO_LONG ? ") too long" : ")=");
	buffer_append(out, event->data.bytes, event->data.length);
	buffer_append_text(out, "|");
}

/* Read it in pieces of `cut` bytes, each a block of its own so that reading past it is seen. */
static void read_cut(struct sse_reader *reader, struct text stream, size_t cut, struct buffer *out)
{
	while (stream.length > 0) {
		size_t size = cut == RANDOM ? (size_t)(rand() % 7) + 1 : cut;
		size_t length = size < stream.length ? size : stream.length;
		char *piece = mem_copy_text(stream.bytes, length);
		struct text rest = {piece, length};
		struct sse_reader_event event;
		enum sse_reader_outcome outcome;

		while ((outcome = sse_reader_next(reader, &rest, &event)) != SSE_READER_MORE) {
			print_event(out, reader, outcome, &event);
		}
		assert_int_equal(rest.length, 0);
		free(piece);
		stream.bytes += length;
		stream.length -= length;
	}
}

static void assert_cut(struct text stream, const char *expected, size_t cut)
{
	struct sse_reader reader;
	struct buffer out = {0};
	char *text;

	sse_reader_init(&reader, no_id);
	read_cut(&reader, stream, cut, &out);
	text = buffer_take(&out, NULL);
	assert_string_equal(text, expected);
	free(text);
	sse_reader_finish(&reader);
}

/* The three ways every codec of a stream is tested. */
static void assert_reads_bytes(struct text stream, const char *expected)
{
	unsigned seed = (unsigned)time(NULL);

	assert_cut(stream, expected, WHOLE);
	assert_cut(stream, expected, 1);
	print_message("random cuts: seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 50; i++) {
		assert_cut(stream, expected, RANDOM);
	}
}

static void assert_reads(const char *stream, const char *expected)
{
	assert_reads_bytes((struct text){stream, strlen(stream)}, expected);
}

/* EventStreams: a comment first, then events with type, id and one line of data. */
static void test_events_of_wikimedia_are_read(void **state)
{
	(void)state;
	assert_reads(":ok\n\n"
	             "event: message\nid: [{\"topic\":\"a\",\"offset\":1}]\ndata: {\"n\":1}\n\n"
	             "event: message\nid: [{\"topic\":\"a\",\"offset\":2}]\ndata: {\"n\":2}\n\n",
	             "message([{\"topic\":\"a\",\"offset\":1}])={\"n\":1}|"
	             "message([{\"topic\":\"a\",\"offset\":2}])={\"n\":2}|");
}

/* §9.2.5: a line ends in CR LF, LF or CR, and each of them may be mixed with the others. */
static void test_lines_end_in_any_of_the_three_ways(void **state)
{
	(void)state;
	assert_reads("data: 1\n\ndata: 2\n\n", "message()=1|message()=2|");
	assert_reads("data: 1\r\n\r\ndata: 2\r\n\r\n", "message()=1|message()=2|");
	assert_reads("data: 1\r\rdata: 2\r\r", "message()=1|message()=2|");
	assert_reads("data: 1\r\n\rdata: 2\n\r\n\r\ndata: 3\r\n\n", "message()=1|message()=2|"
	                                                            "message()=3|");
	assert_reads("data: 1\n\rdata: 2\r\r\n", "message()=1|message()=2|");
}

/* §9.2.6: one byte order mark in front is not part of the first line; only one, and only there. */
static void test_byte_order_mark_is_skipped_in_front_only(void **state)
{
	(void)state;
	assert_reads("\xef\xbb\xbf"
	             "data: 1\n\ndata: 2\n\n",
	             "message()=1|message()=2|");
	assert_reads("\xef\xbb\xbf\xef\xbb\xbf"
	             "data: 1\n\ndata: 2\n\n",
	             "message()=2|");
	assert_reads("data: 1\n\n\xef\xbb\xbf"
	             "data: 2\n\n",
	             "message()=1|");
	assert_reads("\xef\xbb"
	             "data: 1\n\ndata: 2\n\n",
	             "message()=2|");
	assert_reads("\xef\xbb\n\ndata: 2\n\n", "message()=2|");
}

/* §9.2.6: lines of data are joined by LF; one space behind the colon belongs to neither. */
static void test_lines_of_data_are_joined(void **state)
{
	(void)state;
	assert_reads("data: a\ndata:b\ndata:  c\ndata:\n\n", "message()=a\nb\n c\n|");
	assert_reads("data\ndata\n\n", "message()=\n|");
	assert_reads("data:\n\n", "message()=|");
	assert_reads("data\n\n", "message()=|");
	assert_reads("data: a:b: c\n\n", "message()=a:b: c|");
}

/* §9.2.6: comments and fields that are not known are passed over, names are exact. */
static void test_comments_and_unknown_fields_are_passed_over(void **state)
{
	(void)state;
	assert_reads(": data: 1\n:\ndata: 2\n:data: 3\n\n", "message()=2|");
	assert_reads("Data: 1\n data: 2\ndata : 3\nfoo\nfoo: bar\ndata: 4\n\n", "message()=4|");
	assert_reads("\n\n\n:\n\n", "");
}

/* §9.2.6: the type holds for one event, also when that has no data; the default is "message". */
static void test_type_belongs_to_one_event(void **state)
{
	(void)state;
	assert_reads("event: a\ndata: 1\n\ndata: 2\n\n", "a()=1|message()=2|");
	assert_reads("event: a\n\ndata: 2\n\n", "message()=2|");
	assert_reads("event: a\nevent: b\ndata: 1\n\n", "b()=1|");
	assert_reads("event: a\nevent\ndata: 1\n\n", "message()=1|");
}

/* sse_reader.h: a type over its limit is cut, and is not another one's by that. */
static void test_type_is_cut_at_its_limit(void **state)
{
	char stream[256];
	char expected[256];
	char type[SSE_READER_TYPE_MAX + 2];

	(void)state;
	memset(type, 't', sizeof(type));
	type[SSE_READER_TYPE_MAX] = '\0';
	(void)snprintf(stream, sizeof(stream), "event: %s\ndata: 1\n\n", type);
	(void)snprintf(expected, sizeof(expected), "%s()=1|", type);
	assert_reads(stream, expected);
	(void)snprintf(stream, sizeof(stream), "event: %sx\ndata: 1\n\n", type);
	assert_reads(stream, expected);
}

/* §9.2.6: the id holds until there is another, is empty when one is, and moves without data. */
static void test_id_stays_until_another_comes(void **state)
{
	(void)state;
	assert_reads("id: 1\ndata: a\n\ndata: b\n\nid: 2\n\ndata: c\n\nid\ndata: d\n\n",
	             "message(1)=a|message(1)=b|message(2)=c|message()=d|");
}

/* §9.2.6: an id with a NUL is not one; sse_reader.h: nor is one over the limit. */
static void test_id_that_cannot_be_sent_back_is_passed_over(void **state)
{
	static const char nul[] = "id: 1\ndata: a\n\nid: 2\0x\ndata: b\n\n";
	struct buffer stream = {0};
	struct buffer expected = {0};
	char *text;

	(void)state;
	assert_reads_bytes((struct text){nul, sizeof(nul) - 1}, "message(1)=a|message(1)=b|");
	for (size_t length = SSE_READER_ID_MAX; length <= SSE_READER_ID_MAX + 1; length++) {
		buffer_append_text(&stream, "id: ");
		memset(buffer_reserve(&stream, length), 'i', length);
		stream.length += length;
		buffer_append_text(&stream, "\ndata: a\n\n");
	}
	for (int i = 0; i < 2; i++) {
		buffer_append_text(&expected, "message(");
		memset(buffer_reserve(&expected, SSE_READER_ID_MAX), 'i', SSE_READER_ID_MAX);
		expected.length += SSE_READER_ID_MAX;
		buffer_append_text(&expected, ")=a|");
	}
	text = buffer_take(&expected, NULL);
	assert_reads_bytes((struct text){stream.bytes, stream.length}, text);
	free(text);
	buffer_finish(&stream);
}

/* §9.2.6: digits only; sse_reader.h: bounded, however long the number is. */
static void test_retry_takes_digits_only(void **state)
{
	static const struct {
		const char *stream;
		uint32_t retry_ms;
	} cases[] = {
	    {"retry: 2500\n", 2500},
	    {"retry:7\n", 7},
	    {"retry: 1\nretry: 2x\n", 1},
	    {"retry: 1\nretry: -2\n", 1},
	    {"retry: 1\nretry:  2\n", 1},
	    {"retry: 1\nretry\n", 1},
	    {"retry: 86400000\n", 86400000},
	    {"retry: 86400001\n", 86400000},
	    {"retry: 99999999999999999999999999999999999999\n", 86400000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sse_reader reader;
		struct buffer out = {0};

		sse_reader_init(&reader, no_id);
		assert_int_equal(sse_reader_retry_ms(&reader), 0);
		read_cut(&reader, (struct text){cases[i].stream, strlen(cases[i].stream)}, 1, &out);
		assert_int_equal(sse_reader_retry_ms(&reader), cases[i].retry_ms);
		sse_reader_finish(&reader);
	}
}

/* `head`, `length` times 'x', `tail`, then an event that is short. */
static struct buffer long_stream(const char *head, size_t length, const char *tail)
{
	struct buffer stream = {0};

	buffer_append_text(&stream, head);
	memset(buffer_reserve(&stream, length), 'x', length);
	stream.length += length;
	buffer_append_text(&stream, tail);
	buffer_append_text(&stream, "\n\ndata: next\n\n");
	return stream;
}

/* What comes of long_stream(), the long data as its length; cut in chunks as libcurl's. */
static void assert_reads_long(const char *head, size_t length, const char *tail,
                              const char *expected)
{
	struct buffer stream = long_stream(head, length, tail);
	struct sse_reader reader;
	struct buffer out = {0};
	struct text rest = {stream.bytes, stream.length};
	struct sse_reader_event event;
	enum sse_reader_outcome outcome;
	char *text;

	sse_reader_init(&reader, no_id);
	for (size_t at = 0; at < stream.length; at += 16384) {
		size_t left = stream.length - at;

		rest = (struct text){stream.bytes + at, left < 16384 ? left : 16384};
		while ((outcome = sse_reader_next(&reader, &rest, &event)) != SSE_READER_MORE) {
			buffer_printf(&out, "%s %zu|",
			              outcome == SSE_READER_TOO_LONG ? "too long" : "event",
			              event.data.length);
		}
	}
	text = buffer_take(&out, NULL);
	assert_string_equal(text, expected);
	free(text);
	assert_true(reader.line.capacity <= 2 * SSE_READER_LINE_MAX);
	assert_true(reader.data.capacity <= 2 * SSE_READER_EVENT_MAX);
	sse_reader_finish(&reader);
	buffer_finish(&stream);
}

/* sse_reader.h: a line over its limit costs its event, and no other; a comment costs nothing. */
static void test_long_line_costs_its_event_only(void **state)
{
	(void)state;
	assert_reads_long("data: ", SSE_READER_LINE_MAX - 6, "", "event 1048570|event 4|");
	assert_reads_long("data: ", SSE_READER_LINE_MAX - 5, "", "too long 0|event 4|");
	assert_reads_long("data: ", 5 * SSE_READER_LINE_MAX, "", "too long 0|event 4|");
	assert_reads_long("data: 1\nfoo", SSE_READER_LINE_MAX, "\ndata: 2", "too long 0|event 4|");
	assert_reads_long("data: 1\n:", 2 * SSE_READER_LINE_MAX, "\ndata: 2", "event 3|event 4|");
}

/* sse_reader.h: so does data over its limit, counted over all its lines. */
static void test_long_event_is_told_and_the_next_is_read(void **state)
{
	(void)state;
	assert_reads_long("data: 123\ndata: ", SSE_READER_EVENT_MAX - 6, "\ndata:x",
	                  "event 1048576|event 4|");
	assert_reads_long("data: 123\ndata: ", SSE_READER_EVENT_MAX - 6, "\ndata:xx",
	                  "too long 0|event 4|");
	assert_reads_long("data: 123\ndata: ", SSE_READER_EVENT_MAX - 6, "\ndata:xx\ndata: 1",
	                  "too long 0|event 4|");
}

/* sse_reader.h: an event that is too long has its type, and moves the last event id. */
static void test_long_event_moves_the_last_id(void **state)
{
	struct buffer stream = long_stream("event: a\nid: 7\ndata: ", SSE_READER_LINE_MAX, "");

	(void)state;
	assert_cut((struct text){stream.bytes, stream.length}, "a(7) too long|message(7)=next|",
	           WHOLE);
	buffer_finish(&stream);
}

/* §9.2.6: an event that the end of the response cuts off is none; the id before it stays. */
static void test_new_response_forgets_what_was_incomplete(void **state)
{
	static const char *const ends[] = {"id: 2\ndata: cut\n", "id: 2\ndata: c", "id: 2", "\r",
	                                   "event: x\nid: 2\n",  "\xef\xbb"};
	struct text again = {"\xef\xbb\xbf"
	                     "data: b\n\n",
	                     12};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct text first = {"id: 1\ndata: a\n\n", 15};
		struct sse_reader reader;
		struct buffer out = {0};
		char *text;

		sse_reader_init(&reader, no_id);
		read_cut(&reader, first, WHOLE, &out);
		read_cut(&reader, (struct text){ends[i], strlen(ends[i])}, WHOLE, &out);
		sse_reader_begin(&reader);
		read_cut(&reader, again, 1, &out);
		text = buffer_take(&out, NULL);
		assert_string_equal(text, "message(1)=a|message(1)=b|");
		free(text);
		sse_reader_finish(&reader);
	}
}

/* sse_reader.h: a reader can start with the position of an earlier run. */
static void test_reader_starts_with_an_id(void **state)
{
	struct sse_reader reader;
	struct buffer out = {0};
	char *text;

	(void)state;
	sse_reader_init(&reader, (struct text){"41", 2});
	assert_memory_equal(sse_reader_last_id(&reader).bytes, "41", 2);
	read_cut(&reader, (struct text){"data: a\n\n", 9}, WHOLE, &out);
	text = buffer_take(&out, NULL);
	assert_string_equal(text, "message(41)=a|");
	free(text);
	sse_reader_finish(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_events_of_wikimedia_are_read),
	    cmocka_unit_test(test_lines_end_in_any_of_the_three_ways),
	    cmocka_unit_test(test_byte_order_mark_is_skipped_in_front_only),
	    cmocka_unit_test(test_lines_of_data_are_joined),
	    cmocka_unit_test(test_comments_and_unknown_fields_are_passed_over),
	    cmocka_unit_test(test_type_belongs_to_one_event),
	    cmocka_unit_test(test_type_is_cut_at_its_limit),
	    cmocka_unit_test(test_id_stays_until_another_comes),
	    cmocka_unit_test(test_id_that_cannot_be_sent_back_is_passed_over),
	    cmocka_unit_test(test_retry_takes_digits_only),
	    cmocka_unit_test(test_long_line_costs_its_event_only),
	    cmocka_unit_test(test_long_event_is_told_and_the_next_is_read),
	    cmocka_unit_test(test_long_event_moves_the_last_id),
	    cmocka_unit_test(test_new_response_forgets_what_was_incomplete),
	    cmocka_unit_test(test_reader_starts_with_an_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
