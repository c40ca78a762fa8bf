/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_SSE_READER_H
#define INGEST_SSE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Codec: server-sent events as they arrive, cut anywhere (HTML Standard §9.2.6,
 * "Interpreting an event stream").
 *
 *   bytes ── sse_reader_next() ──> event, event ...
 *
 * What the standard leaves open is bounded: a line and an event have a limit, and
 * what is over it is read past without being kept.  Bytes are handed on as they
 * came: whether they are UTF-8 is asked by who reads the data.
 *
 * Threads: the caller's.
 */
#define SSE_READER_LINE_MAX     (1024 * 1024) /* bytes, without the line's end */
#define SSE_READER_EVENT_MAX    (1024 * 1024) /* bytes of data */
#define SSE_READER_ID_MAX       (8 * 1024)
#define SSE_READER_TYPE_MAX     64
#define SSE_READER_RETRY_MAX_MS 86400000

/* Initialised with sse_reader_init(); the members are the reader's own. */
struct sse_reader {
	struct buffer line;
	struct buffer data;
	struct buffer id;      /* as the last `id` field had it */
	struct buffer last_id; /* as of the last event that was complete */
	char type[SSE_READER_TYPE_MAX];
	size_t type_length;
	unsigned mark_length; /* bytes of a byte order mark so far; MARK_LENGTH: the stream began */
	bool has_carriage_return; /* a line ended in CR: an LF behind it is part of its end */
	bool is_line_too_long;
	bool is_event_too_long;
	uint32_t retry_ms;
};

/* An event, lent until the next call.  `type` is cut at SSE_READER_TYPE_MAX bytes. */
struct sse_reader_event {
	struct text type; /* "message" when it has none */
	struct text data; /* its lines joined by LF; empty for a `data` field without a value */
};

enum sse_reader_outcome {
	SSE_READER_MORE,     /* all bytes are taken, no event is complete */
	SSE_READER_EVENT,    /* here is one */
	SSE_READER_TOO_LONG, /* one was over a limit: its type is here, its data is not */
};

/* Start with this last event id, copied; it has passed sse_reader_id_is_valid(). */
void sse_reader_init(struct sse_reader *reader, struct text last_id);

/* Free what it holds. */
void sse_reader_finish(struct sse_reader *reader);

/* A new response begins: what was incomplete is forgotten, the last event id stays. */
void sse_reader_begin(struct sse_reader *reader);

/*
 * Read on, up to the end of an event.  Moves `bytes` behind what it has read; call it
 * again while it gives something other than SSE_READER_MORE.
 */
enum sse_reader_outcome sse_reader_next(struct sse_reader *reader, struct text *bytes,
                                        struct sse_reader_event *event);

/*
 * Lends the last event id, to be sent as `Last-Event-ID`; empty when there is none.  It
 * moves at the end of an event, also of one that has no data or is too long.  An id
 * that is not valid is passed over.
 */
struct text sse_reader_last_id(const struct sse_reader *reader);

/* The last `retry` field, SSE_READER_RETRY_MAX_MS at most; 0: there was none. */
uint32_t sse_reader_retry_ms(const struct sse_reader *reader);

/* Whether it can be sent back in a header field: no CR, LF, NUL, SSE_READER_ID_MAX at most. */
bool sse_reader_id_is_valid(struct text id);

#endif
