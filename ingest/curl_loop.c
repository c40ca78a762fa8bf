/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl says by on_socket() what it wants to know of a descriptor and by on_timeout() when
 * it wants to be called without news.  A pause takes the polls and the timer away
 * behind its back: it does not read ahead, and a level-triggered poll tells again.
 */
#include "ingest/curl_loop.h"

#include <stdbool.h>
#include <stdlib.h>
#include <utlist.h>

#include "server/base/memory.h"

/* One descriptor of libcurl's. */
struct curl_socket {
	uv_poll_t poll;
	struct curl_loop *curl;
	curl_socket_t descriptor;
	int events; /* of enum uv_poll_event */
	struct curl_socket *prev, *next;
};

struct curl_loop {
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t timer;
	struct curl_socket *sockets; /* curl_socket.next */
	curl_loop_done_fn *on_done;
	void *owner;
	bool is_paused;
	bool has_timeout; /* libcurl waits for the timer, running or not */
};

static void tell_done(struct curl_loop *curl)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(curl->multi, &left)) != NULL) {
		CURL *easy = message->easy_handle;
		CURLcode result = message->data.result;

		require(message->msg == CURLMSG_DONE);
		curl_loop_remove(curl, easy);
		curl->on_done(curl->owner, easy, result);
	}
}

static void act(struct curl_loop *curl, curl_socket_t descriptor, int events)
{
	int running;

	require(curl_multi_socket_action(curl->multi, descriptor, events, &running) == CURLM_OK);
	tell_done(curl);
}

/* --- the timer ---------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
	struct curl_loop *curl = timer->data;

	curl->has_timeout = false;
	act(curl, CURL_SOCKET_TIMEOUT, 0);
}

/* Called by libcurl, and must not call it. */
static int on_timeout(CURLM *multi, long timeout_ms, void *context)
{
	struct curl_loop *curl = context;

	(void)multi;
	curl->has_timeout = timeout_ms >= 0;
	(void)uv_timer_stop(&curl->timer);
	if (curl->has_timeout && !curl->is_paused) {
		(void)uv_timer_start(&curl->timer, on_timer, (uint64_t)timeout_ms, 0);
	}
	return 0;
}

/* --- the sockets -------------------------------------------------------- */

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct curl_socket *socket = poll->data;
	int action = 0;

	if (status < 0) {
		action = CURL_CSELECT_ERR;
	}
	if ((events & UV_READABLE) != 0) {
		action |= CURL_CSELECT_IN;
	}
	if ((events & UV_WRITABLE) != 0) {
		action |= CURL_CSELECT_OUT;
	}
	act(socket->curl, socket->descriptor, action);
}

static void on_poll_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void watch(struct curl_socket *socket)
{
	if (socket->events == 0 || socket->curl->is_paused) {
		(void)uv_poll_stop(&socket->poll);
	} else {
		require(uv_poll_start(&socket->poll, socket->events, on_poll) == 0);
	}
}

static struct curl_socket *open_socket(struct curl_loop *curl, curl_socket_t descriptor)
{
	struct curl_socket *socket = mem_new(struct curl_socket);

	socket->curl = curl;
	socket->descriptor = descriptor;
	require(uv_poll_init_socket(curl->loop, &socket->poll, descriptor) == 0);
	socket->poll.data = socket;
	DL_APPEND(curl->sockets, socket);
	require(curl_multi_assign(curl->multi, descriptor, socket) == CURLM_OK);
	return socket;
}

/* libcurl closes the descriptor right after this. */
static void close_socket(struct curl_socket *socket)
{
	DL_DELETE(socket->curl->sockets, socket);
	uv_close((uv_handle_t *)&socket->poll, on_poll_closed);
}

/* Called by libcurl; `assigned` is what curl_multi_assign() was given, NULL at first. */
static int on_socket(CURL *easy, curl_socket_t descriptor, int what, void *context, void *assigned)
{
	struct curl_socket *socket = assigned;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (socket != NULL) {
			close_socket(socket);
		}
		return 0;
	}
	if (socket == NULL) {
		socket = open_socket(context, descriptor);
	}
	socket->events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
	                 ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
	watch(socket);
	return 0;
}

/* --- life --------------------------------------------------------------- */

struct curl_loop *curl_loop_create(uv_loop_t *loop, curl_loop_done_fn *on_done, void *owner,
                                   struct error *error)
{
	struct curl_loop *curl;

	/* Counted by libcurl, and safe beside other threads since 7.84. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		error_set(error, "libcurl cannot be initialised");
		return NULL;
	}
	curl = mem_new(struct curl_loop);
	curl->loop = loop;
	curl->on_done = on_done;
	curl->owner = owner;
	curl->multi = curl_multi_init();
	require(curl->multi != NULL);
	require(uv_timer_init(loop, &curl->timer) == 0);
	curl->timer.data = curl;
	(void)curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	(void)curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl);
	(void)curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	(void)curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);
	return curl;
}

void curl_loop_add(struct curl_loop *curl, CURL *easy)
{
	require(curl_multi_add_handle(curl->multi, easy) == CURLM_OK);
}

void curl_loop_remove(struct curl_loop *curl, CURL *easy)
{
	require(curl_multi_remove_handle(curl->multi, easy) == CURLM_OK);
}

void curl_loop_pause(struct curl_loop *curl)
{
	struct curl_socket *socket;

	curl->is_paused = true;
	(void)uv_timer_stop(&curl->timer);
	DL_FOREACH (curl->sockets, socket) {
		watch(socket);
	}
}

/* What the timer was for may be past or not: libcurl looks for itself. */
void curl_loop_resume(struct curl_loop *curl)
{
	struct curl_socket *socket;

	curl->is_paused = false;
	if (curl->has_timeout) {
		(void)uv_timer_start(&curl->timer, on_timer, 0, 0);
	}
	DL_FOREACH (curl->sockets, socket) {
		watch(socket);
	}
}

/*
 * Connections that were kept for another transfer are closed with the multi handle, of
 * which libcurl need not tell.
 */
void curl_loop_stop(struct curl_loop *curl)
{
	struct curl_socket *socket, *next;

	require(curl_multi_cleanup(curl->multi) == CURLM_OK);
	DL_FOREACH_SAFE (curl->sockets, socket, next) {
		close_socket(socket);
	}
	uv_close((uv_handle_t *)&curl->timer, NULL);
}

void curl_loop_destroy(struct curl_loop *curl)
{
	if (curl != NULL) {
		free(curl);
		curl_global_cleanup();
	}
}
