/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_rules.h"

#include <string.h>
#include <strings.h>

#include "server/base/memory.h"

#define VERSION_LENGTH 8 /* "HTTP/1.1" */

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_alphanumeric(char byte)
{
	return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_one_of(char byte, const char *others)
{
	return byte != '\0' && strchr(others, byte) != NULL;
}

/* RFC 9110 §5.6.2: a token is one or more tchar. */
static bool is_token(struct text text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (!is_alphanumeric(text.bytes[i]) &&
		    !is_one_of(text.bytes[i], "!#$%&'*+-.^_`|~")) {
			return false;
		}
	}
	return text.length > 0;
}

/* --- the request line --------------------------------------------------- */

static unsigned check_version(const char *version)
{
	if (memcmp(version, "HTTP/", 5) != 0 || !is_digit(version[5]) || version[6] != '.' ||
	    !is_digit(version[7])) {
		return 400;
	}
	return version[5] == '1' && version[7] <= '1' ? 0 : 505;
}

/* What llhttp allows in a target depends on how it was built: only ASCII that is visible. */
static bool is_visible(struct text text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (text.bytes[i] <= ' ' || text.bytes[i] > '~') {
			return false;
		}
	}
	return text.length > 0;
}

unsigned http_rules_check_line(struct text line)
{
	const char *space = memchr(line.bytes, ' ', line.length);
	struct text method;
	struct text target;

	if (space == NULL) {
		return 400;
	}
	method = (struct text){.bytes = line.bytes, .length = (size_t)(space - line.bytes)};
	target = (struct text){.bytes = space + 1, .length = line.length - method.length - 1};
	if (!is_token(method) || target.length < VERSION_LENGTH + 2 ||
	    target.bytes[target.length - VERSION_LENGTH - 1] != ' ') {
		return 400;
	}
	target.length -= VERSION_LENGTH + 1;
	if (!is_visible(target)) {
		return 400;
	}
	return check_version(target.bytes + target.length + 1);
}

/* RFC 9112 §3.2.2: "http://host/path"; the host is the connection's anyway. */
static bool skip_origin(struct text *target)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t length = strlen(schemes[i]);

		if (target->length > length &&
		    strncasecmp(target->bytes, schemes[i], length) == 0) {
			target->bytes += length;
			target->length -= length;
			while (target->length > 0 && !is_one_of(target->bytes[0], "/?")) {
				target->bytes++;
				target->length--;
			}
			return true;
		}
	}
	return false;
}

bool http_rules_split_target(struct http_request *request, struct text target)
{
	const char *question;

	if (http_request_text_is(target, "*")) {
		request->path = target;
		return request->method == HTTP_METHOD_OPTIONS;
	}
	if (target.length > 0 && target.bytes[0] != '/' && !skip_origin(&target)) {
		return false;
	}
	if (target.length > 0 && memchr(target.bytes, '#', target.length) != NULL) {
		return false;
	}
	request->path = target;
	question = target.length > 0 ? memchr(target.bytes, '?', target.length) : NULL;
	if (question != NULL) {
		request->path.length = (size_t)(question - target.bytes);
		request->query.bytes = question + 1;
		request->query.length = target.length - request->path.length - 1;
	}
	if (request->path.length == 0) {
		request->path = (struct text){.bytes = "/", .length = 1};
	}
	return true;
}

/* --- the fields --------------------------------------------------------- */

/* RFC 9110 §5.1, §5.5: a name is a token; a value holds no control characters but tabs. */
static bool is_well_formed(const struct http_field *field)
{
	for (size_t i = 0; i < field->value.length; i++) {
		unsigned char byte = (unsigned char)field->value.bytes[i];

		if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
			return false;
		}
	}
	return is_token(field->name);
}

/* RFC 9112 §3.2: one Host in HTTP/1.1, never two; RFC 3986 §3.2: what an authority is made of. */
static bool has_good_host(const struct http_request *request)
{
	size_t count = http_request_field_count(request, "Host");
	struct text host = http_request_field(request, "Host");

	for (size_t i = 0; i < host.length; i++) {
		if (!is_alphanumeric(host.bytes[i]) &&
		    !is_one_of(host.bytes[i], "-._~%!$&'()*+,;=:[]")) {
			return false;
		}
	}
	return count == 1 || (count == 0 && request->minor_version == 0);
}

/*
 * RFC 9112 §6.3: one Content-Length of digits, or, in HTTP/1.1, one Transfer-Encoding
 * that is "chunked"; never both.  Other codings would deserve 501, but who sends
 * one tries something.
 */
static bool has_good_framing(const struct http_request *request)
{
	size_t lengths = http_request_field_count(request, "Content-Length");
	size_t codings = http_request_field_count(request, "Transfer-Encoding");
	struct text length = http_request_field(request, "Content-Length");

	if (lengths + codings > 1) {
		return false;
	}
	if (codings == 1) {
		return request->minor_version == 1 &&
		       http_request_text_is(http_request_field(request, "Transfer-Encoding"),
		                            "chunked");
	}
	for (size_t i = 0; i < length.length; i++) {
		if (!is_digit(length.bytes[i])) {
			return false;
		}
	}
	return lengths == 0 || length.length > 0;
}

unsigned http_rules_check_fields(const struct http_request *request)
{
	struct text expect = http_request_field(request, "Expect");

	for (size_t i = 0; i < request->field_count; i++) {
		if (!is_well_formed(&request->fields[i])) {
			return 400;
		}
	}
	if (!has_good_host(request) || !has_good_framing(request)) {
		return 400;
	}
	/* RFC 9110 §10.1.1: an expectation in HTTP/1.0 is ignored. */
	if (expect.bytes != NULL && request->minor_version == 1 &&
	    !http_request_text_is(expect, "100-continue")) {
		return 417;
	}
	return 0;
}
