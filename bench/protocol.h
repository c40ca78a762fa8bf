/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_PROTOCOL_H
#define BENCH_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/base/buffer.h"

/*
 * What a client says and understands in a protocol: just enough to be sent changes, and
 * to tell from the bytes which ones came.
 *
 *   connection ── take() ──> on_change(serial), `replies` ──> connection
 *
 * Threads: the caller's.
 */
#define PROTOCOL_SID_MAX 64
#define PROTOCOL_RUN     8 /* digits of a run's number */

struct protocol;

/* What all clients of a run wait for; lent to every session. */
struct subject {
	const char *host;           /* for the Host field of HTTP */
	const char *wiki;           /* server name, as in "bench.example.org" */
	const char *channel;        /* the wiki's on IRC, and on redis-server */
	const char *sse_path;       /* where server-sent events are had */
	const char *post_path;      /* where changes are posted to, of a server that takes them */
	char run[PROTOCOL_RUN + 1]; /* hexadecimal: the changes of another run are not ours */
	uint64_t first_id;          /* of a change; other runs have others */
};

/* One client.  Zeroed, with the first three members and the callback set, it may open(). */
struct protocol_session {
	const struct protocol *protocol;
	const struct subject *subject;
	uint32_t number; /* among the clients: for a nick of its own */

	unsigned step;         /* of the opening; what else follows is the protocol's too */
	unsigned pending;      /* what is to be said when the client may speak */
	bool is_chunked;       /* the body of the answer */
	size_t body_left;      /* bytes of the body, or the chunk, that are not there yet */
	size_t event_bytes;    /* of an event whose end is not there yet */
	uint32_t event_serial; /* of that event, when it has a change */
	bool has_change;
	struct buffer text; /* the end of a body, out of its chunks */
	char sid[PROTOCOL_SID_MAX + 1];

	bool is_ready;         /* joined or subscribed: gets all changes from here on */
	bool wants_connection; /* the server closes this one; `replies` are for the next */
	const char *failure;   /* why it is over, in static words; NULL while it is not */
	struct buffer replies; /* to be sent, and cleared, by the caller */

	/* A change of this run has come, `length` bytes of the protocol in all. */
	void (*on_change)(struct protocol_session *session, uint32_t serial, size_t length);
};

struct protocol {
	const char *name;
	uint16_t port; /* where rcstreamd has it by default */

	/* The wiki must have had a change before a client can ask for its changes. */
	bool needs_first_change;

	/* Put what a client says first into `replies`. */
	void (*open)(struct protocol_session *session);

	/*
	 * Understand what is whole of `bytes`, lent; returns how many bytes that were.  The
	 * rest comes again, with more behind it.
	 */
	size_t (*take)(struct protocol_session *session, const char *bytes, size_t length);
};

extern const struct protocol protocol_irc, protocol_websocket, protocol_polling, protocol_sse,
    protocol_redis;

/* Find one that clients can be of; NULL when there is none of this name. */
const struct protocol *protocol_find(const char *name, size_t length);

/* Free what the session holds. */
void protocol_session_finish(struct protocol_session *session);

/* Look for the serial of a change of this run in bytes; false when there is none. */
bool protocol_serial(const struct subject *subject, const char *bytes, size_t length,
                     uint32_t *serial);

/* Add the title of a change; one without a serial for PROTOCOL_UNMARKED. */
void protocol_title(const struct subject *subject, uint32_t serial, struct buffer *out);

#define PROTOCOL_UNMARKED UINT32_MAX

/* Whether the bytes begin with this word. */
bool protocol_starts_with(const char *bytes, size_t length, const char *word);

#endif
