/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_COMMANDS_H
#define PROTOCOLS_IRC_IRC_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "protocols/irc/irc_message.h"
#include "protocols/irc/irc_session.h"

/*
 * The commands: a table of them, and their handlers by purpose in
 * irc_commands_{login,cap,channel,list,user,who,server,info}.c.  A new command is a row and a
 * handler.
 *
 * Threads: the worker's.
 */
typedef void irc_command_fn(struct irc_session *session, const struct irc_message *message);

struct irc_command {
	const char *name;
	irc_command_fn *run;
	unsigned params_min;      /* fewer, or an empty first one, are answered with 461 */
	bool before_registration; /* else answered with 451 */
	bool takes_repaired;      /* else a line that is not UTF-8 is ignored */
};

/* Sorted by name. */
extern const struct irc_command irc_commands[];
extern const size_t irc_commands_count;

/* Lends the row of a command in upper case; NULL when there is none. */
const struct irc_command *irc_command_find(const char *name);

/* Run a client's message, or answer why not. */
void irc_command_run(struct irc_session *session, const struct irc_message *message);

/* Login: RFC 2812 §3.1. */
irc_command_fn irc_command_nick, irc_command_pass, irc_command_quit, irc_command_user;

/* IRCv3 setname: the real name, changed later. */
irc_command_fn irc_command_setname;

/* Register a client that has said all that it takes; done by each that may be the last. */
void irc_command_try_registration(struct irc_session *session);

/* IRCv3 capability negotiation. */
irc_command_fn irc_command_cap;

/* IRCv3 chathistory: irc_commands_history.c. */
irc_command_fn irc_command_chathistory;

/* Channels: RFC 2812 §3.2. */
irc_command_fn irc_command_join, irc_command_list, irc_command_names, irc_command_part,
    irc_command_topic;

/* Users, what they are doing, and what is said to them: RFC 2812 §3.1.5, §3.3, §3.6, §4.8. */
irc_command_fn irc_command_mode, irc_command_notice, irc_command_privmsg, irc_command_userhost,
    irc_command_who, irc_command_whois, irc_command_whowas;
irc_command_fn irc_command_away, irc_command_ison;

/* IRCv3 message-tags: what is said without a text. */
irc_command_fn irc_command_tagmsg;

/* The server: RFC 2812 §3.4, §3.7. */
irc_command_fn irc_command_lusers, irc_command_motd, irc_command_ping, irc_command_pong;
irc_command_fn irc_command_admin, irc_command_help, irc_command_info, irc_command_links,
    irc_command_oper, irc_command_stats, irc_command_time, irc_command_version;

#endif
