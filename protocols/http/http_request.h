/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_REQUEST_H
#define PROTOCOLS_HTTP_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * One request, parsed and whole: plain memory that refers to no connection, so
 * that it can travel to another worker with it.
 *
 * Threads: its owner's.
 */
enum http_method {
	HTTP_METHOD_GET,
	HTTP_METHOD_HEAD,
	HTTP_METHOD_POST,
	HTTP_METHOD_OPTIONS,
	HTTP_METHOD_OTHER,
};

struct http_field {
	struct text name;
	struct text value; /* without white space around it; may be empty, never NULL */
};

struct http_request {
	enum http_method method;
	unsigned minor_version; /* of HTTP/1: 0 or 1 */
	bool keep_alive;        /* the client wants, and the message allows, another request */
	bool is_upgrade;        /* a well-formed GET that asks for Upgrade: websocket */
	struct text path;       /* as sent, up to '?'; begins with '/', but for "OPTIONS *" */
	struct text query;      /* behind the '?'; NULL bytes without one */
	struct text body;       /* NULL bytes without one */
	struct http_field *fields;
	size_t field_count;
	struct buffer head;    /* what path, query and fields point into */
	struct buffer content; /* what body points into */
};

/* Free it.  NULL does nothing. */
void http_request_destroy(struct http_request *request);

/* Lends the value of the first field of this name (any case); NULL bytes without one. */
struct text http_request_field(const struct http_request *request, const char *name);

/* How many fields have this name (any case). */
size_t http_request_field_count(const struct http_request *request, const char *name);

/*
 * A walk over what the fields of one name list together, in order (RFC 9110 §5.6.1).
 * Set `request` and `name`, and leave the rest zero.
 */
struct http_request_list {
	const struct http_request *request; /* lent, and so is the name */
	const char *name;                   /* any case */
	size_t next_field;
	struct text rest; /* of the field that is being walked */
};

/*
 * Lends the next element, without white space around it; empty ones are passed over.
 * False behind the last.
 */
bool http_request_list_next(struct http_request_list *list, struct text *element);

/*
 * Whether a field of this name, in any of its lines, lists `token` (any case), as in
 * "Connection: keep-alive, Upgrade" (RFC 9110 §5.6.1).
 */
bool http_request_field_lists(const struct http_request *request, const char *name,
                              const char *token);

/*
 * Lends the raw value of the first parameter of this name in the query, NULL bytes without
 * one; "a" in "?a" and "?a=" has an empty value.
 */
struct text http_request_parameter(const struct http_request *request, const char *name);

/* Lends the text without the blanks around it (OWS, RFC 9110 §5.6.3). */
struct text http_request_trim(struct text text);

/* Whether `text` is `word`, without regard to ASCII case. */
bool http_request_text_is(struct text text, const char *word);

#endif
