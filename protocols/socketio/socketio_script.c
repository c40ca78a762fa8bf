/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_script.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/buffer.h"
#include "server/base/memory.h"

#define READ_BYTES 65536

#define ETAG_MAX 32

struct socketio_script {
	struct buffer bytes;
	char etag[ETAG_MAX];
	struct buffer fields; /* of every answer that stands for the script, NUL-terminated */
};

/* A worker's endpoint. */
struct endpoint {
	const struct socketio_script *script; /* NULL: none */
};

/* --- loading -------------------------------------------------------------- */

/* FNV-1a: tells one release of the library from another, and is the same after a restart. */
static uint64_t hash(const struct buffer *bytes)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < bytes->length; i++) {
		value = (value ^ (unsigned char)bytes->bytes[i]) * UINT64_C(0x100000001b3);
	}
	return value;
}

/* Up to one byte more than there may be. */
static bool read_all(FILE *stream, struct buffer *out)
{
	char *piece = mem_zeroed(READ_BYTES);
	size_t length;

	do {
		length = fread(piece, 1, READ_BYTES, stream);
		buffer_append(out, piece, length);
	} while (length > 0 && out->length <= SOCKETIO_SCRIPT_MAX);
	free(piece);
	return ferror(stream) == 0;
}

static bool read_file(const char *file, struct buffer *out, struct error *error)
{
	FILE *stream = fopen(file, "re");
	bool is_read;

	if (stream == NULL) {
		error_set(error, "cannot read \"%s\": %s", file, strerror(errno));
		return false;
	}
	errno = 0;
	is_read = read_all(stream, out);
	if (!is_read) {
		error_set(error, "cannot read \"%s\": %s", file, strerror(errno));
	} else if (out->length == 0) {
		error_set(error, "\"%s\" is empty", file);
	} else if (out->length > SOCKETIO_SCRIPT_MAX) {
		error_set(error, "\"%s\" has more than %d bytes", file, SOCKETIO_SCRIPT_MAX);
	}
	(void)fclose(stream);
	return is_read && out->length > 0 && out->length <= SOCKETIO_SCRIPT_MAX;
}

/* Any page may load it, and keeps it for an hour; then it asks whether that is still the one. */
static void write_fields(struct socketio_script *script)
{
	(void)snprintf(script->etag, sizeof(script->etag), "\"%016" PRIx64 "\"",
	               hash(&script->bytes));
	buffer_printf(&script->fields,
	              "Cache-Control: public, max-age=3600\r\nETag: %s\r\n"
	              "Access-Control-Allow-Origin: *\r\nX-Content-Type-Options: nosniff\r\n",
	              script->etag);
	buffer_append_byte(&script->fields, '\0');
}

struct socketio_script *socketio_script_load(const char *file, struct error *error)
{
	struct socketio_script *script = mem_new(struct socketio_script);

	if (!read_file(file, &script->bytes, error)) {
		socketio_script_destroy(script);
		return NULL;
	}
	write_fields(script);
	return script;
}

void socketio_script_destroy(struct socketio_script *script)
{
	if (script != NULL) {
		buffer_finish(&script->bytes);
		buffer_finish(&script->fields);
		free(script);
	}
}

/* --- the endpoint --------------------------------------------------------- */

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

void socketio_script_on_request(void *state, struct http_exchange *exchange)
{
	const struct endpoint *endpoint = state;
	const struct socketio_script *script = endpoint->script;
	const struct http_request *request = http_exchange_request(exchange);
	struct http_response response = {.status = 200};

	if (script == NULL) {
		http_respond_status(exchange, 404);
		return;
	}
	response.fields = script->fields.bytes;
	if (request->method == HTTP_METHOD_OPTIONS) {
		response = (struct http_response){.status = 204,
		                                  .fields = "Allow: GET, HEAD, OPTIONS\r\n"};
	} else if (has_it(request, script->etag)) {
		response.status = 304;
	} else {
		response.content_type = "text/javascript; charset=UTF-8";
		response.body.bytes = script->bytes.bytes;
		response.body.length = script->bytes.length;
	}
	http_respond(exchange, &response);
}

void *socketio_script_start(const struct front_end_env *env)
{
	struct endpoint *endpoint = mem_new(struct endpoint);

	endpoint->script = env->socketio_script;
	return endpoint;
}

void socketio_script_end(void *state)
{
	free(state);
}
