/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session ends in the middle of things: while the bus delivers, while a payload's
 * packets are worked off.  So socketio_session_end() undoes what others can see
 * and leaves the memory for a deadline to free.
 */
#include "protocols/socketio/socketio_session.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "protocols/socketio/socketio_rc.h"
#include "server/base/memory.h"
#include "server/base/random.h"
#include "server/net/address_limits.h"
#include "server/net/client_line.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct metrics *metrics_of(const struct socketio_session *session)
{
	return session->sessions->env->metrics;
}

static struct deadlines *deadlines_of(const struct socketio_session *session)
{
	return &session->sessions->env->net->deadlines;
}

/* --- ids ---------------------------------------------------------------- */

/* The worker, then random bytes; both in base64url (RFC 4648 §5), without padding. */
static void write_sid(char sid[SOCKETIO_SID_LENGTH + 1], unsigned worker)
{
	unsigned char bytes[SOCKETIO_RANDOM_BYTES];
	char *at = sid;

	*at++ = digits[(worker >> 6) & 0x3f];
	*at++ = digits[worker & 0x3f];
	random_fill(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i += 3) {
		unsigned bits =
		    (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6) {
			*at++ = digits[(bits >> shift) & 0x3f];
		}
	}
	*at = '\0';
}

bool socketio_session_worker(struct text sid, unsigned *worker)
{
	*worker = 0;
	if (sid.length != SOCKETIO_SID_LENGTH) {
		return false;
	}
	for (size_t i = 0; i < SOCKETIO_WORKER_LENGTH; i++) {
		const char *digit = memchr(digits, sid.bytes[i], sizeof(digits) - 1);

		if (digit == NULL) {
			return false;
		}
		*worker = *worker << 6 | (unsigned)(digit - digits);
	}
	return true;
}

/* --- out ---------------------------------------------------------------- */

void socketio_session_deliver(struct socketio_session *session, struct delivery *delivery)
{
	metric_add(&metrics_of(session)->socketio_deliveries, 1);
	session->deliveries++;
	session->transport->deliver(session, delivery);
}

static void on_delivered(struct subscriber *subscriber, struct delivery *delivery)
{
	struct socketio_session *session =
	    container_of(subscriber, struct socketio_session, subscriber);

	if (socketio_following_admits(session, delivery_change(delivery))) {
		socketio_session_deliver(session, delivery);
	}
}

static const struct subscriber_ops subscriber_ops = {.deliver = on_delivered};

void socketio_session_send(struct socketio_session *session, const struct socketio_packet *packet)
{
	struct buffer bytes = {0};

	if (session->is_ended) {
		return;
	}
	require(session->transport != NULL);
	socketio_packet_write(packet, &bytes);
	session->transport->send(session,
	                         (struct text){.bytes = bytes.bytes, .length = bytes.length});
	buffer_finish(&bytes);
}

static const struct text rc_endpoint = {
    .bytes = SOCKETIO_RC_ENDPOINT,
    .length = sizeof(SOCKETIO_RC_ENDPOINT) - 1,
};

