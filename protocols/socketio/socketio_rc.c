/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What RCStream's one namespace did, to the letter.  It keeps nothing but the
 * session's subscriptions, so that the first packet for it and the packet that
 * connects to it need not be told apart.
 */
#include "protocols/socketio/socketio_rc.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/socketio/socketio_session.h"
#include "server/base/memory.h"
#include "server/feed/subscription.h"

#define EVENT_NAME_MAX 64

#define RC                                                                                \
	{                                                                                 \
		.bytes = SOCKETIO_RC_ENDPOINT, .length = sizeof(SOCKETIO_RC_ENDPOINT) - 1 \
	}

static const struct text rc = RC;

static struct bus *bus_of(const struct socketio_session *session)
{
	return session->sessions->env->bus;
}

/* --- the JSON of an event ----------------------------------------------- */

/* A string's closing quote, or the end; `at` is behind its opening one. */
static size_t skip_string(struct text json, size_t at)
{
	while (at < json.length && json.bytes[at] != '"') {
		at += json.bytes[at] == '\\' ? 2 : 1;
	}
	return at;
}

/* Jansson's parser recurses: what it may meet is counted before. */
static bool is_shallow(struct text json)
{
	size_t depth = 0;

	for (size_t i = 0; i < json.length; i++) {
		char byte = json.bytes[i];

		if (byte == '"') {
			i = skip_string(json, i + 1);
		} else if (byte == '[' || byte == '{') {
			if (++depth > SOCKETIO_JSON_DEPTH_MAX) {
				return false;
			}
		} else if ((byte == ']' || byte == '}') && depth > 0) {
			depth--;
		}
	}
	return true;
}

/* Gives the event's object; NULL when it is none, or has no name. */
static json_t *read_event(struct text data)
{
	json_t *event;

	if (data.bytes == NULL || !is_shallow(data)) {
		return NULL;
	}
	event = json_loadb(data.bytes, data.length, JSON_ALLOW_NUL, NULL);
	if (!json_is_string(json_object_get(event, "name"))) {
		json_decref(event);
		return NULL;
	}
	return event;
}

/* --- subscribe, unsubscribe --------------------------------------------- */

/* Lends the text of a string that could name a wiki; no bytes otherwise. */
static struct text name_of(const json_t *value)
{
	struct text name = {.bytes = json_string_value(value), .length = json_string_length(value)};

	if (name.length == 0 || name.length > SUBSCRIPTION_TEXT_MAX ||
	    memchr(name.bytes, '\0', name.length) != NULL) {
		return (struct text){0};
	}
	return name;
}

/* False when the session is at its limit; the client was told. */
static bool subscribe(struct socketio_session *session, struct text name)
{
	const struct front_end_env *env = session->sessions->env;

	/* Added first, since the bus alone knows whether it is there already. */
	if (!bus_subscribe(env->bus, &session->subscriber, BUS_WIKI, name)) {
		return true;
	}
	if (session->subscriber.subscriptions + socketio_following_count(session) <=
	    env->conf->socketio.max_subscriptions) {
		return true;
	}
	(void)bus_unsubscribe(env->bus, &session->subscriber, BUS_WIKI, name);
	metric_add(&env->metrics->socketio_subscriptions_refused, 1);
	socketio_session_send_error(session, rc, "subscribe_error", "Too many subscriptions");
	return false;
}

static bool unsubscribe(struct socketio_session *session, struct text name)
{
	(void)bus_unsubscribe(bus_of(session), &session->subscriber, BUS_WIKI, name);
	return true;
}

/* What is done with each name; false ends the list. */
typedef bool each_fn(struct socketio_session *session, struct text name);

/* Anything but a name is passed over, as RCStream did, and the packet counted. */
static void apply(struct socketio_session *session, const json_t *argument, each_fn *each)
{
	bool is_list = json_is_array(argument);
	size_t count = is_list ? json_array_size(argument) : 1;
	bool has_other = false;
	struct client_names subscribed = {0};

	for (size_t i = 0; i < count; i++) {
		unsigned before = session->subscriber.subscriptions;
		struct text name = name_of(is_list ? json_array_get(argument, i) : argument);

		if (name.bytes == NULL) {
			has_other = true;
		} else if (!each(session, name)) {
			break;
		}
		if (session->subscriber.subscriptions > before) {
			client_names_add(&subscribed, name.bytes, name.length);
		}
	}
	socketio_session_tell_subscribed(session, &subscribed);
	if (has_other) {
		socketio_session_count_bad(session);
	}
}

/* What was accepted stands in the answer, as the session has it now. */
static void tell_following(struct socketio_session *session, const json_t *answer)
{
	struct client_names names = {0};
	char *text = json_dumps(json_object_get(answer, "accepted"), JSON_COMPACT | JSON_SORT_KEYS);

	if (text != NULL) {
		client_names_add(&names, text, strlen(text));
		socketio_session_tell_subscribed(session, &names);
		free(text);
	}
}

