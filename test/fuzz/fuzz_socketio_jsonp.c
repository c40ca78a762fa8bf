/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/socketio/socketio_jsonp and socketio_script: what a page posts, and gets back. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/socketio/socketio_jsonp.h"
#include "protocols/socketio/socketio_script.h"
#include "server/base/memory.h"
#include "server/base/utf8.h"
#include "test/fuzz/fuzz.h"

#define CALL     "io.j[0]("
#define CALL_END ");"

/* A payload becomes a script that holds it, and nothing but it. */
static void write_back(struct text payload)
{
	struct buffer script = {0};
	json_t *string;

	socketio_jsonp_write((struct text){0}, payload, &script);
	require(script.length <= sizeof(CALL) + sizeof(CALL_END) + 2 + 6 * payload.length);
	require(memcmp(script.bytes, CALL, strlen(CALL)) == 0);
	string =
	    json_loadb(script.bytes + strlen(CALL), script.length - strlen(CALL) - strlen(CALL_END),
	               JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	require(string != NULL && json_string_length(string) == payload.length);
	require(payload.length == 0 ||
	        memcmp(json_string_value(string), payload.bytes, payload.length) == 0);
	json_decref(string);
	buffer_finish(&script);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);
	struct buffer payload = {0};

	if (socketio_jsonp_read((struct text){copy, size}, &payload)) {
		require(payload.length <= size);
		require(utf8_is_valid(payload.bytes, payload.length));
		write_back((struct text){payload.bytes, payload.length});
	} else {
		require(payload.length == 0);
	}
	buffer_finish(&payload);
	free(copy);
	return 0;
}
