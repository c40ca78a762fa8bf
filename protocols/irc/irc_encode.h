/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_ENCODE_H
#define PROTOCOLS_IRC_IRC_ENCODE_H

#include "protocols/irc/irc_channels.h"
#include "server/feed/change.h"
#include "server/metrics.h"

/*
 * Codec: the line that a change is on IRC, ":B!B@S PRIVMSG #c :TEXT".
 *
 * One too long for IRC is cut so that the programs that take it apart by its
 * colour codes still find every field: first the comment gives way, then the
 * title, each with an ellipsis where it ends; a text that is not MediaWiki's is cut
 * at its end.
 *
 * Threads: the worker's.
 */
struct irc_encoder {
	struct encoder encoder; /* what delivery_wire() is given */
	const char *source;     /* "B!B@S" */

	/*
	 * The worker's, for the spelling of the channel: the first that it had.  Every
	 * worker is handed the same changes in the same order, so their channels are the
	 * same whenever they come to one change, and so are the bytes.
	 */
	const struct irc_channels *channels;
	metric *lines_cut; /* the worker's; lent */
};

/* Lent for the encoder's life: all three. */
void irc_encoder_init(struct irc_encoder *encoder, const char *source,
                      const struct irc_channels *channels, metric *lines_cut);

/* Add `text`, cut to at most `length_max` bytes as described above. */
void irc_encode_text(struct buffer *out, struct text text, size_t length_max);

#endif
