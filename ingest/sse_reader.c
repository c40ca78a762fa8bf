/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/sse_reader.h"

#include <string.h>

#define MARK_LENGTH 3

static const char byte_order_mark[MARK_LENGTH] = {'\xef', '\xbb', '\xbf'};

/* --- fields ------------------------------------------------------------- */

static bool is_equal(struct text text, const char *word)
{
	return text.length == strlen(word) && memcmp(text.bytes, word, text.length) == 0;
}

static void set_buffer(struct buffer *buffer, struct text text)
{
	buffer_clear(buffer);
	buffer_append(buffer, text.bytes, text.length);
}

static void take_data(struct sse_reader *reader, struct text value)
{
	/* The line feed behind each line of data does not count for the last one. */
	if (reader->data.length + value.length > SSE_READER_EVENT_MAX) {
		reader->is_event_too_long = true;
	}
	if (!reader->is_event_too_long) {
		buffer_append(&reader->data, value.bytes, value.length);
		buffer_append_byte(&reader->data, '\n');
	}
}

/* A type that is cut is not one that anybody asks for. */
static void take_type(struct sse_reader *reader, struct text value)
{
	reader->type_length =
	    value.length < SSE_READER_TYPE_MAX ? value.length : SSE_READER_TYPE_MAX;
	memcpy(reader->type, value.bytes, reader->type_length);
}

static void take_retry(struct sse_reader *reader, struct text value)
{
	uint64_t retry_ms = 0;

	for (size_t i = 0; i < value.length; i++) {
		if (value.bytes[i] < '0' || value.bytes[i] > '9') {
			return;
		}
		retry_ms = retry_ms * 10 + (uint64_t)(value.bytes[i] - '0');
		if (retry_ms > SSE_READER_RETRY_MAX_MS) {
			retry_ms = SSE_READER_RETRY_MAX_MS;
		}
	}
	if (value.length > 0) {
		reader->retry_ms = (uint32_t)retry_ms;
	}
}

static void take_field(struct sse_reader *reader, struct text name, struct text value)
{
	if (is_equal(name, "data")) {
		take_data(reader, value);
	} else if (is_equal(name, "event")) {
		take_type(reader, value);
	} else if (is_equal(name, "id") && sse_reader_id_is_valid(value)) {
		set_buffer(&reader->id, value);
	} else if (is_equal(name, "retry")) {
		take_retry(reader, value);
	}
}

static void take_line(struct sse_reader *reader)
{
	struct text name = {reader->line.bytes, reader->line.length};
	const char *colon = memchr(name.bytes, ':', name.length);
	struct text value = {name.bytes + name.length, 0};

	if (colon != NULL) {
		value.bytes = colon + 1;
		value.length = (size_t)(name.bytes + name.length - value.bytes);
		name.length = (size_t)(colon - name.bytes);
	}
	if (value.length > 0 && value.bytes[0] == ' ') {
		value.bytes++;
		value.length--;
	}
	if (!reader->is_line_too_long) {
		take_field(reader, name, value);
	} else if (colon == NULL || name.length > 0) {
		reader->is_event_too_long = true; /* no comment: something is missing now */
	}
}

/* --- events ------------------------------------------------------------- */

static void forget_event(struct sse_reader *reader)
{
	buffer_clear(&reader->data);
	reader->type_length = 0;
	reader->is_event_too_long = false;
}

/* An empty line.  What is lent stays until the next line is read. */
static enum sse_reader_outcome end_event(struct sse_reader *reader, struct sse_reader_event *event)
{
	enum sse_reader_outcome outcome = SSE_READER_MORE;

	set_buffer(&reader->last_id, (struct text){reader->id.bytes, reader->id.length});
	*event = (struct sse_reader_event){.type = {reader->type, reader->type_length}};
	if (reader->type_length == 0) {
		event->type = (struct text){"message", strlen("message")};
	}
	if (reader->is_event_too_long) {
		outcome = SSE_READER_TOO_LONG;
	} else if (reader->data.length > 0) {
		event->data = (struct text){reader->data.bytes, reader->data.length - 1};
		outcome = SSE_READER_EVENT;
	}
	forget_event(reader);
	return outcome;
}

