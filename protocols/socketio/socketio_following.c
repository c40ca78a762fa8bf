/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each subscription has a span of ids [first_id, next_id) whose changes the session has been
 * sent, as far as the subscription wants them.  A change that a walk comes to is sent when one
 * wants it that has not had it yet, and none has had it.  Of live changes nothing is
 * noted: a walk begins by moving every `next_id` to where the session is.
 */
#include "protocols/socketio/socketio_following.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "protocols/socketio/socketio_filter.h"
#include "protocols/socketio/socketio_rc.h"
#include "protocols/socketio/socketio_session.h"
#include "server/base/memory.h"

#define LOOKS_PORTION 2000  /* one session's, in one turn; a change costs two */
#define AHEAD_MAX     10000 /* changes that another worker may be ahead of this one */
#define ID_MAX        11

static const struct text everything = {.bytes = "*", .length = 1};

/* One subscription. */
struct follow {
	struct subscriber subscriber;
	struct socketio_session *session;
	struct socketio_filter filter;
	char id[ID_MAX];
	uint64_t first_id, next_id;
	struct follow *prev, *next; /* socketio_following.follows */
};

struct socketio_following {
	struct socketio_session *session;
	struct follow *follows;
	unsigned count;
	unsigned last_number;
	uint64_t strings_next_id; /* below it, the strings have brought what they were there for */
	uint64_t last_id;         /* the last live change that was sent */
	uint64_t cursor;          /* the id where the walk goes on */
	unsigned replayed;        /* changes sent by this walk */
	bool is_catching_up;
	struct deadline pump;
};

static const struct front_end_env *env_of(const struct socketio_session *session)
{
	return session->sessions->env;
}

static uint64_t newest_id(const struct socketio_session *session)
{
	return history_newest_id(env_of(session)->history);
}

/* The id from which on every change is kept, or will come. */
static uint64_t floor_id(const struct socketio_session *session)
{
	uint64_t oldest_id = history_oldest_id(env_of(session)->history);

	return oldest_id > 0 ? oldest_id : newest_id(session) + 1;
}

/* Gives the position behind which the change with this id comes. */
static json_t *position_before(const struct socketio_session *session, uint64_t id)
{
	char position[SOCKETIO_POSITION_MAX];

	socketio_position_write(env_of(session)->status->started_ms, id - 1, position);
	return json_string(position);
}

/* --- live ----------------------------------------------------------------- */

bool socketio_following_admits(struct socketio_session *session, const struct change *change)
{
	struct socketio_following *following = session->following;

	if (following == NULL) {
		return true;
	}
	if (following->is_catching_up || following->last_id == change->id) {
		return false;
	}
	following->last_id = change->id;
	return true;
}

/* A position of another worker's may be ahead of this one. */
static void on_delivered(struct subscriber *subscriber, struct delivery *delivery)
{
	struct follow *follow = container_of(subscriber, struct follow, subscriber);
	const struct change *change = delivery_change(delivery);

	if (change->id >= follow->next_id && socketio_filter_passes(&follow->filter, change) &&
	    socketio_following_admits(follow->session, change)) {
		socketio_session_deliver(follow->session, delivery);
	}
}

static const struct subscriber_ops subscriber_ops = {.deliver = on_delivered};

/* --- catching up ---------------------------------------------------------- */

/* Gives what is told of changes that are not there: between both positions some may be missing. */
static json_t *make_gap(const struct socketio_session *session, json_t *from, uint64_t to_id,
                        const char *reason)
{
	return json_pack("{s:o, s:o, s:s}", "from", from, "to", position_before(session, to_id),
	                 "reason", reason);
}

static void send_gap(struct socketio_session *session, json_t *gap)
{
	metric_add(&env_of(session)->metrics->socketio_gaps, 1);
	socketio_session_send_event(session, "gap", json_pack("[o]", gap));
}

/* What is forgotten while a client takes its time is not passed over in silence. */
static void skip_forgotten(struct socketio_following *following)
{
	struct socketio_session *session = following->session;
	uint64_t floor = floor_id(session);
	uint64_t from = following->cursor;

	if (from < floor) {
		following->cursor = floor;
		send_gap(session,
		         make_gap(session, position_before(session, from), floor, "forgotten"));
	}
}

