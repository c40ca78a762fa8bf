/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_answer.h"

#include <stdbool.h>
#include <string.h>

#include "protocols/http/http_exchange.h"
#include "server/base/buffer.h"

/* What is echoed into a field of the answer cannot end it: visible ASCII only. */
static bool is_origin(struct text origin)
{
	for (size_t i = 0; i < origin.length; i++) {
		if (origin.bytes[i] <= ' ' || origin.bytes[i] > '~') {
			return false;
		}
	}
	return origin.length > 0 && origin.length <= SOCKETIO_ORIGIN_MAX;
}

static void add_cors_fields(const struct http_exchange *exchange, struct buffer *fields)
{
	struct text origin = http_request_field(http_exchange_request(exchange), "Origin");

	if (!is_origin(origin)) {
		return;
	}
	buffer_append_text(fields, "Access-Control-Allow-Origin: ");
	buffer_append(fields, origin.bytes, origin.length);
	buffer_append_text(fields, "\r\nAccess-Control-Allow-Credentials: true\r\n");
}

static void respond(struct http_exchange *exchange, struct http_response *response,
                    const char *more_fields)
{
	struct buffer fields = {0};

	add_cors_fields(exchange, &fields);
	buffer_append_text(&fields, more_fields);
	buffer_append_byte(&fields, '\0');
	response->fields = fields.bytes;
	http_respond(exchange, response);
	buffer_finish(&fields);
}

void socketio_answer_body(struct http_exchange *exchange, unsigned status, const char *content_type,
                          struct text body)
{
	struct http_response response = {
	    .status = status,
	    .content_type = content_type,
	    .body = body,
	};

	respond(exchange, &response, "");
}

void socketio_answer_text(struct http_exchange *exchange, unsigned status, const char *text)
{
	socketio_answer_body(exchange, status, SOCKETIO_PLAIN,
	                     (struct text){.bytes = text, .length = strlen(text)});
}

struct http_stream *socketio_answer_stream(struct http_exchange *exchange, const char *content_type,
                                           struct text body, void *owner,
                                           http_stream_gone_fn *on_gone)
{
	struct http_response response = {
	    .status = 200,
	    .content_type = content_type,
	    .body = body,
	};
	struct buffer fields = {0};
	struct http_stream *stream;

	add_cors_fields(exchange, &fields);
	buffer_append_byte(&fields, '\0');
	response.fields = fields.bytes;
	stream = http_stream_begin(exchange, &response, owner, on_gone);
	buffer_finish(&fields);
	return stream;
}

void socketio_answer_method(struct http_exchange *exchange)
{
	static const char text[] = "GET, POST or OPTIONS was expected";
	struct http_response response = {
	    .status = 405,
	    .content_type = SOCKETIO_PLAIN,
	    .body = {.bytes = text, .length = sizeof(text) - 1},
	};

	respond(exchange, &response, "Allow: GET, POST, OPTIONS\r\n");
}

void socketio_answer_preflight(struct http_exchange *exchange)
{
	struct http_response response = {.status = 200};

	respond(exchange, &response,
	        "Access-Control-Allow-Methods: POST, GET, OPTIONS\r\n"
	        "Access-Control-Allow-Headers: Content-Type\r\n"
	        "Access-Control-Max-Age: 3600\r\n");
}
