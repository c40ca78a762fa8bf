/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROTOCOLS_IRC_IRC_SESSION_H
#define PROTOCOLS_IRC_IRC_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/irc/irc_budget.h"
#include "protocols/irc/irc_capabilities.h"
#include "protocols/irc/irc_framing.h"
#include "protocols/irc/irc_message.h"
#include "protocols/irc/irc_server.h"
#include "server/base/deadlines.h"
#include "server/feed/bus.h"
#include "server/net/client.h"
#include "server/net/client_names.h"
#include "server/net/connection.h"

/*
 * One client: who it says it is, what it has joined, whether it is still there.
 * Its membership of a channel is its subscription to that channel on the bus.
 *
 *   CONNECTED ── NICK and USER, no CAP negotiation open ──> REGISTERED ──> closing
 *
 * Under it is a connection, whose bytes are IRC's own (irc_stream) or a WebSocket's
 * (irc_websocket).  These two bring it input and tell it of the end; what it sends
 * differs in its framing only.
 *
 * Threads: the worker's.
 */
#define IRC_NICK_MAX      30
#define IRC_USER_MAX      63  /* bytes; what is longer is cut */
#define IRC_REAL_NAME_MAX 128 /* the same; NAMELEN in 005 */
#define IRC_AWAY_MAX      200 /* the same */

struct irc_session {
	struct client client; /* in the list of those who are served */
	struct connection *connection;
	struct irc_server *server;
	struct subscriber subscriber; /* to the channels in `joined` */
	uint64_t deliveries;          /* changes that were sent */
	struct deadline check;        /* every quarter of ping_timeout */
	struct irc_channels joined;
	const struct irc_channel *list_after;          /* a LIST goes on behind this one */
	struct irc_chathistory *chathistory;           /* a CHATHISTORY that goes on */
	struct irc_session *prev_untold, *next_untold; /* irc_topics.untold, while it is_untold */
	char *topics_told;   /* the channel up to which it was told its topics; NULL: not begun */
	unsigned join_after; /* a JOIN goes on behind so many of its names */
	bool is_untold;      /* of another topic */
	bool is_paused;      /* the last command goes on when its line comes again */
	char *user;          /* NULL before USER */
	char *real_name;
	char *away; /* NULL: is not */
	uint64_t connected_ms;
	uint64_t pong_ms;  /* last sign of life */
	uint64_t signon_s; /* Unix time of the connection */
	struct irc_lines lines;
	struct irc_budget budget;    /* of lines that are run */
	struct deadline refill;      /* armed while lines wait for the budget */
	bool is_negotiating;         /* CAP: registration waits for CAP END */
	bool knows_cap_302;          /* the version of CAP LS, once said */
	bool is_registered;          /* counted in irc_registered */
	enum close_reason reason;    /* of its end */
	unsigned capabilities;       /* of IRC_CAP_... */
	enum irc_framing framing;    /* of what is sent */
	uint64_t batches;            /* how many were begun: the last one's reference */
	uint64_t response_batch;     /* of a command that pauses; 0: of none */
	char nick[IRC_NICK_MAX + 1]; /* "" before NICK */
};

/* Gives a session for a client that has come, to be ended with irc_session_end() and _destroy(). */
struct irc_session *irc_session_create(struct irc_server *server, struct connection *connection,
                                       enum irc_framing framing);

/*
 * Run the lines of the client's that are whole.  Returns how many bytes are done with: fewer
 * when it takes its replies too slowly, which is when the rest is to come again.
 */
size_t irc_session_take(struct irc_session *session, const char *bytes, size_t length);

/* Send lines, each with its CR LF, in the session's framing. */
void irc_session_send(struct irc_session *session, const char *lines, size_t length);

/* The session that a client is, NULL when it is another protocol's. */
struct irc_session *irc_session_of(struct client *client);

/* The connection is to end: leave the channels, and say why if that is to be told. */
void irc_session_end(struct irc_session *session, enum close_reason reason);

/* Free it, after irc_session_end(). */
void irc_session_destroy(struct irc_session *session);

/* Lends the nick, "*" before there is one. */
const char *irc_session_nick(const struct irc_session *session);

/* Whether `nick` is the session's own. */
bool irc_session_is(const struct irc_session *session, const char *nick);

/* Writes "nick!user@server" to `source`, and lends it back. */
const char *irc_session_source(const struct irc_session *session, char source[IRC_SOURCE_MAX]);

/* It has registered: from now on it is pinged, and counted. */
void irc_session_register(struct irc_session *session);

/* Join a channel or a mask: its changes come from now on.  False when it had joined. */
bool irc_session_join(struct irc_session *session, struct irc_channel *channel);

/* Leave a channel, which may be gone then.  False when it was not joined. */
bool irc_session_part(struct irc_session *session, struct irc_channel *channel);

/* The IRC_TAG_... that the session's changes carry. */
unsigned irc_session_tags(const struct irc_session *session);

/* Write a line that the client has joined these channels, if there are any. */
void irc_session_tell_joined(const struct irc_session *session, struct client_names *channels);

/* Write a line of debugging about this client. */
void irc_session_log(const struct irc_session *session, const char *id, const char *text);

#endif
