/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses:
 *
 *   /socket.io/1/                  handshake
 *   /socket.io/1/TRANSPORT/SID     poll, packets or upgrade, as the transport has it
 *   /socket.io/1//SID?disconnect   the end of a session, under any transport's address
 */
#include "protocols/socketio/socketio.h"

#include <stdlib.h>
#include <string.h>

#include "protocols/http/http_exchange.h"
#include "protocols/socketio/socketio_answer.h"
#include "protocols/socketio/socketio_htmlfile.h"
#include "protocols/socketio/socketio_jsonp.h"
#include "protocols/socketio/socketio_polling.h"
#include "protocols/socketio/socketio_session.h"
#include "protocols/socketio/socketio_websocket.h"
#include "server/base/memory.h"
#include "server/net/address_limits.h"

/*
 * The handshake's third field.  RCStream had no option for it, and it is none of
 * the server's own time-outs: the client gives up after so long without a packet.
 */
#define CLOSE_TIMEOUT_S 60

/* All there are; socketio.transports tells which ones are offered, and in what order. */
static const struct socketio_transport *const transports[] = {
    &socketio_websocket_transport,
    &socketio_htmlfile_transport,
    &socketio_polling_xhr,
    &socketio_polling_jsonp,
};

#define TRANSPORTS (sizeof(transports) / sizeof(transports[0]))

struct socketio {
	const struct front_end_env *env;
	struct socketio_sessions sessions;
};

/* --- addresses ---------------------------------------------------------- */

struct address {
	struct text transport;
	struct text sid; /* empty: the handshake's */
};

static bool is_equal(struct text text, const char *other)
{
	return text.length == strlen(other) && memcmp(text.bytes, other, text.length) == 0;
}

/* Take what stands before the next '/', and that too. */
static struct text take_segment(struct text *path)
{
	const char *slash = memchr(path->bytes, '/', path->length);
	size_t length = slash != NULL ? (size_t)(slash - path->bytes) : path->length;
	size_t taken = slash != NULL ? length + 1 : length;
	struct text segment = {.bytes = path->bytes, .length = length};

	path->bytes += taken;
	path->length -= taken;
	return segment;
}

static bool read_address(struct text path, struct address *address)
{
	const size_t prefix = sizeof(SOCKETIO_PATH) - 1;

	path.bytes += prefix;
	path.length -= prefix;
	if (!is_equal(take_segment(&path), "1")) {
		return false;
	}
	address->transport = take_segment(&path);
	address->sid = take_segment(&path);
	return path.length == 0 && (address->sid.length > 0 || address->transport.length == 0);
}

static bool is_offered(const struct socketio *socketio, struct text name)
{
	const struct conf_strings *offered = &socketio->env->conf->socketio.transports;

	for (size_t i = 0; i < offered->count; i++) {
		if (is_equal(name, offered->items[i])) {
			return true;
		}
	}
	return false;
}

static const struct socketio_transport *find_transport(const struct socketio *socketio,
                                                       struct text name)
{
	for (size_t i = 0; i < TRANSPORTS; i++) {
		if (is_equal(name, transports[i]->name) && is_offered(socketio, name)) {
			return transports[i];
		}
	}
	return NULL;
}

/* --- handshake ---------------------------------------------------------- */

/* All three texts are made here, of characters that need no escape. */
static void answer_jsonp(struct http_exchange *exchange, struct text index, const char *before,
                         const char *text, const char *after)
{
	struct buffer body = {0};

	buffer_printf(&body, "io.j[%.*s](%s\"%s\"%s);", (int)index.length, index.bytes, before,
	              text, after);
	socketio_answer_body(exchange, 200, SOCKETIO_JAVASCRIPT,
	                     (struct text){.bytes = body.bytes, .length = body.length});
	buffer_finish(&body);
}

static void write_handshake(const struct socketio *socketio, const char *sid, struct buffer *out)
{
	const struct conf_socketio *conf = &socketio->env->conf->socketio;

	buffer_printf(out, "%s:%u:%u:", sid, conf->heartbeat_timeout, CLOSE_TIMEOUT_S);
	for (size_t i = 0; i < conf->transports.count; i++) {
		buffer_printf(out, i > 0 ? ",%s" : "%s", conf->transports.items[i]);
	}
	buffer_append_byte(out, '\0');
}

static void refuse_handshake(struct http_exchange *exchange, struct text jsonp, const char *cause)
{
	if (socketio_jsonp_is_index(jsonp)) {
		answer_jsonp(exchange, jsonp, "new Error(", cause, ")");
	} else {
		socketio_answer_text(exchange, 503, cause);
	}
}

/* Gives what the client calls itself, as far as it will be shown; NULL when it does not. */
static char *copy_agent(const struct http_request *request)
{
	struct text agent = http_request_field(request, "User-Agent");
	size_t length = agent.length < CLIENT_AGENT_MAX ? agent.length : CLIENT_AGENT_MAX - 1;

	return length > 0 ? mem_copy_text(agent.bytes, length) : NULL;
}

