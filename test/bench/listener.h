/* SPDX-License-Identifier: Apache-2.0 */
/* A session of a protocol that is fed bytes by a test, and what came of them. */
#ifndef TEST_BENCH_LISTENER_H
#define TEST_BENCH_LISTENER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bench/protocol.h"
#include "server/base/memory.h"

#define LISTENER_CHANGES 40

static const struct subject listener_subject = {
    .host = "host.example",
    .wiki = "bench.example.org",
    .channel = "#bench.example",
    .sse_path = "/events",
    .post_path = "/post",
    .run = "0123abcd",
    .first_id = 1000000000000000,
};

struct listener {
	struct protocol_session session;
	struct buffer held;
	uint32_t changes; /* that came, in order from serial 0 */
	size_t bytes;
};

static inline void listener_on_change(struct protocol_session *session, uint32_t serial,
                                      size_t length)
{
	struct listener *listener = container_of(session, struct listener, session);

	assert_int_equal(serial, listener->changes);
	listener->changes++;
	listener->bytes += length;
}

static inline void listener_begin(struct listener *listener, const struct protocol *protocol)
{
	*listener = (struct listener){.session = {.protocol = protocol,
	                                          .subject = &listener_subject,
	                                          .number = 7,
	                                          .on_change = listener_on_change}};
	protocol->open(&listener->session);
}

static inline void listener_finish(struct listener *listener)
{
	protocol_session_finish(&listener->session);
	buffer_finish(&listener->held);
}

/* Give bytes as a socket would: what was not taken comes again with them. */
static inline void listener_hear(struct listener *listener, const char *bytes, size_t length)
{
	struct protocol_session *session = &listener->session;
	size_t taken;

	buffer_append(&listener->held, bytes, length);
	taken = session->protocol->take(session, listener->held.bytes, listener->held.length);
	assert_true(taken <= listener->held.length);
	buffer_consume(&listener->held, taken);
}

static inline void listener_hear_text(struct listener *listener, const char *text)
{
	listener_hear(listener, text, strlen(text));
}

/* What the session says now must be this. */
static inline void assert_says(struct listener *listener, const char *bytes, size_t length)
{
	struct buffer *replies = &listener->session.replies;

	assert_int_equal(replies->length, length);
	if (length > 0) {
		assert_memory_equal(replies->bytes, bytes, length);
	}
	buffer_clear(replies);
}

static inline void assert_says_text(struct listener *listener, const char *text)
{
	assert_says(listener, text, strlen(text));
}

/* What the session says now must hold this. */
static inline void assert_says_among_others(struct listener *listener, const char *text)
{
	const struct buffer *replies = &listener->session.replies;

	assert_non_null(memmem(replies->bytes, replies->length, text, strlen(text)));
}

static inline void assert_failed(struct listener *listener)
{
	assert_non_null(listener->session.failure);
	listener_finish(listener);
}

/* How a protocol's stream is made for the test below. */
struct listener_recipe {
	void (*open)(struct listener *listener);
	void (*add)(uint32_t serial, struct buffer *out); /* a change, as the server writes it */
	size_t overhead; /* bytes of a change that are not counted for it */
};

/* Hear all changes in pieces of random lengths up to `piece_max`. */
static inline void listener_check_pieces(const struct listener_recipe *recipe, size_t piece_max,
                                         unsigned seed)
{
	struct listener listener;
	struct buffer stream = {0};
	size_t position = 0;

	recipe->open(&listener);
	for (uint32_t i = 0; i < LISTENER_CHANGES; i++) {
		recipe->add(i, &stream);
	}
	while (position < stream.length) {
		size_t length = 1 + (size_t)rand_r(&seed) % piece_max;

		if (length > stream.length - position) {
			length = stream.length - position;
		}
		listener_hear(&listener, stream.bytes + position, length);
		position += length;
	}
	assert_null(listener.session.failure);
	assert_int_equal(listener.changes, LISTENER_CHANGES);
	assert_int_equal(listener.bytes, stream.length - LISTENER_CHANGES * recipe->overhead);
	assert_int_equal(listener.held.length, 0);
	buffer_finish(&stream);
	listener_finish(&listener);
}

/* Every change once, in order, with all its bytes: whole, a byte at a time, and at random. */
static inline void listener_check_cuts(const struct listener_recipe *recipe)
{
	unsigned seed = (unsigned)time(NULL);

	print_message("seed %u\n", seed);
	listener_check_pieces(recipe, 1, seed);
	listener_check_pieces(recipe, 65536, seed);
	for (unsigned round = 0; round < 100; round++) {
		listener_check_pieces(recipe, 500, seed + round);
	}
}

#endif
