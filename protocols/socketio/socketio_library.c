/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_library.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/buffer.h"
#include "server/base/memory.h"

#define READ_BYTES 65536

/* FNV-1a: tells one release of the library from another, and is the same after a restart. */
static uint64_t hash(const struct buffer *bytes)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < bytes->length; i++) {
		value = (value ^ (unsigned char)bytes->bytes[i]) * UINT64_C(0x100000001b3);
	}
	return value;
}

/* More than SOCKETIO_LIBRARY_MAX bytes are not read to their end. */
static bool read_all(FILE *stream, struct buffer *out)
{
	char *piece = mem_zeroed(READ_BYTES);
	size_t length;

	do {
		length = fread(piece, 1, READ_BYTES, stream);
		buffer_append(out, piece, length);
	} while (length > 0 && out->length <= SOCKETIO_LIBRARY_MAX);
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
	} else if (out->length > SOCKETIO_LIBRARY_MAX) {
		error_set(error, "\"%s\" has more than %d bytes", file, SOCKETIO_LIBRARY_MAX);
	}
	(void)fclose(stream);
	return is_read && out->length > 0 && out->length <= SOCKETIO_LIBRARY_MAX;
}

/* Any page may load it, and keeps it for an hour; then it asks whether that is still the one. */
static void write_fields(struct socketio_library *library)
{
	(void)snprintf(library->etag, sizeof(library->etag), "\"%016" PRIx64 "\"",
	               hash(&library->bytes));
	buffer_printf(&library->fields,
	              "Cache-Control: public, max-age=3600\r\nETag: %s\r\n"
	              "Access-Control-Allow-Origin: *\r\nX-Content-Type-Options: nosniff\r\n",
	              library->etag);
	buffer_append_byte(&library->fields, '\0');
}

struct socketio_library *socketio_library_load(const char *file, struct error *error)
{
	struct socketio_library *library = mem_new(struct socketio_library);

	if (!read_file(file, &library->bytes, error)) {
		socketio_library_destroy(library);
		return NULL;
	}
	write_fields(library);
	return library;
}

void socketio_library_destroy(struct socketio_library *library)
{
	if (library != NULL) {
		buffer_finish(&library->bytes);
		buffer_finish(&library->fields);
		free(library);
	}
}