static bool wants(const struct follow *follow, const struct change *change)
{
	return bus_wants(env_of(follow->session)->bus, &follow->subscriber, change) &&
	       socketio_filter_passes(&follow->filter, change);
}

static bool is_due(const struct socketio_following *following, const struct change *change)
{
	const struct socketio_session *session = following->session;
	const struct follow *follow;
	bool is_wanted = false;

	if (bus_brings(env_of(session)->bus, &session->subscriber, change)) {
		if (change->id < following->strings_next_id) {
			return false;
		}
		is_wanted = true;
	}
	DL_FOREACH (following->follows, follow) {
		if (change->id < follow->first_id || !wants(follow, change)) {
			continue;
		}
		if (change->id < follow->next_id) {
			return false;
		}
		is_wanted = true;
	}
	return is_wanted;
}

static void send_change(struct socketio_session *session, struct change *change)
{
	struct delivery *delivery;

	change_ref(change, 1);
	delivery = delivery_create(change);
	session->following->replayed++;
	metric_add(&env_of(session)->metrics->socketio_replayed, 1);
	socketio_session_deliver(session, delivery);
	delivery_unref(delivery);
}

static bool is_choked(const struct socketio_session *session)
{
	size_t half = env_of(session)->net->limits.outbox_max / 2;

	return session->transport->waiting(session) > (half < NET_CHOKE ? half : NET_CHOKE);
}

/* Whether all sessions together may look at more changes in this turn. */
static bool may_look(const struct socketio_session *session)
{
	struct socketio_effort *effort = &session->sessions->effort;
	uint64_t turn = env_of(session)->net->turn;

	if (effort->turn != turn) {
		*effort = (struct socketio_effort){.turn = turn};
	}
	return effort->spent < SOCKETIO_LOOKS_TURN;
}

/* Send what is next, until it is all, enough for now, or the client has to take some first. */
static void walk(struct socketio_session *session)
{
	struct history *history = env_of(session)->history;
	struct history_filter all;
	struct change *change;
	unsigned looks = LOOKS_PORTION;

	history_filter_init(history, &all, BUS_WIKI, everything);
	while (!session->is_ended && !is_choked(session) &&
	       (change = history_next(history, &all, &session->following->cursor, UINT64_MAX,
	                              &looks)) != NULL) {
		if (is_due(session->following, change)) {
			send_change(session, change);
		}
	}
	session->sessions->effort.spent += LOOKS_PORTION - looks;
}

/* All behind this is live. */
static void end_replay(struct socketio_session *session)
{
	struct socketio_following *following = session->following;

	following->is_catching_up = false;
	deadline_disarm(&env_of(session)->net->deadlines, &following->pump);
	socketio_session_send_event(session, "replayed",
	                            json_pack("[{s:i, s:o}]", "changes", (int)following->replayed,
	                                      "position",
	                                      position_before(session, newest_id(session) + 1)));
}

static void on_pump(struct deadline *pump)
{
	struct socketio_following *following = container_of(pump, struct socketio_following, pump);
	struct socketio_session *session = following->session;

	if (!following->is_catching_up) {
		end_replay(session);
		return;
	}
	deadline_arm(&env_of(session)->net->deadlines, pump, 1);
	if (is_choked(session) || !may_look(session)) {
		return;
	}
	skip_forgotten(following);
	if (!session->is_ended) {
		walk(session);
	}
	if (!session->is_ended && following->cursor > newest_id(session)) {
		end_replay(session);
	}
}

static void raise_id(uint64_t *id, uint64_t least)
{
	*id = *id > least ? *id : least;
}

/*
 * The others have had all that is below where the session is.  With nothing to replay it stays
 * live, and what is left to do is to tell so, behind the ack.
 */
