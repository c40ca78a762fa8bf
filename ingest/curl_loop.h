/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_CURL_LOOP_H
#define INGEST_CURL_LOOP_H

#include <curl/curl.h>
#include <uv.h>

#include "server/base/error.h"

/*
 * libcurl's transfers on a libuv loop: the multi interface with its sockets as polls and
 * its one timer as a timer.
 *
 *   uv_poll, uv_timer ──> curl_multi_socket_action() ──> callbacks of the handle, on_done()
 *
 * Threads: the loop's; libcurl resolves names in threads of its own.
 */
struct curl_loop;

/* A transfer has ended and its handle is the caller's again: it may be added, or freed. */
typedef void curl_loop_done_fn(void *owner, CURL *easy, CURLcode result);

/* Gives a loop of no transfers; NULL with `error` set. */
struct curl_loop *curl_loop_create(uv_loop_t *loop, curl_loop_done_fn *on_done, void *owner,
                                   struct error *error);

/* Begin a transfer; `easy` is lent until on_done() or curl_loop_remove(). */
void curl_loop_add(struct curl_loop *curl, CURL *easy);

/* End a transfer that is not done, without on_done().  Not from a callback of its handle. */
void curl_loop_remove(struct curl_loop *curl, CURL *easy);

/*
 * Touch no socket until curl_loop_resume(), so that what comes waits with the kernel and
 * then with the peer.  Each may be called again.
 */
void curl_loop_pause(struct curl_loop *curl);
void curl_loop_resume(struct curl_loop *curl);

/* Close every handle; all transfers have ended.  Returns at once. */
void curl_loop_stop(struct curl_loop *curl);

/* Free it, once the loop has ended after curl_loop_stop().  NULL does nothing. */
void curl_loop_destroy(struct curl_loop *curl);

#endif
