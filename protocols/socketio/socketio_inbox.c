/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_inbox.h"

#include <stdlib.h>
#include <utlist.h>

#include "protocols/http/http_exchange.h"
#include "protocols/socketio/socketio_answer.h"
#include "protocols/socketio/socketio_payload.h"
#include "protocols/socketio/socketio_session.h"
#include "server/base/memory.h"

struct socketio_post {
	struct socketio_session *session;
	struct http_exchange *exchange; /* held */
	struct buffer payload;          /* what was left of it when it began to wait */
	struct text rest;               /* of that, what is left now */
	struct socketio_post *prev, *next;
};

static void answer(struct http_exchange *exchange)
{
	socketio_answer_text(exchange, 200, "1");
}

static void destroy(struct socketio_post *post)
{
	buffer_finish(&post->payload);
	free(post);
}

/* --- waiting -------------------------------------------------------------- */

/* The first packet of what is left. */
static struct text first_packet(struct text rest)
{
	struct text packet = {0};

	(void)socketio_payload_next(&rest, &packet);
	return packet;
}

/* Get in line with the next packet, if there is one: an empty one counts as a byte. */
static void wait_for_turn(struct socketio_session *session)
{
	const struct socketio_post *post = session->inbox.posts;
	size_t bytes = post != NULL ? first_packet(post->rest).length : 0;

	if (post != NULL) {
		socketio_turns_wait(&session->sessions->turns, &session->inbox.waiter,
		                    bytes > 0 ? bytes : 1);
	}
}

static void on_client_gone(struct http_exchange *exchange, void *owner)
{
	struct socketio_post *post = owner;
	struct socketio_session *session = post->session;
	bool is_first = session->inbox.posts == post;

	(void)exchange;
	DL_DELETE(session->inbox.posts, post);
	destroy(post);
	if (is_first) {
		socketio_turns_leave(&session->sessions->turns, &session->inbox.waiter);
		wait_for_turn(session);
	}
}

/* While a packet is taken its post is no longer the inbox's: the packet may end the session. */
static void on_turn(struct socketio_waiter *waiter)
{
	struct socketio_session *session =
	    container_of(waiter, struct socketio_session, inbox.waiter);
	struct socketio_post *post = session->inbox.posts;
	struct text packet;

	DL_DELETE(session->inbox.posts, post);
	if (socketio_payload_next(&post->rest, &packet)) {
		socketio_session_take(session, packet);
	}
	if (post->rest.length > 0 && !session->is_ended) {
		DL_PREPEND(session->inbox.posts, post);
	} else {
		answer(post->exchange);
		destroy(post);
	}
	wait_for_turn(session);
}

static void on_session_end(struct socketio_session *session)
{
	struct socketio_post *post;

	socketio_turns_leave(&session->sessions->turns, &session->inbox.waiter);
	while ((post = session->inbox.posts) != NULL) {
		DL_DELETE(session->inbox.posts, post);
		answer(post->exchange);
		destroy(post);
	}
}

static void keep(struct socketio_session *session, struct http_exchange *exchange, struct text rest)
{
	struct socketio_post *post = mem_new(struct socketio_post);
	bool is_first = session->inbox.posts == NULL;

	post->session = session;
	post->exchange = exchange;
	buffer_append(&post->payload, rest.bytes, rest.length);
	post->rest = (struct text){.bytes = post->payload.bytes, .length = post->payload.length};
	http_hold(exchange, post, on_client_gone);
	DL_APPEND(session->inbox.posts, post);
	session->inbox.waiter.on_turn = on_turn;
	session->inbox.on_session_end = on_session_end;
	if (is_first) {
		wait_for_turn(session);
	}
}

/* --- taking --------------------------------------------------------------- */

/* Take what may be taken now; gives what is left. */
static struct text take_now(struct socketio_session *session, struct text payload)
{
	struct text packet;

	while (payload.length > 0 && !session->is_ended &&
	       socketio_turns_take(&session->sessions->turns, first_packet(payload).length)) {
		(void)socketio_payload_next(&payload, &packet);
		socketio_session_take(session, packet);
	}
	return payload;
}

void socketio_inbox_take(struct socketio_session *session, struct http_exchange *exchange,
                         struct text payload)
{
	if (session->inbox.posts == NULL) {
		payload = take_now(session, payload);
	}
	if (payload.length > 0 && !session->is_ended) {
		keep(session, exchange, payload);
	} else {
		answer(exchange);
	}
}
