/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/http_head.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char version[] = "HTTP/1.";

/* The value of a field of this name, or NULL; `line` begins with a name. */
static const char *value_of(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncasecmp(line, name, length) != 0 || line[length] != ':') {
		return NULL;
	}
	return line + length + 1 + strspn(line + length + 1, " \t");
}

static void read_field(const char *line, struct http_head *head)
{
	const char *value;

	if ((value = value_of(line, "Content-Length")) != NULL) {
		head->content_length = strtoul(value, NULL, 10);
	} else if ((value = value_of(line, "Transfer-Encoding")) != NULL) {
		head->is_chunked = strncasecmp(value, "chunked", strlen("chunked")) == 0;
	} else if ((value = value_of(line, "Connection")) != NULL) {
		head->is_last = strncasecmp(value, "close", strlen("close")) == 0;
	}
}

enum http_head_result http_head_read(const char *bytes, size_t length, struct http_head *head,
                                     size_t *head_length)
{
	const char *end = memmem(bytes, length, "\r\n\r\n", 4);
	char copy[HTTP_HEAD_MAX + 1];
	char *line;

	*head = (struct http_head){0};
	if (memcmp(bytes, version, length < strlen(version) ? length : strlen(version)) != 0) {
		return HTTP_HEAD_BAD;
	}
	if (end == NULL) {
		return length > HTTP_HEAD_MAX ? HTTP_HEAD_BAD : HTTP_HEAD_PARTIAL;
	}
	*head_length = (size_t)(end + 4 - bytes);
	if (*head_length > HTTP_HEAD_MAX) {
		return HTTP_HEAD_BAD;
	}
	memcpy(copy, bytes, *head_length);
	copy[*head_length] = '\0';
	line = copy + strcspn(copy, " ");
	head->status = (unsigned)strtoul(line, NULL, 10);
	while ((line = strstr(line, "\r\n")) != NULL) {
		line += 2;
		read_field(line, head);
	}
	return HTTP_HEAD_WHOLE;
}
