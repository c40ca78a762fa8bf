/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".new"
#define PIECE  4096

/* --- reading ------------------------------------------------------------ */

/* A piece over the limit at the most, so that a file over it is seen to be. */
static bool read_whole(int descriptor, struct buffer *out)
{
	while (out->length <= STATE_FILE_MAX) {
		ssize_t got = read(descriptor, buffer_reserve(out, PIECE), PIECE);

		if (got == 0) {
			return true;
		}
		if (got < 0 && errno != EINTR) {
			return false;
		}
		out->length += got > 0 ? (size_t)got : 0;
	}
	return true;
}

enum state_file_outcome state_file_read(const char *file, struct buffer *content,
                                        struct error *error)
{
	int descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum state_file_outcome outcome = STATE_FILE_READ;

	buffer_clear(content);
	if (descriptor < 0 && errno == ENOENT) {
		return STATE_FILE_ABSENT;
	}
	if (descriptor < 0 || !read_whole(descriptor, content)) {
		error_set(error, "%s: %s", file, strerror(errno));
		outcome = STATE_FILE_UNREADABLE;
	} else if (content->length > STATE_FILE_MAX) {
		error_set(error, "%s: is larger than %d bytes", file, STATE_FILE_MAX);
		outcome = STATE_FILE_UNREADABLE;
	}
	if (outcome != STATE_FILE_READ) {
		buffer_clear(content);
	}
	if (descriptor >= 0) {
		(void)close(descriptor);
	}
	return outcome;
}

/* --- writing ------------------------------------------------------------ */

static bool write_whole(int descriptor, struct text text)
{
	while (text.length > 0) {
		ssize_t written = write(descriptor, text.bytes, text.length);

		if (written < 0 && errno != EINTR) {
			return false;
		}
		text.bytes += written > 0 ? written : 0;
		text.length -= written > 0 ? (size_t)written : 0;
	}
	return true;
}

/* Make a new file of this content that is on the disk when this returns. */
static bool create_synced(const char *file, struct text text)
{
	int descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool is_written;
	int fault;

	if (descriptor < 0) {
		return false;
	}
	is_written = write_whole(descriptor, text) && fdatasync(descriptor) == 0;
	fault = errno;
	is_written = close(descriptor) == 0 && is_written;
	errno = is_written ? 0 : fault;
	return is_written;
}

bool state_file_write(const char *file, struct text content, struct error *error)
{
	struct buffer name = {0};
	bool is_written;
	char *new_file;

	buffer_printf(&name, "%s" SUFFIX, file);
	new_file = buffer_take(&name, NULL);
	is_written = create_synced(new_file, content) && rename(new_file, file) == 0;
	if (!is_written) {
		error_set(error, "%s: %s", new_file, strerror(errno));
		(void)unlink(new_file);
	}
	free(new_file);
	return is_written;
}
