/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_RCFEED_IRC_H
#define SERVER_FEED_RCFEED_IRC_H

#include <stdbool.h>
#include <stddef.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"
#include "server/feed/rcfeed_json.h"
#include "server/feed/wiki_name.h"

/*
 * Codec: the line of MediaWiki's IRCColourfulRCFeedFormatter, both ways, and the
 * RC2UDP datagram it travels in.
 *
 *   ^C14[[^C07TITLE^C14]]^C4 FLAGS^C10 ^C02URL^C ^C5*^C ^C03USER^C ^C5*^C SIZE ^C10COMMENT^C
 *
 * Threads: any.
 */

/* What a line is rendered from: RCFeed's members under their names. */
struct rcfeed_fields {
	enum change_type type;
	struct text title;
	struct text user;
	struct text comment;
	bool is_minor;
	bool is_bot;
	bool has_patrolled; /* the member is present, true or false: patrolling applies */
	bool is_patrolled;
	bool has_length; /* length.new is known, and length.old too unless the page is new */
	long long length_old;
	long long length_new;
	bool has_id;
	long long id;
	long long revision_old;
	long long revision_new;
	struct text notify_url; /* NULL bytes: build it from the three below */
	struct text server_url;
	struct text script_path; /* "/" stands for the empty one */
	struct text server_name;
	struct text log_type;
	struct text log_action;
	struct text log_action_comment;
};

/*
 * Add the line of a change, without a line end; nothing and false when there is
 * none (categorize and external never have one, nor has an edit without the
 * members its line is made of).  Byte for byte what MediaWiki sends, as far as the
 * JSON tells it.
 */
bool rcfeed_irc_render(const struct rcfeed_fields *fields, struct buffer *out);

/*
 * Add the text as MediaWiki's clean-up leaves it: character references decoded
 * (named ones with their semicolon only, numeric ones that name no character as
 * U+FFFD), LF made a space, CR dropped.
 */
void rcfeed_irc_clean(struct text text, struct buffer *out);

/*
 * Add one RCFeed JSON object for a line that came to `channel`: what the line
 * tells is filled in, every other RCFeed member is there and null.  A line that
 * does not have the shape above yields an object with server_name alone filled.
 * Returns the type the line tells.
 */
enum change_type rcfeed_irc_to_json(const struct wiki_names *names, struct text channel,
                                    struct text line, struct buffer *out);

/*
 * Gives the change of an RC2UDP datagram "#channel TAB text"; NULL with `reason` set
 * when it is none.
 *
 * As IRCStream takes it: valid UTF-8 throughout or dropped; split at the first
 * tab; white space around the channel and on the left of the text goes; CR, LF
 * and NUL are deleted from the text; an empty text is a change too.  A channel
 * that nobody could join is a reason to drop.
 */
struct change *rcfeed_irc_read(const struct wiki_names *names, const char *bytes, size_t length,
                               enum drop_reason *reason);

#endif