/* Gives what the event returns. */
static json_t *run_object(struct socketio_session *session, json_t *object,
                          json_t *(*run)(struct socketio_session *session, json_t *object))
{
	unsigned before = socketio_following_count(session);
	json_t *answer = run(session, object);

	if (socketio_following_count(session) > before) {
		tell_following(session, answer);
	}
	return answer;
}

/* --- events ------------------------------------------------------------- */

static const struct {
	const char *name;
	each_fn *each;
	json_t *(*object)(struct socketio_session *session, json_t *object);
} events[] = {
    {"subscribe", subscribe, socketio_following_subscribe},
    {"unsubscribe", unsubscribe, socketio_following_unsubscribe},
};

static bool is_letter(char byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* gevent-socketio: [A-Za-z][A-Za-z0-9_ ]*; the limit is ours. */
static bool is_event_name(const char *name, size_t length)
{
	if (length > EVENT_NAME_MAX || !is_letter(name[0])) {
		return false;
	}
	for (size_t i = 1; i < length; i++) {
		bool is_digit = name[i] >= '0' && name[i] <= '9';

		if (!is_letter(name[i]) && !is_digit && name[i] != '_' && name[i] != ' ') {
			return false;
		}
	}
	return true;
}

/* gevent-socketio names the method it looked for, in which spaces are underscores. */
static void refuse_event(struct socketio_session *session, const char *name)
{
	char text[EVENT_NAME_MAX + 64];

	(void)snprintf(text, sizeof(text), "The method \"on_%s\" was not found", name);
	for (char *at = strchr(text, '_'); *at != '"'; at++) {
		if (*at == ' ') {
			*at = '_';
		}
	}
	socketio_session_send_error(session, rc, "no_such_method", text);
}

/* Gives what the event returns, NULL for nothing. */
static json_t *run_event(struct socketio_session *session, const json_t *event)
{
	const json_t *name_value = json_object_get(event, "name");
	const char *name = json_string_value(name_value);
	json_t *argument = json_array_get(json_object_get(event, "args"), 0);

	if (!is_event_name(name, json_string_length(name_value))) {
		socketio_session_send_error(session, rc, "unallowed_event_name",
		                            "name must only contains alpha numerical characters");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (strcmp(events[i].name, name) != 0) {
			continue;
		}
		if (json_is_object(argument)) {
			return run_object(session, argument, events[i].object);
		}
		apply(session, argument, events[i].each);
		return NULL;
	}
	refuse_event(session, name);
	return NULL;
}

/*
 * RCStream's handlers return nothing, which JSON writes as null.  An id without "+" asks for
 * an ack of receipt (socket.io's send() with a callback).
 */
static void acknowledge(struct socketio_session *session, const struct socketio_packet *packet,
                        const json_t *answer)
{
	struct socketio_packet ack = {.type = SOCKETIO_ACK, .endpoint = rc};
	struct buffer data = {0};
	char *text;

	if (packet->id.length == 0) {
		return;
	}
	buffer_append(&data, packet->id.bytes, packet->id.length);
	if (packet->wants_answer) {
		text = answer != NULL
		           ? json_dumps(answer, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII)
		           : mem_copy_text("null", 4);
		require(text != NULL);
		buffer_printf(&data, "+[%s]", text);
		free(text);
	}
	ack.data = (struct text){.bytes = data.bytes, .length = data.length};
	socketio_session_send(session, &ack);
	buffer_finish(&data);
}

static void take_event(struct socketio_session *session, const struct socketio_packet *packet)
{
	json_t *event = read_event(packet->data);
	json_t *answer;

	if (event == NULL) {
		socketio_session_count_bad(session);
		return;
	}
	answer = run_event(session, event);
	acknowledge(session, packet, answer);
	json_decref(answer);
	json_decref(event);
}

void socketio_rc_take(struct socketio_session *session, const struct socketio_packet *packet)
{
	const struct socketio_packet echo = {.type = SOCKETIO_CONNECT, .endpoint = rc};

	switch (packet->type) {
	case SOCKETIO_CONNECT:
		socketio_session_send(session, &echo);
		break;
	case SOCKETIO_DISCONNECT:
		/* As in socket.io: the session stays, and may connect to it again. */
		bus_leave(bus_of(session), &session->subscriber);
		socketio_following_leave(session);
		break;
	case SOCKETIO_EVENT:
		take_event(session, packet);
		break;
	case SOCKETIO_MESSAGE:
	case SOCKETIO_JSON:
		acknowledge(session, packet, NULL);
		break;
	default:
		break; /* heartbeats, acks, errors and noops say nothing here */
	}
}