static enum sse_reader_outcome end_line(struct sse_reader *reader, struct sse_reader_event *event)
{
	enum sse_reader_outcome outcome = SSE_READER_MORE;

	if (reader->line.length == 0) {
		outcome = end_event(reader, event);
	} else {
		take_line(reader);
	}
	buffer_clear(&reader->line);
	reader->is_line_too_long = false;
	return outcome;
}

/* --- lines -------------------------------------------------------------- */

static void append_to_line(struct sse_reader *reader, const char *bytes, size_t length)
{
	size_t room = SSE_READER_LINE_MAX - reader->line.length;

	if (length > room) {
		reader->is_line_too_long = true;
		length = room;
	}
	buffer_append(&reader->line, bytes, length);
}

static void move(struct text *bytes, size_t length)
{
	bytes->bytes += length;
	bytes->length -= length;
}

/* One byte order mark may stand in front of the stream, itself cut anywhere. */
static void skip_mark(struct sse_reader *reader, struct text *bytes)
{
	while (reader->mark_length < MARK_LENGTH && bytes->length > 0) {
		if (bytes->bytes[0] != byte_order_mark[reader->mark_length]) {
			append_to_line(reader, byte_order_mark, reader->mark_length);
			reader->mark_length = MARK_LENGTH;
			return;
		}
		reader->mark_length++;
		move(bytes, 1);
	}
}

static void skip_line_feed(struct sse_reader *reader, struct text *bytes)
{
	if (reader->has_carriage_return && bytes->length > 0) {
		reader->has_carriage_return = false;
		if (bytes->bytes[0] == '\n') {
			move(bytes, 1);
		}
	}
}

/* A plain loop: two searches would go over a response of nothing but CRs again and again. */
static size_t length_to_end_of_line(struct text bytes)
{
	size_t length = 0;

	while (length < bytes.length && bytes.bytes[length] != '\n' &&
	       bytes.bytes[length] != '\r') {
		length++;
	}
	return length;
}

enum sse_reader_outcome sse_reader_next(struct sse_reader *reader, struct text *bytes,
                                        struct sse_reader_event *event)
{
	enum sse_reader_outcome outcome = SSE_READER_MORE;

	skip_mark(reader, bytes);
	skip_line_feed(reader, bytes);
	while (outcome == SSE_READER_MORE && bytes->length > 0) {
		size_t length = length_to_end_of_line(*bytes);

		append_to_line(reader, bytes->bytes, length);
		move(bytes, length);
		if (bytes->length > 0) {
			reader->has_carriage_return = bytes->bytes[0] == '\r';
			move(bytes, 1);
			outcome = end_line(reader, event);
			skip_line_feed(reader, bytes);
		}
	}
	return outcome;
}

/* --- life --------------------------------------------------------------- */

void sse_reader_init(struct sse_reader *reader, struct text last_id)
{
	*reader = (struct sse_reader){0};
	set_buffer(&reader->id, last_id);
	set_buffer(&reader->last_id, last_id);
}

void sse_reader_finish(struct sse_reader *reader)
{
	buffer_finish(&reader->line);
	buffer_finish(&reader->data);
	buffer_finish(&reader->id);
	buffer_finish(&reader->last_id);
}

void sse_reader_begin(struct sse_reader *reader)
{
	forget_event(reader);
	buffer_clear(&reader->line);
	set_buffer(&reader->id, sse_reader_last_id(reader));
	reader->is_line_too_long = false;
	reader->has_carriage_return = false;
	reader->mark_length = 0;
}

struct text sse_reader_last_id(const struct sse_reader *reader)
{
	return (struct text){reader->last_id.bytes, reader->last_id.length};
}

uint32_t sse_reader_retry_ms(const struct sse_reader *reader)
{
	return reader->retry_ms;
}

bool sse_reader_id_is_valid(struct text id)
{
	if (id.length > SSE_READER_ID_MAX) {
		return false;
	}
	for (size_t i = 0; i < id.length; i++) {
		if (id.bytes[i] == '\0' || id.bytes[i] == '\r' || id.bytes[i] == '\n') {
			return false;
		}
	}
	return true;
}
