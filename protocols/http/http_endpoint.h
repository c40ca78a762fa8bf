/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_HTTP_HTTP_ENDPOINT_H
#define PROTOCOLS_HTTP_HTTP_ENDPOINT_H

#include <stdbool.h>

#include "protocols/front_end.h"

/*
 * What hangs off the HTTP listener: a row for each in http_endpoints[], which is
 * defined in protocols/protocols.c, where everyone is known (a test defines its
 * own).
 *
 * Threads: each worker has a state of its own, used on its thread only.
 */
struct http_exchange;

struct http_endpoint {
	const char *path; /* "/rcstream_status" */
	bool is_prefix;   /* `path` ends in '/' and everything below it is this endpoint's */
	bool takes_any; /* any method comes here, to be refused here; else GET, HEAD and OPTIONS */

	/* Gives the worker's state of the endpoint.  May be NULL. */
	void *(*start)(const struct front_end_env *env);

	/*
	 * A whole request, body and all.  Answer with http_respond(), at once or later
	 * after http_hold(); or upgrade it, or move it.
	 */
	void (*on_request)(void *state, struct http_exchange *exchange);

	/* Free what start() gave; every connection has gone.  May be NULL. */
	void (*destroy)(void *state);
};

/* The table, ended by a row whose path is NULL; the first row that fits is taken. */
extern const struct http_endpoint http_endpoints[];

#endif
