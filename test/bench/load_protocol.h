/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_BENCH_LOAD_PROTOCOL_H
#define TEST_BENCH_LOAD_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/base/buffer.h"

/*
 * What bench_load says and understands in a protocol: just enough to be sent
 * changes, and to tell from the bytes which ones came.
 *
 *   socket ── take() ──> on_change(serial), `replies` ──> socket
 *
 * Threads: the caller's.
 */
#define LOAD_WIKI    "bench.example.org"
#define LOAD_CHANNEL "#bench.example"
#define LOAD_MARK    "Serial " /* in the title, before ten digits */

struct load_protocol;

/* One client.  Zeroed, with `protocol` and the callback set, it is ready for open(). */
struct load_session {
	const struct load_protocol *protocol;
	unsigned step;         /* of the opening */
	bool is_ready;         /* joined or subscribed: gets all changes from here on */
	bool has_failed;       /* the server ended it, or said what was not expected */
	struct buffer replies; /* to be sent, and cleared, by the caller */

	/* A change has come, `length` bytes of the protocol in all. */
	void (*on_change)(struct load_session *session, uint32_t serial, size_t length);
};

struct load_protocol {
	const char *name;

	/* The wiki must have had a change before a client can ask for its changes. */
	bool needs_first_change;

	/* Put what a client says first into `replies`. */
	void (*open)(struct load_session *session);

	/*
	 * Understand what is whole of `bytes`, lent; returns how many bytes that were.  The
	 * rest comes again, with more behind it.
	 */
	size_t (*take)(struct load_session *session, const char *bytes, size_t length);

	/* Add a change as a datagram; without the mark when `serial` is LOAD_UNMARKED. */
	void (*write_change)(uint32_t serial, struct buffer *out);
};

#define LOAD_UNMARKED UINT32_MAX

extern const struct load_protocol load_irc, load_socketio;

/* Add a title that holds the serial. */
void load_title(uint32_t serial, struct buffer *out);

/* Find the serial in a change; false when there is none. */
bool load_serial(const char *bytes, size_t length, uint32_t *serial);

#endif