/* Lends a new session; NULL with a `cause` when the server, or the client's address, has its fill.
 */
static struct socketio_session *make_session(struct socketio *socketio,
                                             struct http_exchange *exchange, const char **cause)
{
	struct address_limits *addresses = socketio->env->session_addresses;
	struct address_place *place = NULL;
	struct socketio_session *session;
	enum close_reason reason;

	if (addresses != NULL) {
		place = address_limits_enter(addresses, http_exchange_client(exchange), &reason);
		if (place == NULL) {
			*cause = "too many sessions from your address";
			metric_add(&socketio->env->metrics->socketio_refused_address, 1);
			return NULL;
		}
	}
	session = socketio_session_create(&socketio->sessions);
	if (session == NULL) {
		*cause = "too many sessions";
		metric_add(&socketio->env->metrics->socketio_refused_limit, 1);
		address_limits_leave(place);
		return NULL;
	}
	session->place = place;
	session->peer = *http_exchange_client(exchange);
	session->agent = copy_agent(http_exchange_request(exchange));
	return session;
}

static void on_handshake(struct socketio *socketio, struct http_exchange *exchange)
{
	struct text jsonp = http_request_parameter(http_exchange_request(exchange), "jsonp");
	const char *cause;
	struct socketio_session *session = make_session(socketio, exchange, &cause);
	struct buffer body = {0};
	char peer[PEER_TEXT_MAX];

	if (session == NULL) {
		refuse_handshake(exchange, jsonp, cause);
		return;
	}
	metric_add(&socketio->env->metrics->socketio_handshakes, 1);
	log_debug(&session->log, "socketio.handshake", "from %s",
	          peer_text(http_exchange_client(exchange), peer));
	write_handshake(socketio, session->sid, &body);
	if (socketio_jsonp_is_index(jsonp)) {
		answer_jsonp(exchange, jsonp, "", body.bytes, "");
	} else {
		socketio_answer_text(exchange, 200, body.bytes);
	}
	buffer_finish(&body);
}

/* --- requests of a session ---------------------------------------------- */

static void on_disconnect(struct socketio_session *session, struct http_exchange *exchange)
{
	if (session != NULL) {
		socketio_session_end(session, CLOSE_CLIENT_QUIT);
	}
	socketio_answer_text(exchange, 200, "");
}

static void on_session_request(struct socketio *socketio, struct http_exchange *exchange,
                               const struct address *address)
{
	const struct http_request *request = http_exchange_request(exchange);
	const struct socketio_transport *transport = find_transport(socketio, address->transport);
	bool disconnects = http_request_parameter(request, "disconnect").bytes != NULL;
	struct socketio_session *session;
	unsigned worker;

	if (transport == NULL && !disconnects) {
		socketio_answer_text(exchange, 404, "unknown transport");
		return;
	}
	if (socketio_session_worker(address->sid, &worker) && worker < socketio->env->workers &&
	    worker != socketio->env->worker) {
		http_move(exchange, worker);
		return;
	}
	session = socketio_session_find(&socketio->sessions, address->sid);
	if (disconnects) {
		on_disconnect(session, exchange);
	} else if (session == NULL) {
		/* Clients handshake again, at their leisure: a packet 7 would make some hurry. */
		socketio_answer_text(exchange, 400, "unknown session");
	} else {
		http_exchange_serves(exchange, transport->kind);
		transport->on_request(session, exchange);
	}
}

void socketio_on_request(void *state, struct http_exchange *exchange)
{
	struct socketio *socketio = state;
	const struct http_request *request = http_exchange_request(exchange);
	struct address address;

	if (request->method == HTTP_METHOD_OPTIONS) {
		socketio_answer_preflight(exchange);
	} else if (!read_address(request->path, &address)) {
		socketio_answer_text(exchange, 404, "no such address in version 1 of the protocol");
	} else if (request->method != HTTP_METHOD_GET && request->method != HTTP_METHOD_POST) {
		socketio_answer_method(exchange);
	} else if (address.sid.length == 0) {
		on_handshake(socketio, exchange);
	} else {
		on_session_request(socketio, exchange, &address);
	}
}

/* --- life --------------------------------------------------------------- */

void *socketio_start(const struct front_end_env *env)
{
	struct socketio *socketio = mem_new(struct socketio);

	for (size_t i = 0; i < TRANSPORTS; i++) {
		require(transports[i]->waiting != NULL); /* replays go by it */
	}
	socketio->env = env;
	socketio_sessions_init(&socketio->sessions, env);
	return socketio;
}

void socketio_destroy(void *state)
{
	struct socketio *socketio = state;

	if (socketio != NULL) {
		socketio_sessions_finish(&socketio->sessions);
		free(socketio);
	}
}
