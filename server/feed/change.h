/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_CHANGE_H
#define SERVER_FEED_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/base/buffer.h"

/*
 * One recent change: immutable once published, shared by every worker, in both
 * of its forms.
 *
 *   source ── change_create() ──> feeder (gives it its id) ──> every worker
 *
 * What a protocol sends for it is made once, at first need, by an encoder, and
 * kept with the change: change_encoded().
 *
 * Threads: the reference count and change_encoded() any; the other members are
 * written before the change is handed over and only read after that.
 */
#define CHANGE_ENCODINGS_MAX 8

/* RCFeed's `type`; OTHER is one that this program does not know, or none. */
enum change_type {
	CHANGE_EDIT,
	CHANGE_NEW,
	CHANGE_LOG,
	CHANGE_CATEGORIZE,
	CHANGE_EXTERNAL,
	CHANGE_OTHER,
};

/* Bytes that are someone else's; never NUL-terminated by promise. */
struct text {
	const char *bytes; /* NULL: there is none */
	size_t length;
};

/* What a change is made of.  All of it is copied. */
struct change_parts {
	enum change_type type;
	struct text wiki;    /* server_name, "en.wikipedia.org"; never empty */
	struct text channel; /* "#en.wikipedia"; never empty */
	struct text json;    /* one RCFeed JSON object, valid UTF-8, no CR or LF */
	struct text line;    /* IRC text without CR, LF, NUL; NULL bytes: not for IRC */
};

struct change {
	uint64_t id;         /* sequence, from 1, the same in every worker; set by the feeder */
	uint64_t arrived_ms; /* Unix time of arrival; set by the feeder */
	enum change_type type;
	struct text wiki; /* NUL-terminated, as are the three below */
	struct text channel;
	struct text json;
	struct text line;                    /* bytes NULL: a change that does not go to IRC */
	struct change_private *private_part; /* change.c's */
};

/*
 * How one protocol writes a change.  Embed it beside what the writing needs (the
 * prefix of an IRC line); encoders with one slot write the same bytes.
 */
struct encoder {
	const char *name; /* "irc.privmsg", "socketio.frame" */
	unsigned
	    slot; /* below CHANGE_ENCODINGS_MAX, one for each encoding; protocols/encodings.h */

	/* Add the encoded form to `out`.  Pure: the same change, the same bytes. */
	void (*encode)(const struct encoder *encoder, const struct change *change,
	               struct buffer *out);
};

/* Gives a change with one reference. */
struct change *change_create(const struct change_parts *parts);

/* Take `count` references more at once. */
void change_ref(struct change *change, unsigned count);

/* Give one back; the last one frees.  NULL does nothing. */
void change_unref(struct change *change);

/*
 * Lends the encoded form, for as long as the change lives.  Made by the first
 * who asks, while others that ask for the same change wait for it: an encoding is made at
 * most once.
 */
struct text change_encoded(struct change *change, const struct encoder *encoder);

/* Lends the name of a type as RCFeed has it; "other" for CHANGE_OTHER. */
const char *change_type_name(enum change_type type);

#endif
