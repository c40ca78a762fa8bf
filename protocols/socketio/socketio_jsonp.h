/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_SOCKETIO_SOCKETIO_JSONP_H
#define PROTOCOLS_SOCKETIO_SOCKETIO_JSONP_H

#include <stdbool.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * Codec: a payload for pages that can load nothing but scripts and send nothing but forms.
 *
 *   answer    io.j[INDEX]("PAYLOAD");
 *   request   d=PAYLOAD   a JSON string as the field of a form (URL standard §5.1)
 *
 * Threads: any; no state.
 */
#define SOCKETIO_JSONP_DIGITS_MAX 15

/* Whether it is a number of up to so many digits: anything else is a script of the caller's. */
bool socketio_jsonp_is_index(struct text text);

/* Add the script with a payload, which is valid UTF-8; for what is no index, that of 0. */
void socketio_jsonp_write(struct text index, struct text payload, struct buffer *out);

/*
 * Add the payload of a form: the JSON string in its first field "d".  False, with
 * nothing added, when there is none.  The payload is no longer than the form.
 */
bool socketio_jsonp_read(struct text form, struct buffer *payload);

#endif
