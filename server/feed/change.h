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
 * kept with the change: change_encoded().  So is the JSON of a change that came as
 * a line: change_json().
 *
 * Threads: the reference count, change_encoded() and change_json() any; the other members
 * are written before the change is handed over and only read after that.
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

/*
 * What tells a change from every other, as far as what arrived tells it; the numbers
 * count within a wiki.  duplicates.h compares them.
 */
struct change_identity {
	struct text meta_id;   /* `meta.id` of an EventStreams event; NULL bytes: none */
	uint64_t rc_id;        /* `id`, MediaWiki's rcid; 0: not known */
	uint64_t log_id;       /* of a log entry in JSON; 0: not known */
	uint64_t revision_new; /* of an edit or a new page; 0: not known */
	uint64_t revision_old; /* 0: not known, or a new page's */
};

/* What a change says or leaves unsaid. */
enum change_answer { CHANGE_UNKNOWN, CHANGE_NO, CHANGE_YES };

/*
 * What filters ask of a change besides its wiki and type.  All zero: nothing is known, as
 * of one whose JSON has no such members, null or others than RCFeed's, and of most lines:
 * none tells a namespace, and only an edit's or a new page's tells of a bot.
 */
struct change_traits {
	bool has_namespace;
	int64_t namespace_id; /* 0 is that of articles; negative ones are special */
	enum change_answer bot;
};

/* What a change is made of.  All of it is copied. */
struct change_parts {
	enum change_type type;
	bool is_from_line;   /* it came as a line, and its JSON is made of that; else the reverse */
	struct text wiki;    /* server_name, "en.wikipedia.org"; never empty */
	struct text channel; /* "#en.wikipedia"; never empty */
	struct text json;    /* one RCFeed JSON object, valid UTF-8, no CR or LF; NULL bytes: made
	                        of `line` at first need */
	size_t json_bytes;   /* with no `json`: what that will have, at most */
	struct text line;    /* IRC text without CR, LF, NUL; NULL bytes: not for IRC */
	struct change_identity identity;
	struct change_traits traits;
	uint64_t made_ms; /* its own Unix time, in whole seconds mostly; 0: not known */
};

struct change {
	uint64_t id;         /* sequence, from 1, the same in every worker; set by the feeder */
	uint64_t arrived_ms; /* Unix time of arrival, never before the last; set by the feeder */
	enum change_type type;
	bool is_from_line;
	struct text wiki; /* NUL-terminated, as are the two below */
	struct text channel;
	struct text line;  /* bytes NULL: a change that does not go to IRC */
	size_t json_bytes; /* of its JSON; at most, where that is made at first need */
	struct change_identity identity;
	struct change_traits traits;
	uint64_t made_ms;                    /* as in the parts */
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

/*
 * Gives the change that came in both forms: the JSON of one, the line and the channel
 * of the other, each as it came; all else is that of `json`, which has no id yet.
 */
struct change *change_join(const struct change *json, const struct change *line);

/* Take `count` references more at once. */
void change_ref(struct change *change, unsigned count);

/* Give one back; the last one frees.  NULL does nothing. */
void change_unref(struct change *change);

/*
 * Lends the JSON, NUL-terminated, for as long as the change lives.  That of a line is made
 * by the first who asks, an encoder or anyone, while others that ask wait.
 */
struct text change_json(const struct change *change);

/*
 * Lends the encoded form, for as long as the change lives.  Made by the first
 * who asks, while others that ask for the same change wait for it: an encoding is made at
 * most once.
 */
struct text change_encoded(struct change *change, const struct encoder *encoder);

/* Lends the name of a type as RCFeed has it; "other" for CHANGE_OTHER. */
const char *change_type_name(enum change_type type);

#endif
