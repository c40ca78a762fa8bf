/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_response.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct status_row {
	unsigned status;
	const char *phrase;
} statuses[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {417, "Expectation Failed"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"}, /* RFC 6585 §5 */
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

const char *http_response_phrase(unsigned status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (statuses[i].status == status) {
			return statuses[i].phrase;
		}
	}
	return "Unknown";
}

/* Whether one of the lines of `fields` begins with "Name:". */
static bool has_field(const char *fields, const char *name)
{
	size_t length = strlen(name);

	while (fields != NULL && *fields != '\0') {
		const char *end = strchr(fields, '\n');

		if (strncasecmp(fields, name, length) == 0 && fields[length] == ':') {
			return true;
		}
		fields = end != NULL ? end + 1 : NULL;
	}
	return false;
}

static void write_connection(struct buffer *out, struct http_response_form form)
{
	if (!form.keep_alive) {
		buffer_append_text(out, "Connection: close\r\n");
	} else if (form.minor_version == 0) {
		buffer_append_text(out, "Connection: keep-alive\r\n");
	}
}

static void write_framing(struct buffer *out, const struct http_response *response,
                          struct http_response_form form)
{
	if (!form.is_stream) {
		if (response->status != 204 && response->status != 304) {
			buffer_printf(out, "Content-Length: %zu\r\n", response->body.length);
		}
	} else if (form.minor_version > 0) {
		buffer_append_text(out, "Transfer-Encoding: chunked\r\n");
	}
}

void http_response_write(struct buffer *out, const struct http_response *response,
                         struct http_response_form form)
{
	buffer_printf(out, "HTTP/1.1 %u %s\r\nServer: rcstreamd\r\n", response->status,
	              http_response_phrase(response->status));
	if (response->content_type != NULL) {
		buffer_printf(out, "Content-Type: %s\r\n", response->content_type);
	}
	write_framing(out, response, form);
	if (!has_field(response->fields, "Cache-Control")) {
		buffer_append_text(out, "Cache-Control: no-store\r\n");
	}
	write_connection(out, form);
	if (response->fields != NULL) {
		buffer_append_text(out, response->fields);
	}
	buffer_append_text(out, "\r\n");
	if (!form.is_head && !form.is_stream) {
		buffer_append(out, response->body.bytes, response->body.length);
	}
}
