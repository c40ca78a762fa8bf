/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_library_page.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/socketio/socketio_library.h"
#include "server/base/memory.h"

/* A worker's endpoint. */
struct endpoint {
	const struct socketio_library *library; /* NULL: none */
};

/* RFC 9110 §13.1.2: "*", or a list of entity tags; that one is weak (W/) does not matter. */
static bool has_it(const struct http_request *request, const char *etag)
{
	struct http_request_list list = {.request = request, .name = "If-None-Match"};
	struct text tag;

	while (http_request_list_next(&list, &tag)) {
		if (tag.length > 2 && memcmp(tag.bytes, "W/", 2) == 0) {
			tag.bytes += 2;
			tag.length -= 2;
		}
		if (http_request_text_is(tag, "*") || http_request_text_is(tag, etag)) {
			return true;
		}
	}
	return false;
}

void socketio_library_page_on_request(void *state, struct http_exchange *exchange)
{
	const struct endpoint *endpoint = state;
	const struct socketio_library *library = endpoint->library;
	const struct http_request *request = http_exchange_request(exchange);
	struct http_response response = {.status = 200};

	if (library == NULL) {
		http_respond_status(exchange, 404);
		return;
	}
	response.fields = library->fields.bytes;
	if (request->method == HTTP_METHOD_OPTIONS) {
		response = (struct http_response){.status = 204,
		                                  .fields = "Allow: GET, HEAD, OPTIONS\r\n"};
	} else if (has_it(request, library->etag)) {
		response.status = 304;
	} else {
		response.content_type = "text/javascript; charset=UTF-8";
		response.body.bytes = library->bytes.bytes;
		response.body.length = library->bytes.length;
	}
	http_respond(exchange, &response);
}

void *socketio_library_page_start(const struct front_end_env *env)
{
	struct endpoint *endpoint = mem_new(struct endpoint);

	endpoint->library = env->socketio_library;
	return endpoint;
}

void socketio_library_page_destroy(void *state)
{
	free(state);
}
