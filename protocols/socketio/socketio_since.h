/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_SINCE_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_SINCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Codec: where a client wants to go on.
 *
 *   "19c0a5b2d10-4711"            a position: what came behind it
 *   "2026-05-01T12:00:00.250Z"    ISO 8601 in UTC: what arrived then or later
 *   1777636800                    the same in seconds of Unix time, or with a fraction
 *   1777636800250                 in milliseconds, from 10^11 on
 *
 * A position is "RUN-ID": the run of the server, which is the time of its start in
 * milliseconds in hexadecimal, and the change's id in it; the `msgid` of IRC is the same.  An id
 * alone would name another change after a restart.
 *
 * Threads: any; no state.
 */
#define SOCKETIO_POSITION_MAX 40 /* 16 digits, '-', 20 digits and the NUL: 38 */

enum socketio_since_kind { SOCKETIO_SINCE_NONE, SOCKETIO_SINCE_POSITION, SOCKETIO_SINCE_TIME };

struct socketio_since {
	enum socketio_since_kind kind;
	uint64_t run_ms;  /* of a position */
	uint64_t id;      /* of a position; 0: before the first */
	uint64_t time_ms; /* Unix time */
};

/* False when it is none of the above. */
bool socketio_since_read(const json_t *value, struct socketio_since *since);

/* Write the position of the change with this id, NUL-terminated. */
void socketio_position_write(uint64_t run_ms, uint64_t id, char position[SOCKETIO_POSITION_MAX]);

#endif