static void begin_walk(struct socketio_following *following, struct follow *follow, uint64_t start)
{
	struct socketio_session *session = following->session;
	uint64_t reached = following->is_catching_up ? following->cursor : newest_id(session) + 1;
	struct follow *other;

	raise_id(&following->strings_next_id, reached);
	DL_FOREACH (following->follows, other) {
		raise_id(&other->next_id, reached);
	}
	follow->first_id = start;
	follow->next_id = start;
	if (!following->is_catching_up) {
		following->replayed = 0;
	}
	if (start < reached) {
		following->cursor = start;
		following->is_catching_up = true;
	}
	deadline_arm(&env_of(session)->net->deadlines, &following->pump, 1);
}

/* --- since ---------------------------------------------------------------- */

/* Whether all that the filter's wikis had from there on is kept. */
static bool has_all(const struct socketio_session *session, const struct socketio_filter *filter,
                    const struct socketio_since *since)
{
	struct history *history = env_of(session)->history;
	bool has_them = true;

	for (size_t i = 0; has_them && i < socketio_filter_wikis(filter); i++) {
		struct history_filter wiki;

		history_filter_init(history, &wiki, BUS_WIKI, socketio_filter_wiki(filter, i));
		has_them = since->kind == SOCKETIO_SINCE_TIME
		               ? history_has_all_since(history, &wiki, since->time_ms)
		               : history_has_all_after(history, &wiki, since->id);
	}
	return has_them;
}

static bool is_known(const struct socketio_session *session, const struct socketio_since *since)
{
	return since->kind == SOCKETIO_SINCE_TIME ||
	       (since->run_ms == env_of(session)->status->started_ms &&
	        since->id <= newest_id(session) + AHEAD_MAX);
}

/* Lends why not all is replayed, or NULL; `start` is the id to begin with. */
static const char *find_start(const struct socketio_session *session,
                              const struct socketio_filter *filter,
                              const struct socketio_since *since, uint64_t *start)
{
	uint64_t next = newest_id(session) + 1;
	unsigned max = env_of(session)->conf->socketio.max_replay;
	const char *lack = NULL;

	*start = floor_id(session);
	if (!is_known(session, since)) {
		lack = "unknown position";
	} else {
		raise_id(start, since->kind == SOCKETIO_SINCE_TIME
		                    ? history_find_time(env_of(session)->history, since->time_ms)
		                    : since->id + 1);
		lack = has_all(session, filter, since) ? NULL : "forgotten";
	}
	if (*start < next && next - *start > max) {
		*start = next - max;
		lack = "max_replay";
	}
	return lack;
}

static void add_since(struct follow *follow, const struct socketio_since *since, json_t *asked,
                      json_t *answer)
{
	struct socketio_session *session = follow->session;
	uint64_t start;
	const char *lack = find_start(session, &follow->filter, since, &start);

	(void)json_object_set(json_object_get(answer, "accepted"), "since", asked);
	(void)json_object_set_new(answer, "from", position_before(session, start));
	begin_walk(session->following, follow, start);
	if (lack != NULL) {
		json_t *gap = make_gap(session, json_incref(asked), start, lack);

		(void)json_object_set(answer, "gap", gap);
		send_gap(session, gap);
	}
}

/* --- subscribing ---------------------------------------------------------- */

unsigned socketio_following_count(const struct socketio_session *session)
{
	return session->following != NULL ? session->following->count : 0;
}

static struct socketio_following *need_following(struct socketio_session *session)
{
	if (session->following == NULL) {
		session->following = mem_new(struct socketio_following);
		session->following->session = session;
		session->following->pump.on_due = on_pump;
	}
	return session->following;
}

static struct follow *find_follow(const struct socketio_session *session,
                                  const struct socketio_filter *filter)
{
	struct follow *follow = session->following != NULL ? session->following->follows : NULL;

	while (follow != NULL && !socketio_filter_is_equal(&follow->filter, filter)) {
		follow = follow->next;
	}
	return follow;
}

