/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes out needs nothing from here: the session sends frames, and its connection is the
 * websocket's.
 */
#include "protocols/irc/irc_websocket.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/http/websocket.h"
#include "protocols/irc/irc.h"
#include "protocols/irc/irc_session.h"
#include "server/base/memory.h"

#define BINARY "binary.ircv3.net"
#define TEXT   "text.ircv3.net"

/* A worker's endpoint. */
struct endpoint {
	const struct front_end_env *env;
};

/*
 * A message is a line, and its end is one whatever it holds: what is cut off a line that is too
 * long is not joined with the next.  One that holds several, or ends in CR LF, is
 * taken all the same.
 */
static void on_message(struct websocket *websocket, void *owner, const char *bytes, size_t length)
{
	struct buffer lines = {0};
	size_t done;

	buffer_append(&lines, bytes, length);
	buffer_append_byte(&lines, '\n');
	done = irc_session_take(owner, lines.bytes, lines.length);
	buffer_finish(&lines);
	if (done < length) {
		websocket_put_off(websocket, done);
	}
}

static void on_gone(struct websocket *websocket, void *owner, enum close_reason reason)
{
	struct irc_session *session = owner;

	(void)websocket;
	metric_subtract(&session->server->env->metrics->irc_websocket_clients, 1);
	irc_session_end(session, reason);
	irc_session_destroy(session);
}

static const char *const subprotocols[] = {BINARY, TEXT, NULL};

/* Either kind of message is taken, whatever was agreed on. */
static const struct websocket_ops ops = {
    .subprotocols = subprotocols,
    .on_text = on_message,
    .on_binary = on_message,
    .on_gone = on_gone,
};

/* All that is sent is UTF-8, so text is right for a client that has not asked for either. */
static enum irc_framing framing_of(const struct websocket *websocket)
{
	const char *subprotocol = websocket_subprotocol(websocket);

	return subprotocol != NULL && strcmp(subprotocol, BINARY) == 0 ? IRC_FRAMING_BINARY_FRAME
	                                                               : IRC_FRAMING_TEXT_FRAME;
}

static void open_session(struct irc_server *server, struct http_exchange *exchange)
{
	struct websocket *websocket = websocket_accept(exchange, &ops, NULL);

	if (websocket != NULL) {
		websocket_set_owner(websocket,
		                    irc_session_create(server, websocket_connection(websocket),
		                                       framing_of(websocket)));
		metric_add(&server->env->metrics->irc_websocket_clients, 1);
	}
}

/* RFC 9110 §15.5.22: it says what to upgrade to. */
static void ask_for_upgrade(struct http_exchange *exchange)
{
	static const char text[] = "IRC over WebSocket: give this address to an IRC client\n";

	http_respond(exchange, &(struct http_response){
				   .status = 426,
				   .content_type = "text/plain; charset=UTF-8",
				   .fields = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
					     "Sec-WebSocket-Version: 13\r\n",
				   .body = {.bytes = text, .length = sizeof(text) - 1},
			       });
}

void irc_websocket_on_request(void *state, struct http_exchange *exchange)
{
	const struct front_end_env *env = ((const struct endpoint *)state)->env;
	struct irc_server *server = env->state_of(env, &irc_front_end);

	if (server == NULL) {
		http_respond_status(exchange, 404);
	} else if (!http_exchange_request(exchange)->is_upgrade) {
		ask_for_upgrade(exchange);
	} else {
		open_session(server, exchange);
	}
}

void *irc_websocket_start(const struct front_end_env *env)
{
	struct endpoint *endpoint = mem_new(struct endpoint);

	endpoint->env = env;
	return endpoint;
}

void irc_websocket_destroy(void *state)
{
	free(state);
}
