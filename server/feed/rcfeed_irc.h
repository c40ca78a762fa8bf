/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_RCFEED_IRC_H
#define SERVER_FEED_RCFEED_IRC_H

#include <stdbool.h>
#include <stddef.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"
#include "server/feed/drop_reason.h"
#include "server/feed/wiki_name.h"

/*
 * Codec: the line of MediaWiki's IRCColourfulRCFeedFormatter, both ways, and the
 * RC2UDP datagram it travels in.
 *
 *   ^C14[[^C07TITLE^C14]]^C4 FLAGS^C10 ^C02URL^C ^C5*^C ^C03USER^C ^C5*^C SIZE ^C10COMMENT^C
 *
 * Names and comments go through irc_clean_text() on their way into a line; irc_line.h
 * takes one apart.
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
	bool has_length;      /* length.new is known, and length.old too unless the page is new */
	long long length_old; /* 0 for a new page */
	long long length_new;
	bool has_id;
	long long id;
	bool has_revision; /* revision.new is known, and revision.old too unless the page is new */
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
 * none.  Byte for byte what MediaWiki sends, as far as the JSON tells it; CR, LF
 * and NUL never come into it.
 *
 * There is one for an edit or a new page with its title, user and comment and
 * either a notify_url or what that is made of; for a log entry with its user,
 * log_type and log_action; and for no other type.
 */
bool rcfeed_irc_render(const struct rcfeed_fields *fields, struct buffer *out);

/*
 * Add one RCFeed JSON object for a line that came to `channel`, a valid one: what
 * the line tells is filled in, every other member that an RCFeed object of any
 * type may have is there and null.  A line that does not have the shape above
 * yields an object with server_name alone filled.  The line is valid UTF-8, the
 * object ASCII.  Returns the type the line tells.
 */
enum change_type rcfeed_irc_to_json(const struct wiki_names *names, struct text channel,
                                    struct text line, struct buffer *out);

/*
 * Gives the change of an RC2UDP datagram "#channel TAB text"; NULL with `reason` set
 * when it is none.  Its wiki is the host of the line's URL, else the one that the
 * channel stands for.
 *
 * As IRCStream takes it: valid UTF-8 throughout or dropped; split at the first
 * tab; white space (Python's str.strip()) around the channel and on the left of
 * the text goes; CR, LF and NUL are deleted from the text; an empty text is a
 * change too.  A channel that nobody could join is a reason to drop.
 */
struct change *rcfeed_irc_read(const struct wiki_names *names, const char *bytes, size_t length,
                               enum drop_reason *reason);

#endif
