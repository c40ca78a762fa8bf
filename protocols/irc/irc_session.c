/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/irc/irc_commands.h"
#include "protocols/irc/irc_reply.h"
#include "server/base/log.h"
#include "server/base/memory.h"
#include "server/net/client_line.h"

static struct metrics *metrics_of(const struct irc_session *session)
{
	return session->server->env->metrics;
}

static const struct clock *clock_of(const struct irc_session *session)
{
	return &session->connection->net->clock;
}

/* --- changes ------------------------------------------------------------ */

static void on_change(struct subscriber *subscriber, struct delivery *delivery)
{
	struct irc_session *session = container_of(subscriber, struct irc_session, subscriber);
	struct wire *wire = irc_wires_get(&session->server->wires, delivery,
	                                  irc_session_tags(session), session->framing);

	if (wire != NULL) {
		connection_send_change(session->connection, wire);
		session->deliveries++;
		metric_add(&metrics_of(session)->irc_deliveries, 1);
	}
}

/* Who asks for the structured change can name it, too. */
unsigned irc_session_tags(const struct irc_session *session)
{
	unsigned capabilities = session->capabilities;
	unsigned tags = 0;

	if ((capabilities & IRC_CAP_SERVER_TIME) != 0) {
		tags |= IRC_TAG_TIME;
	}
	if ((capabilities & (IRC_CAP_MESSAGE_TAGS | IRC_CAP_CHANGE)) != 0) {
		tags |= IRC_TAG_MSGID;
	}
	if ((capabilities & IRC_CAP_CHANGE) != 0) {
		tags |= IRC_TAG_CHANGE;
	}
	return tags;
}

static const struct subscriber_ops subscriber_ops = {.deliver = on_change};

static struct text name_of(const struct irc_channel *channel)
{
	return (struct text){channel->name, strlen(channel->name)};
}

bool irc_session_join(struct irc_session *session, struct irc_channel *channel)
{
	if (!irc_channels_add(&session->joined, channel)) {
		return false;
	}
	irc_server_enter(channel);
	(void)bus_subscribe(session->server->env->bus, &session->subscriber, BUS_CHANNEL,
	                    name_of(channel));
	return true;
}

bool irc_session_part(struct irc_session *session, struct irc_channel *channel)
{
	if (!irc_channels_remove(&session->joined, channel)) {
		return false;
	}
	(void)bus_unsubscribe(session->server->env->bus, &session->subscriber, BUS_CHANNEL,
	                      name_of(channel));
	irc_server_leave(session->server, channel);
	return true;
}

static void leave_all(struct irc_session *session)
{
	for (size_t i = 0; i < session->joined.count; i++) {
		irc_server_leave(session->server, session->joined.items[i]);
	}
	irc_channels_finish(&session->joined);
}

/* --- time-outs ---------------------------------------------------------- */

static uint64_t ping_timeout_ms(const struct irc_session *session)
{
	return (uint64_t)session->server->conf->ping_timeout * 1000;
}

static uint64_t registration_timeout_ms(const struct irc_session *session)
{
	return (uint64_t)session->server->conf->registration_timeout * 1000;
}

/* A quarter of ping_timeout; sooner where the time to register is up before. */
static void arm_check(struct irc_session *session)
{
	uint64_t delay_ms = ping_timeout_ms(session) / 4;

	if (!session->is_registered) {
		uint64_t end_ms = session->connected_ms + registration_timeout_ms(session);
		uint64_t now_ms = clock_of(session)->now_ms;
		uint64_t left_ms = end_ms > now_ms ? end_ms - now_ms : 0;

		delay_ms = left_ms < delay_ms ? left_ms : delay_ms;
	}
	deadline_arm(&session->connection->net->deadlines, &session->check, delay_ms);
}

static void on_check_due(struct deadline *deadline)
{
	struct irc_session *session = container_of(deadline, struct irc_session, check);
	uint64_t now_ms = clock_of(session)->now_ms;

	if (deadline_is_armed(&session->refill)) {
		session->pong_ms = now_ms; /* it is not silent: its PONG may be among what waits */
	}
	if (now_ms - session->pong_ms >= ping_timeout_ms(session)) {
		connection_close(session->connection, CLOSE_PING_TIMEOUT);
		return;
	}
	if (session->is_registered) {
		/* SmartIrc4net takes the first character off the parameter: it is a colon. */
		irc_reply_line(session, "PING :%s", session->server->conf->server_name);
		irc_reply_flush(session);
	} else if (now_ms - session->connected_ms >= registration_timeout_ms(session)) {
		connection_close(session->connection, CLOSE_REGISTRATION_TIMEOUT);
		return;
	}
	arm_check(session);
}

/* --- input -------------------------------------------------------------- */

