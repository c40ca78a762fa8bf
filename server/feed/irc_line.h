/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_IRC_LINE_H
#define SERVER_FEED_IRC_LINE_H

#include <stdbool.h>

#include "server/feed/change.h"

/*
 * Codec: takes a line of MediaWiki's IRCColourfulRCFeedFormatter apart.
 *
 *   ^C14[[^C07TITLE^C14]]^C4 FLAGS^C10 ^C02URL^C ^C5*^C ^C03USER^C ^C5*^C SIZE ^C10COMMENT^C
 *
 * Threads: any.
 */

/* A number that the line may not tell. */
struct irc_line_number {
	bool is_known;
	long long value;
};

/* What a line tells.  Texts are parts of the line; NULL bytes: it does not tell. */
struct irc_line {
	enum change_type type; /* CHANGE_EDIT, CHANGE_NEW or CHANGE_LOG */
	struct text title;     /* of a log entry, its target: told by colour alone */
	struct text user;
	struct text comment; /* of a log entry with `title`, it is still coloured there */

	/* Edit and new only. */
	bool is_unpatrolled; /* means something where `rcid` is known */
	bool is_minor;
	bool is_bot;
	struct irc_line_number size; /* new length less old */
	struct irc_line_number rcid;
	struct irc_line_number revision_old;
	struct irc_line_number revision_new;
	struct text url;
	struct text server_url;  /* "https://en.wikipedia.org" */
	struct text server_name; /* its host; always wiki_server_name_is_valid() */
	struct text script_path; /* "/w"; as in RCFeed, "/" at the root */

	/* Log only. */
	struct text log_type;
	struct text log_action;
};

/*
 * Take `text` apart.  False when it does not have the shape above; `line` then
 * tells nothing.  An interwiki prefix before TITLE is passed over, as is what
 * stands behind the last ^C.
 */
bool irc_line_parse(struct text text, struct irc_line *line);

#endif