/* Gives a subscription to the session, and lends it; the filter is given. */
static struct follow *add_follow(struct socketio_session *session,
                                 const struct socketio_filter *filter)
{
	struct socketio_following *following = need_following(session);
	struct follow *follow = mem_new(struct follow);

	follow->subscriber.ops = &subscriber_ops;
	follow->session = session;
	follow->filter = *filter;
	follow->first_id = newest_id(session) + 1;
	follow->next_id = follow->first_id;
	(void)snprintf(follow->id, sizeof(follow->id), "%u", ++following->last_number);
	for (size_t i = 0; i < socketio_filter_wikis(filter); i++) {
		(void)bus_subscribe(env_of(session)->bus, &follow->subscriber, BUS_WIKI,
		                    socketio_filter_wiki(filter, i));
	}
	DL_APPEND(following->follows, follow);
	following->count++;
	return follow;
}

static void end_follow(struct socketio_following *following, struct follow *follow)
{
	bus_leave(env_of(following->session)->bus, &follow->subscriber);
	DL_DELETE(following->follows, follow);
	following->count--;
	socketio_filter_finish(&follow->filter);
	free(follow);
}

/* Gives the answer to an object that is not taken; what is refused in it is given. */
static json_t *refuse(struct socketio_session *session, const char *text, json_t *refused)
{
	socketio_session_send_event(session, "error", json_pack("[s, s]", "subscribe_error", text));
	return json_pack("{s:s, s:o}", "error", text, "refused", refused);
}

json_t *socketio_following_subscribe(struct socketio_session *session, json_t *object)
{
	json_t *refused = json_object();
	struct socketio_filter filter;
	struct socketio_since since;
	struct follow *follow;
	json_t *answer;

	if (!socketio_filter_read(object, &filter, &since, refused)) {
		return refuse(session, "Bad subscription", refused);
	}
	follow = find_follow(session, &filter);
	if (follow != NULL) {
		socketio_filter_finish(&filter);
	} else if (session->subscriber.subscriptions + socketio_following_count(session) >=
	           env_of(session)->conf->socketio.max_subscriptions) {
		socketio_filter_finish(&filter);
		metric_add(&env_of(session)->metrics->socketio_subscriptions_refused, 1);
		return refuse(session, "Too many subscriptions", refused);
	} else {
		follow = add_follow(session, &filter);
	}
	json_decref(refused);
	answer = json_pack("{s:s, s:o, s:o}", "id", follow->id, "accepted",
	                   json_copy(follow->filter.accepted), "position",
	                   position_before(session, newest_id(session) + 1));
	if (since.kind != SOCKETIO_SINCE_NONE) {
		add_since(follow, &since, json_object_get(object, "since"), answer);
	}
	return answer;
}

/* By its id, or by what it asks for. */
static struct follow *find_named(const struct socketio_session *session, json_t *object,
                                 json_t *refused)
{
	const char *id = json_string_value(json_object_get(object, "id"));
	struct follow *follow = session->following != NULL ? session->following->follows : NULL;
	struct socketio_filter filter;
	struct socketio_since since;

	if (id != NULL && json_object_size(object) == 1) {
		while (follow != NULL && strcmp(follow->id, id) != 0) {
			follow = follow->next;
		}
		return follow;
	}
	if (!socketio_filter_read(object, &filter, &since, refused)) {
		return NULL;
	}
	follow = find_follow(session, &filter);
	socketio_filter_finish(&filter);
	return follow;
}

json_t *socketio_following_unsubscribe(struct socketio_session *session, json_t *object)
{
	json_t *refused = json_object();
	struct follow *follow = find_named(session, object, refused);
	json_t *answer;

	if (follow == NULL) {
		return json_pack("{s:s, s:o}", "error", "No such subscription", "refused", refused);
	}
	json_decref(refused);
	answer = json_pack("{s:s, s:b}", "id", follow->id, "ended", 1);
	end_follow(session->following, follow);
	return answer;
}

void socketio_following_leave(struct socketio_session *session)
{
	struct socketio_following *following = session->following;

	if (following == NULL) {
		return;
	}
	while (following->follows != NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): end_follow() has moved the head on */
		end_follow(following, following->follows);
	}
	deadline_disarm(&env_of(session)->net->deadlines, &following->pump);
	session->following = NULL;
	free(following);
}