/* The list of arguments is given. */
static void send_event(struct socketio_session *session, struct text endpoint, const char *name,
                       json_t *arguments)
{
	json_t *event = json_pack("{s:s, s:o}", "name", name, "args", arguments);
	char *data = json_dumps(event, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	struct socketio_packet packet = {.type = SOCKETIO_EVENT, .endpoint = endpoint};

	require(data != NULL); /* valid UTF-8 throughout */
	packet.data = (struct text){.bytes = data, .length = strlen(data)};
	socketio_session_send(session, &packet);
	free(data);
	json_decref(event);
}

void socketio_session_send_event(struct socketio_session *session, const char *name,
                                 json_t *arguments)
{
	send_event(session, rc_endpoint, name, arguments);
}

void socketio_session_send_error(struct socketio_session *session, struct text endpoint,
                                 const char *reason, const char *text)
{
	send_event(session, endpoint, "error", json_pack("[s, s]", reason, text));
}

/* --- in ----------------------------------------------------------------- */

void socketio_session_count_bad(struct socketio_session *session)
{
	metric_add(&metrics_of(session)->socketio_bad_packets, 1);
	log_debug(&session->log, "socketio.bad_packet", "a packet could not be read");
}

/* To the session itself: the endpoint is empty. */
static void take_own(struct socketio_session *session, const struct socketio_packet *packet)
{
	if (packet->type == SOCKETIO_DISCONNECT) {
		socketio_session_end(session, CLOSE_CLIENT_QUIT);
	}
}

static void refuse_endpoint(struct socketio_session *session, struct text endpoint)
{
	char text[SOCKETIO_ENDPOINT_MAX + 64];

	(void)snprintf(text, sizeof(text),
	               "The endpoint you tried to connect to doesn't exist: %.*s",
	               (int)endpoint.length, endpoint.length > 0 ? endpoint.bytes : "");
	socketio_session_send_error(session, endpoint, "no_such_namespace", text);
}

static bool wants_endpoint(const struct socketio_packet *packet)
{
	switch (packet->type) {
	case SOCKETIO_CONNECT:
		return packet->endpoint.length > 0;
	case SOCKETIO_MESSAGE:
	case SOCKETIO_JSON:
	case SOCKETIO_EVENT:
		return true;
	default:
		return false;
	}
}

static bool is_rc(struct text endpoint)
{
	static const char rc[] = SOCKETIO_RC_ENDPOINT;

	return endpoint.length == sizeof(rc) - 1 && memcmp(endpoint.bytes, rc, sizeof(rc) - 1) == 0;
}

/* Anything a client sends shows that it lives; anything sent to it does not. */
static void note_life(struct socketio_session *session)
{
	if (deadline_is_armed(&session->expiry)) {
		deadline_arm(deadlines_of(session), &session->expiry, session->expiry_ms);
	}
}

void socketio_session_take(struct socketio_session *session, struct text bytes)
{
	struct socketio_packet packet;

	if (session->is_ended) {
		return;
	}
	note_life(session);
	if (!socketio_packet_read(bytes, &packet)) {
		socketio_session_count_bad(session);
	} else if (is_rc(packet.endpoint)) {
		socketio_rc_take(session, &packet);
	} else if (wants_endpoint(&packet)) {
		refuse_endpoint(session, packet.endpoint);
	} else if (packet.endpoint.length == 0) {
		take_own(session, &packet);
	}
}

/* --- for whoever runs the server ------------------------------------------ */

static void describe(const struct client *client, struct client_info *info)
{
	const struct socketio_session *session =
	    container_of(client, const struct socketio_session, client);

	if (session->transport->connection != NULL) {
		client_info_of_connection(session->transport->connection(session), info);
	} else {
		info->peer = session->peer;
		info->queued_bytes = session->transport->waiting(session);
	}
	info->sent_bytes += session->earlier_bytes;
	info->subscriber = &session->subscriber;
	if (session->agent != NULL) {
		client_info_agent(info, session->agent, strlen(session->agent));
	}
}

static void end_client(struct client *client, enum close_reason reason)
{
	socketio_session_end(container_of(client, struct socketio_session, client), reason);
}

static const struct client_ops client_ops = {.describe = describe, .end = end_client};

/* --- the log ------------------------------------------------------------ */

void socketio_session_count_connection(struct socketio_session *session,
                                       const struct connection *connection)
{
	session->earlier_bytes += connection->sent_bytes;
	session->unsent_bytes = client_unsent_bytes(connection);
}

/* What the transport has sent, and what waits in it: it is about to be closed. */
static void count_transport(struct socketio_session *session)
{
	const struct socketio_transport *transport = session->transport;
	const struct connection *connection;

	if (transport == NULL) {
		return;
	}
	if (transport->connection == NULL) {
		session->unsent_bytes = transport->waiting(session);
		return;
	}
	connection = transport->connection(session);
	if (connection != NULL) {
		socketio_session_count_connection(session, connection);
	}
}

static void begin_line(const struct socketio_session *session, struct client_line *line)
{
	client_line_begin(line, &session->client, &session->peer);
	client_line_add(line, "user_agent.original", session->agent);
}

static void tell_connected(const struct socketio_session *session)
{
	bool has_agent = session->agent != NULL;
	struct client_line line;

	if (client_log_wants(session->sessions->env->net, CLIENT_CONNECTED)) {
		begin_line(session, &line);
		client_line_write(&line, CLIENT_CONNECTED, "over %s%s%s", session->transport->name,
		                  has_agent ? ": " : "", has_agent ? session->agent : "");
	}
}

void socketio_session_tell_subscribed(const struct socketio_session *session,
                                      struct client_names *names)
{
	struct client_line line;

	if (names->count > 0 && client_log_wants(session->sessions->env->net, CLIENT_SUBSCRIBED)) {
		begin_line(session, &line);
		client_line_add_number(&line, "rcstreamd.subscriptions",
		                       session->subscriber.subscriptions +
		                           socketio_following_count(session));
		client_line_write(&line, CLIENT_SUBSCRIBED, "to %s", client_names_text(names));
	}
}

static void tell_disconnected(const struct socketio_session *session, enum close_reason reason)
{
	const struct net *net = session->sessions->env->net;
	struct client_line line;

	if (client_log_wants(net, CLIENT_DISCONNECTED)) {
		begin_line(session, &line);
		client_line_write_end(&line, &(struct client_totals){
						 .reason = reason,
						 .lasted_ms = net->clock.now_ms - session->began_ms,
						 .deliveries = session->deliveries,
						 .sent_bytes = session->earlier_bytes,
						 .unsent_bytes = session->unsent_bytes,
					     });
	}
}

/* Who has shaken hands and never came is no client. */
static void tell_end(struct socketio_session *session, enum close_reason reason)
{
	if (session->transport != NULL) {
		tell_disconnected(session, reason);
	} else {
		log_debug(&session->log, "socketio.unopened", "%s",
		          close_reason_row(reason)->label);
	}
}

/* --- life --------------------------------------------------------------- */

static void on_expired(struct deadline *expiry)
{
	struct socketio_session *session = container_of(expiry, struct socketio_session, expiry);

	metric_add(&metrics_of(session)->socketio_sessions_expired, 1);
	socketio_session_end(session, CLOSE_PING_TIMEOUT);
}

void socketio_session_expire_in(struct socketio_session *session, unsigned seconds)
{
	session->expiry_ms = (uint64_t)seconds * 1000;
	deadline_arm(deadlines_of(session), &session->expiry, session->expiry_ms);
}

void socketio_session_stay(struct socketio_session *session)
{
	deadline_disarm(deadlines_of(session), &session->expiry);
}

static unsigned open_timeout(const struct front_end_env *env)
{
	unsigned heartbeat_timeout = env->conf->socketio.heartbeat_timeout;

	return heartbeat_timeout < SOCKETIO_OPEN_TIMEOUT_S ? heartbeat_timeout
	                                                   : SOCKETIO_OPEN_TIMEOUT_S;
}

/* This worker's share. */
static size_t sessions_max(const struct front_end_env *env)
{
	size_t share = env->conf->socketio.max_sessions / env->workers;

	return share > 0 ? share : 1;
}

struct socketio_session *socketio_session_create(struct socketio_sessions *sessions)
{
	const struct front_end_env *env = sessions->env;
	struct socketio_session *session;

	if (HASH_COUNT(sessions->by_sid) >= sessions_max(env)) {
		return NULL;
	}
	session = mem_new(struct socketio_session);
	session->sessions = sessions;
	session->subscriber.ops = &subscriber_ops;
	session->expiry.on_due = on_expired;
	session->began_ms = env->net->clock.now_ms;
	session->client.id = client_new_id(env->net);
	session->log = (struct log_scope){.name = "socketio", .id = session->client.id};
	write_sid(session->sid, env->worker);
	HASH_ADD(hh, sessions->by_sid, sid, SOCKETIO_SID_LENGTH, session);
	metric_add(&env->metrics->socketio_sessions, 1);
	socketio_session_expire_in(session, open_timeout(env));
	return session;
}

struct socketio_session *socketio_session_find(const struct socketio_sessions *sessions,
                                               struct text sid)
{
	struct socketio_session *session = NULL;

	if (sid.length == SOCKETIO_SID_LENGTH) {
		HASH_FIND(hh, sessions->by_sid, sid.bytes, SOCKETIO_SID_LENGTH, session);
	}
	return session;
}

static void close_transport(struct socketio_session *session, enum close_reason reason)
{
	if (session->transport != NULL) {
		count_transport(session);
		session->transport->close(session, reason);
		session->link = NULL;
	}
}

void socketio_session_open(struct socketio_session *session,
                           const struct socketio_transport *transport, void *link,
                           unsigned expiry_s)
{
	bool is_new = session->transport == NULL;

	require(!session->is_ended);
	if (is_new) {
		metric_add(&metrics_of(session)->socketio_clients, 1);
		session->client.ops = &client_ops;
		client_enter(session->sessions->env->net, &session->client, transport->kind);
	} else {
		client_turn(session->sessions->env->net, &session->client, transport->kind);
	}
	close_transport(session, CLOSE_PROTOCOL_DONE);
	session->transport = transport;
	session->link = link;
	socketio_session_expire_in(session, expiry_s);
	if (is_new) {
		tell_connected(session);
	} else {
		log_debug(&session->log, "socketio.transport", "now over %s", transport->name);
	}
	socketio_session_send(session, &(struct socketio_packet){.type = SOCKETIO_CONNECT});
}

static void free_ended(struct socketio_sessions *sessions)
{
	struct socketio_session *session;

	while ((session = sessions->ended) != NULL) {
		LL_DELETE2(sessions->ended, session, next_ended);
		free(session->agent);
		free(session);
	}
}

static void on_burial(struct deadline *burial)
{
	free_ended(container_of(burial, struct socketio_sessions, burial));
}

void socketio_session_end(struct socketio_session *session, enum close_reason reason)
{
	struct socketio_sessions *sessions = session->sessions;

	if (session->is_ended) {
		return;
	}
	session->is_ended = true;
	HASH_DEL(sessions->by_sid, session);
	bus_leave(sessions->env->bus, &session->subscriber);
	socketio_following_leave(session);
	if (session->inbox.on_session_end != NULL) {
		session->inbox.on_session_end(session);
	}
	metric_subtract(&metrics_of(session)->socketio_sessions, 1);
	if (session->transport != NULL) {
		metric_subtract(&metrics_of(session)->socketio_clients, 1);
	}
	client_leave(sessions->env->net, &session->client);
	close_transport(session, reason);
	tell_end(session, reason);
	deadline_disarm(deadlines_of(session), &session->expiry);
	address_limits_leave(session->place);
	LL_PREPEND2(sessions->ended, session, next_ended);
	if (!deadline_is_armed(&sessions->burial)) {
		deadline_arm(deadlines_of(session), &sessions->burial, 0);
	}
}

void socketio_sessions_init(struct socketio_sessions *sessions, const struct front_end_env *env)
{
	*sessions = (struct socketio_sessions){
	    .env = env,
	    .burial = {.on_due = on_burial},
	};
	socketio_turns_init(&sessions->turns, env->net, env->metrics);
}

void socketio_sessions_finish(struct socketio_sessions *sessions)
{
	struct socketio_session *session, *next;

	HASH_ITER (hh, sessions->by_sid, session, next) {
		socketio_session_end(session, CLOSE_SHUTDOWN);
	}
	deadline_disarm(&sessions->env->net->deadlines, &sessions->burial);
	socketio_turns_finish(&sessions->turns);
	socketio_wires_clear(&sessions->wires);
	free_ended(sessions);
}
