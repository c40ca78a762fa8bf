/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llhttp reads each head in one go, from the memory where it stays: its spans become
 * the request's texts without a copy.  It begins anew with each request, so it
 * never sees two, and what it thinks of keeping alive across them does not matter.
 */
#include "protocols/http/http_reader.h"

#include <string.h>

#include "protocols/http/http_rules.h"
#include "server/base/memory.h"

/*
 * Bytes that may be sent for one byte of a chunked body: the smallest chunk, "1" CR LF "x"
 * CR LF, has six.
 */
#define CHUNKED_OVERHEAD 6

static void refuse(struct http_reader *reader, unsigned status)
{
	reader->state = HTTP_READER_REFUSED;
	reader->status = status;
}

/* --- llhttp's callbacks ------------------------------------------------- */

static int on_url(llhttp_t *llhttp, const char *bytes, size_t length)
{
	struct http_reader *reader = llhttp->data;

	if (reader->target.bytes == NULL) {
		reader->target.bytes = bytes;
	}
	reader->target.length += length;
	return 0;
}

/* A name may come in pieces that adjoin; a value after it begins the next field. */
static int on_header_field(llhttp_t *llhttp, const char *bytes, size_t length)
{
	struct http_reader *reader = llhttp->data;
	struct http_request *request = reader->request;

	if (reader->state == HTTP_READER_BODY) {
		return -1; /* a trailer: nobody needs one, and it could contradict the head */
	}
	if (request->field_count == 0 || reader->has_value) {
		require(request->field_count < reader->lines);
		request->fields[request->field_count].name.bytes = bytes;
		request->field_count++;
		reader->has_value = false;
	}
	request->fields[request->field_count - 1].name.length += length;
	return 0;
}

static int on_header_value(llhttp_t *llhttp, const char *bytes, size_t length)
{
	struct http_reader *reader = llhttp->data;
	struct http_request *request = reader->request;

	require(request->field_count > 0);
	if (!reader->has_value) {
		request->fields[request->field_count - 1].value.bytes = bytes;
		reader->has_value = true;
	}
	request->fields[request->field_count - 1].value.length += length;
	return 0;
}

/*
 * What frames the chunks, which is all that llhttp does not hand to on_body(): its lines end as
 * those of the head do.  llhttp 8 takes a bare LF for the last one.
 */
static bool check_framing(struct http_reader *reader, const char *end)
{
	for (; reader->framing < end; reader->framing++) {
		char byte = *reader->framing;

		if ((byte == '\n') != reader->after_cr || byte == '\0') {
			refuse(reader, 400);
			return false;
		}
		reader->after_cr = byte == '\r';
	}
	return true;
}

static int on_body(llhttp_t *llhttp, const char *bytes, size_t length)
{
	struct http_reader *reader = llhttp->data;

	if (!check_framing(reader, bytes)) {
		return -1;
	}
	reader->framing = bytes + length;
	if (length > reader->limits->body_bytes - reader->request->content.length) {
		refuse(reader, 413);
		return -1;
	}
	buffer_append(&reader->request->content, bytes, length);
	return 0;
}

static int on_message_complete(llhttp_t *llhttp)
{
	struct http_reader *reader = llhttp->data;

	reader->is_complete = true;
	return HPE_PAUSED;
}

