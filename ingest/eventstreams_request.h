/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_EVENTSTREAMS_REQUEST_H
#define INGEST_EVENTSTREAMS_REQUEST_H

#include <stdbool.h>
#include <uv.h>

#include "conf/conf.h"
#include "server/base/error.h"
#include "server/feed/change.h"

/*
 * HTTP for a source of server-sent events: one request at a time, and its response as long
 * as that goes on.
 *
 *   begin ──> on_open ──> on_bytes, on_bytes ... ──> on_end
 *     └───────────────────────────────────────────────┘
 *
 * Only a response of status 200 and type text/event-stream, without a Content-Encoding (none
 * is asked for, so there is nothing that unpacks), is open; redirects are followed,
 * EVENTSTREAMS_REQUEST_REDIRECTS_MAX at most and never from https to http.  Certificates
 * are verified.  Proxies are those of the environment, as libcurl reads it
 * (http_proxy, https_proxy, all_proxy, no_proxy).
 *
 * Threads: the loop's.
 */
#define EVENTSTREAMS_REQUEST_REDIRECTS_MAX     5
#define EVENTSTREAMS_REQUEST_HEADER_BYTES_MAX  (256 * 1024) /* of all responses to one request */
#define EVENTSTREAMS_REQUEST_CONNECT_TIMEOUT_S 30

struct eventstreams_request;

/* How a response ended, or why there was none.  Lent for the call. */
struct eventstreams_end {
	bool is_clean;          /* the server ended an open response as it should */
	const char *sentence;   /* "HTTP 503", "Connection refused" ... */
	unsigned retry_after_s; /* what it asked for, a day at most; 0: nothing */
};

/* None of them may call back into the request, but on_end() may begin the next one. */
struct eventstreams_request_ops {
	void (*on_open)(void *owner);
	void (*on_bytes)(void *owner, const char *bytes, size_t length); /* lent */
	void (*on_end)(void *owner, const struct eventstreams_end *end);
};

/*
 * Gives a request that has not begun; NULL with `error` set when an option is not usable.
 * Lends it `conf`, `ops` and `owner` until it is destroyed.
 */
struct eventstreams_request *eventstreams_request_create(uv_loop_t *loop,
                                                         const struct conf_eventstreams *conf,
                                                         const struct eventstreams_request_ops *ops,
                                                         void *owner, struct error *error);

/* Whether the server is one of Wikimedia's, which refuse clients that tell no contact. */
bool eventstreams_request_is_wikimedia(const struct eventstreams_request *request);

/*
 * Begin, with `Last-Event-ID`; where `last_id` is empty, with `since` of the configuration.
 * The one before has ended.
 */
void eventstreams_request_begin(struct eventstreams_request *request, struct text last_id);

/* End it without on_end(), if one has begun.  Not from on_open() and on_bytes(). */
void eventstreams_request_cancel(struct eventstreams_request *request);

/* Take nothing from the network until resume. */
void eventstreams_request_pause(struct eventstreams_request *request);
void eventstreams_request_resume(struct eventstreams_request *request);

/* Cancel, and close every handle.  Returns at once. */
void eventstreams_request_stop(struct eventstreams_request *request);

/* Free it, once the loop has ended after eventstreams_request_stop().  NULL does nothing. */
void eventstreams_request_destroy(struct eventstreams_request *request);

#endif