static void on_refilled(struct deadline *refill)
{
	struct irc_session *session = container_of(refill, struct irc_session, refill);

	connection_resume(session->connection);
}

/* False when it has to wait for the budget, and all behind it.  Blank lines are free. */
static bool may_run(struct irc_session *session, struct text line)
{
	const struct conf_irc *conf = session->server->conf;
	struct irc_budget_rules rules = {.rate = conf->input_rate, .burst = conf->input_burst};
	uint64_t now_ms = clock_of(session)->now_ms;

	/* A command that goes on was paid for when it began. */
	if (line.length == 0 || session->is_paused ||
	    irc_budget_take(&session->budget, rules, now_ms)) {
		return true;
	}
	metric_add(&metrics_of(session)->irc_input_waits, 1);
	connection_pause(session->connection);
	deadline_arm(&session->connection->net->deadlines, &session->refill,
	             irc_budget_wait_ms(&session->budget, rules, now_ms));
	return false;
}

static void run_line(struct irc_session *session, struct text line)
{
	struct irc_message message;

	if (line.length == 0) {
		return;
	}
	if (irc_message_parse(&message, line)) {
		irc_response_begin(session, message.tags);
		irc_command_run(session, &message);
		if (session->is_paused) {
			irc_response_pause(session);
		} else {
			irc_response_end(session);
		}
	} else {
		metric_add(&metrics_of(session)->irc_lines_ignored, 1);
		irc_session_log(session, "irc.ignored", "a line without a command");
	}
}

size_t irc_session_take(struct irc_session *session, const char *bytes, size_t length)
{
	const struct connection *connection = session->connection;
	size_t done = 0;

	while (connection_is_open(connection) && !connection_is_choked(connection)) {
		struct irc_lines before = session->lines;
		struct text line;
		size_t taken = irc_lines_next(&session->lines, bytes + done, length - done, &line);

		if (taken == 0) {
			break;
		}
		if (!may_run(session, line)) {
			session->lines = before;
			break;
		}
		session->is_paused = false;
		if (session->lines.was_refused) {
			irc_reply(session, ERR_INPUTTOOLONG, NULL);
		}
		run_line(session, line);
		if (session->is_paused) {
			/* Not through: the line comes again when there is room, or time. */
			session->lines = before;
			break;
		}
		done += taken;
	}
	irc_reply_flush(session);
	return done;
}

/* --- output ------------------------------------------------------------- */

void irc_session_send(struct irc_session *session, const char *lines, size_t length)
{
	struct buffer frames = {0};

	if (session->framing == IRC_FRAMING_STREAM) {
		connection_send_bytes(session->connection, lines, length);
	} else if (length > 0) {
		struct wire *wire;

		irc_framing_append(&frames, session->framing, lines, length);
		wire = wire_take(&frames);
		connection_send(session->connection, wire);
		wire_unref(wire);
	}
}

/* --- for whoever runs the server ------------------------------------------ */

static void describe(const struct client *client, struct client_info *info)
{
	const struct irc_session *session = container_of(client, const struct irc_session, client);

	client_info_of_connection(session->connection, info);
	info->subscriber = &session->subscriber;
	if (session->nick[0] != '\0' && session->user != NULL) {
		(void)snprintf(info->agent, sizeof(info->agent), "%s!%s (%s)", session->nick,
		               session->user, session->real_name);
	}
}

static void end_client(struct client *client, enum close_reason reason)
{
	connection_close(container_of(client, struct irc_session, client)->connection, reason);
}

static const struct client_ops client_ops = {.describe = describe, .end = end_client};

struct irc_session *irc_session_of(struct client *client)
{
	return client->ops == &client_ops ? container_of(client, struct irc_session, client) : NULL;
}

/* --- the log ------------------------------------------------------------ */

static const struct net *net_of(const struct irc_session *session)
{
	return session->connection->net;
}

static void begin_line(const struct irc_session *session, struct client_line *line)
{
	client_line_begin(line, &session->client, &session->connection->peer);
	client_line_add(line, "user.name", session->nick);
	client_line_add(line, "user.full_name", session->real_name);
}

static void tell_connected(const struct irc_session *session)
{
	struct client_line line;

	if (client_log_wants(net_of(session), CLIENT_CONNECTED)) {
		begin_line(session, &line);
		client_line_write(&line, CLIENT_CONNECTED, "over %s",
		                  client_kind_row(session->client.kind)->transport);
	}
}

static void tell_registered(const struct irc_session *session)
{
	struct client_line line;

	if (client_log_wants(net_of(session), CLIENT_REGISTERED)) {
		begin_line(session, &line);
		client_line_write(&line, CLIENT_REGISTERED, "%s!%s (%s)", session->nick,
		                  session->user, session->real_name);
	}
}