/* Both are read before on_message_complete(), which clears them. */
static int on_headers_complete(llhttp_t *llhttp)
{
	struct http_reader *reader = llhttp->data;

	reader->request->keep_alive = llhttp_should_keep_alive(llhttp) != 0;
	reader->request->minor_version = llhttp->http_minor;
	return 0;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* --- the head ----------------------------------------------------------- */

static enum http_method method_of(const llhttp_t *llhttp)
{
	switch (llhttp->method) {
	case HTTP_GET:
		return HTTP_METHOD_GET;
	case HTTP_HEAD:
		return HTTP_METHOD_HEAD;
	case HTTP_POST:
		return HTTP_METHOD_POST;
	case HTTP_OPTIONS:
		return HTTP_METHOD_OPTIONS;
	default:
		return HTTP_METHOD_OTHER;
	}
}

static struct text request_line(const struct http_request *request)
{
	const char *end = memchr(request->head.bytes, '\r', request->head.length);

	require(end != NULL);
	return (struct text){
	    .bytes = request->head.bytes,
	    .length = (size_t)(end - request->head.bytes),
	};
}

/* llhttp leaves blanks behind a value; an empty one it may not tell at all. */
static void trim_values(struct http_request *request)
{
	for (size_t i = 0; i < request->field_count; i++) {
		struct text *value = &request->fields[i].value;

		if (value->bytes == NULL) {
			value->bytes = "";
		}
		while (value->length > 0 && (value->bytes[value->length - 1] == ' ' ||
		                             value->bytes[value->length - 1] == '\t')) {
			value->length--;
		}
	}
}

static unsigned run_llhttp(struct http_reader *reader)
{
	struct http_request *request = reader->request;
	llhttp_errno_t result;

	llhttp_init(&reader->llhttp, HTTP_REQUEST, &settings);
	reader->llhttp.data = reader;
	result = llhttp_execute(&reader->llhttp, request->head.bytes, request->head.length);
	if (result == HPE_INVALID_METHOD || reader->llhttp.method == HTTP_CONNECT) {
		return 501;
	}
	if (result != HPE_OK && result != HPE_PAUSED && result != HPE_PAUSED_UPGRADE) {
		return 400;
	}
	return 0;
}

/* RFC 6455 §4.1: a GET of HTTP/1.1, without a body. */
static bool is_upgrade(const struct http_request *request, bool has_body)
{
	return request->method == HTTP_METHOD_GET && request->minor_version == 1 && !has_body &&
	       http_request_field_lists(request, "Connection", "upgrade") &&
	       http_request_field_lists(request, "Upgrade", "websocket");
}

static unsigned parse_head(struct http_reader *reader)
{
	struct http_request *request = reader->request;
	unsigned status = http_rules_check_line(request_line(request));

	if (status == 0 && reader->lines > HTTP_FIELDS_MAX + 1) {
		status = 431;
	}
	if (status != 0) {
		return status;
	}
	request->fields = mem_zeroed(reader->lines * sizeof(request->fields[0]));
	status = run_llhttp(reader);
	if (status != 0) {
		return status;
	}
	trim_values(request);
	request->method = method_of(&reader->llhttp);
	if (!http_rules_split_target(request, reader->target)) {
		return 400;
	}
	request->is_upgrade = is_upgrade(request, !reader->is_complete);
	return http_rules_check_fields(request);
}

static void end_head(struct http_reader *reader)
{
	unsigned status = parse_head(reader);

	if (status == 0 && !reader->is_complete &&
	    reader->llhttp.content_length > reader->limits->body_bytes) {
		status = 413;
	}
	if (status != 0) {
		refuse(reader, status);
	} else {
		reader->state = reader->is_complete ? HTTP_READER_WHOLE : HTTP_READER_BODY;
	}
}

/*
 * One byte of the head.  Lines end in CR LF and hold neither elsewhere (RFC 9112 §2.2),
 * no NUL, and begin with no blank: that would be a folded line (§5.2).
 */
static void take_head_byte(struct http_reader *reader, char byte)
{
	struct buffer *head = &reader->request->head;
	bool after_cr = head->length > 0 && head->bytes[head->length - 1] == '\r';

	if ((byte == '\n') != after_cr || byte == '\0' ||
	    (reader->line_length == 0 && (byte == ' ' || byte == '\t'))) {
		refuse(reader, 400);
		return;
	}
	if (head->length == reader->limits->head_bytes) {
		refuse(reader, reader->lines == 0 ? 414 : 431);
		return;
	}
	buffer_append_byte(head, byte);
	if (byte == '\r') {
		return;
	}
	if (byte != '\n') {
		reader->line_length++;
	} else if (reader->line_length > 0) {
		reader->lines++;
		reader->line_length = 0;
	} else if (reader->lines > 0) {
		end_head(reader);
	} else {
		http_reader_finish(reader); /* RFC 9112 §2.2: an empty line before a request */
	}
}

static size_t take_head(struct http_reader *reader, const char *bytes, size_t length)
{
	size_t taken = 0;

	while (taken < length && reader->state == HTTP_READER_HEAD) {
		take_head_byte(reader, bytes[taken]);
		taken++;
	}
	return taken;
}

/* --- the body ----------------------------------------------------------- */

static size_t take_body(struct http_reader *reader, const char *bytes, size_t length)
{
	llhttp_errno_t result;
	size_t taken = length;

	reader->framing = bytes;
	result = llhttp_execute(&reader->llhttp, bytes, length);
	if (reader->is_complete) {
		taken = (size_t)(llhttp_get_error_pos(&reader->llhttp) - bytes);
	}
	if (reader->state == HTTP_READER_REFUSED || !check_framing(reader, bytes + taken)) {
		return taken;
	}
	if (reader->is_complete) {
		reader->request->body = (struct text){
		    .bytes = reader->request->content.bytes,
		    .length = reader->request->content.length,
		};
		reader->state = HTTP_READER_WHOLE;
	} else if (result != HPE_OK) {
		refuse(reader, 400);
	}
	reader->body_wire += taken;
	if (reader->state == HTTP_READER_BODY &&
	    reader->body_wire >
	        reader->limits->head_bytes + CHUNKED_OVERHEAD * reader->limits->body_bytes) {
		refuse(reader, 413);
	}
	return taken;
}

/* --- the reader --------------------------------------------------------- */

void http_reader_init(struct http_reader *reader, const struct http_limits *limits)
{
	*reader = (struct http_reader){.state = HTTP_READER_IDLE, .limits = limits};
}

void http_reader_finish(struct http_reader *reader)
{
	http_request_destroy(reader->request);
	http_reader_init(reader, reader->limits);
}

size_t http_reader_take(struct http_reader *reader, const char *bytes, size_t length)
{
	if (reader->state == HTTP_READER_IDLE && length > 0) {
		reader->request = mem_new(struct http_request);
		reader->state = HTTP_READER_HEAD;
	}
	if (reader->state == HTTP_READER_HEAD) {
		return take_head(reader, bytes, length);
	}
	require(reader->state == HTTP_READER_BODY);
	return take_body(reader, bytes, length);
}

bool http_reader_wants_continue(const struct http_reader *reader)
{
	return reader->request->minor_version == 1 &&
	       http_request_field(reader->request, "Expect").bytes != NULL;
}

struct http_request *http_reader_give(struct http_reader *reader)
{
	struct http_request *request = reader->request;

	require(reader->state == HTTP_READER_WHOLE);
	reader->request = NULL;
	http_reader_init(reader, reader->limits);
	return request;
}