void irc_session_tell_joined(const struct irc_session *session, struct client_names *channels)
{
	struct client_line line;

	if (channels->count > 0 && client_log_wants(net_of(session), CLIENT_SUBSCRIBED)) {
		begin_line(session, &line);
		client_line_add_number(&line, "rcstreamd.subscriptions", session->joined.count);
		client_line_write(&line, CLIENT_SUBSCRIBED, "%s to %s", session->nick,
		                  client_names_text(channels));
	}
}

static void tell_disconnected(const struct irc_session *session)
{
	const struct connection *connection = session->connection;
	struct client_line line;

	if (client_log_wants(net_of(session), CLIENT_DISCONNECTED)) {
		begin_line(session, &line);
		client_line_write_end(
		    &line, &(struct client_totals){
			       .name = session->nick,
			       .reason = session->reason,
			       .lasted_ms = clock_of(session)->now_ms - session->connected_ms,
			       .deliveries = session->deliveries,
			       .sent_bytes = connection->sent_bytes,
			       .unsent_bytes = client_unsent_bytes(connection),
			   });
	}
}

/* --- beginning and end -------------------------------------------------- */

/* A QUIT was answered where it was run, with its own words. */
static void say_goodbye(struct irc_session *session, enum close_reason reason)
{
	const struct close_reason_row *row = close_reason_row(reason);

	if (row->is_told && reason != CLOSE_CLIENT_QUIT) {
		irc_reply_line(session, "ERROR :Closing Link: (%s)", row->text);
		irc_reply_flush(session);
	}
}

void irc_session_end(struct irc_session *session, enum close_reason reason)
{
	bus_leave(session->server->env->bus, &session->subscriber);
	irc_topics_forget(&session->server->topics, session);
	deadline_disarm(&session->connection->net->deadlines, &session->check);
	deadline_disarm(&session->connection->net->deadlines, &session->refill);
	if (session->is_registered) {
		session->is_registered = false;
		metric_subtract(&metrics_of(session)->irc_registered, 1);
	}
	session->reason = reason;
	irc_session_log(session, "irc.closing", close_reason_row(reason)->label);
	say_goodbye(session, reason);
}

void irc_session_destroy(struct irc_session *session)
{
	tell_disconnected(session);
	metric_subtract(&metrics_of(session)->irc_clients, 1);
	client_leave(session->connection->net, &session->client);
	leave_all(session);
	free(session->away);
	free(session->user);
	free(session->real_name);
	free(session->chathistory);
	free(session);
}

struct irc_session *irc_session_create(struct irc_server *server, struct connection *connection,
                                       enum irc_framing framing)
{
	struct irc_session *session = mem_new(struct irc_session);

	session->connection = connection;
	session->server = server;
	session->framing = framing;
	session->subscriber.ops = &subscriber_ops;
	session->check.on_due = on_check_due;
	session->refill.on_due = on_refilled;
	session->connected_ms = connection->net->clock.now_ms;
	session->pong_ms = session->connected_ms;
	session->signon_s = connection->net->clock.wall_ms / 1000;
	metric_add(&metrics_of(session)->irc_clients, 1);
	connection->kind = framing == IRC_FRAMING_STREAM ? CLIENT_IRC : CLIENT_IRC_WEBSOCKET;
	session->client.ops = &client_ops;
	session->client.id = connection->id;
	client_enter(connection->net, &session->client, connection->kind);
	tell_connected(session);
	arm_check(session);
	return session;
}

void irc_session_register(struct irc_session *session)
{
	session->is_registered = true;
	session->pong_ms = clock_of(session)->now_ms;
	metric_add(&metrics_of(session)->irc_registered, 1);
	tell_registered(session);
	arm_check(session);
}

/* --- names -------------------------------------------------------------- */

const char *irc_session_nick(const struct irc_session *session)
{
	return session->nick[0] != '\0' ? session->nick : "*";
}

bool irc_session_is(const struct irc_session *session, const char *nick)
{
	return irc_name_equals(session->nick, nick);
}

const char *irc_session_source(const struct irc_session *session, char source[IRC_SOURCE_MAX])
{
	(void)snprintf(source, IRC_SOURCE_MAX, "%s!%s@%s", session->nick, session->user,
	               session->server->conf->server_name);
	return source;
}

void irc_session_log(const struct irc_session *session, const char *id, const char *text)
{
	char peer[PEER_TEXT_MAX];

	if (log_is_on(LOG_LEVEL_DEBUG)) {
		struct log_scope scope = {
		    .name = "irc",
		    .peer = peer_text(&session->connection->peer, peer),
		    .id = session->connection->id,
		};

		log_debug(&scope, id, "%s", text);
	}
}
