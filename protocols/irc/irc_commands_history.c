/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CHATHISTORY (ircv3.net, "chathistory Extension"): what passed while a client was away.
 *
 *   request ──> plan ──> count back ──> NOTE, if not all is there ──> batch of lines
 *
 * A plan is a range of ids.  Of what is asked for from its end backwards the first line is found
 * by counting; the lines then go out oldest first.  Both may take longer than a turn of
 * the loop or more than a client takes at once: then the plan stays with the session, the
 * command's line comes again (irc_session.c), and the plan goes on where it stopped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/irc/irc_batch.h"
#include "protocols/irc/irc_commands.h"
#include "protocols/irc/irc_history_request.h"
#include "protocols/irc/irc_reply.h"
#include "protocols/irc/irc_response.h"
#include "protocols/irc/irc_tags.h"
#include "server/base/memory.h"

#define COMMAND        "CHATHISTORY"
#define LOOKS_MAX      10000 /* changes of a name looked at in one turn: a millisecond or so */
#define MASK_LOOKS_MAX 2500  /* changes of all names, for a mask */

/* A reply that is under way. */
struct irc_chathistory {
	uint64_t at;          /* the id to go on with */
	uint64_t first_id;    /* the lowest id to count back to */
	uint64_t last_id;     /* the highest id of the reply */
	uint64_t start_id;    /* of the first line, as far as is counted back */
	unsigned back;        /* lines that are still to be counted back */
	unsigned left;        /* lines that may still be sent */
	bool is_backwards;    /* asked for from its end */
	bool reaches_too_far; /* to where changes are forgotten, or to before the start */
	bool is_begun;        /* counting is over, lines are being sent */
	char batch[IRC_BATCH_REFERENCE_MAX]; /* "" without one */
};

static struct history *history_of(const struct irc_session *session)
{
	return session->server->env->history;
}

/* --- words ---------------------------------------------------------------- */

/* What came from the client as one word of a reply. */
static const char *word(const char *text)
{
	return text[0] == '\0' || text[0] == ':' || strchr(text, ' ') != NULL ? "*" : text;
}

static void fail(struct irc_session *session, const char *code, const char *const context[3],
                 const char *text)
{
	struct buffer words = {0};

	for (size_t i = 0; i < 3 && context[i] != NULL; i++) {
		buffer_printf(&words, "%s%s", i > 0 ? " " : "", word(context[i]));
	}
	buffer_append_byte(&words, '\0');
	irc_reply_fail(session, COMMAND, code, words.bytes, text);
	buffer_finish(&words);
}

static void fail_target(struct irc_session *session, const struct irc_history_request *request,
                        const char *code, const char *text)
{
	fail(session, code, (const char *const[3]){request->name, request->target}, text);
}

/* With the msgid from which on everything is kept, "*" when that is nothing. */
static void note_incomplete(struct irc_session *session, const char *target)
{
	uint64_t oldest_id = history_oldest_id(history_of(session));
	struct buffer words = {0};

	buffer_printf(&words, "%s ", target);
	if (oldest_id > 0) {
		irc_msgid_append(&words, session->server, oldest_id);
	} else {
		buffer_append_byte(&words, '*');
	}
	buffer_append_byte(&words, '\0');
	irc_reply_note(session, COMMAND, "HISTORY_INCOMPLETE", words.bytes,
	               "Changes before this one may have been forgotten");
	buffer_finish(&words);
}

static void begin_batch(struct irc_session *session, const char *type, const char *parameter,
                        char batch[IRC_BATCH_REFERENCE_MAX])
{
	batch[0] = '\0';
	if ((session->capabilities & IRC_CAP_BATCH) != 0) {
		irc_batch_begin(session, type, parameter, batch);
	}
}

static void end_batch(struct irc_session *session, const char *batch)
{
	if (batch[0] != '\0') {
		irc_batch_end(session, batch);
	}
}

/* --- targets -------------------------------------------------------------- */

/* Lends the target in the spelling that is shown; NULL when there is no such channel. */
static const char *find_target(const struct irc_session *session, const char *target)
{
	struct text name = {target, strlen(target)};
	const struct irc_channel *channel = irc_channels_find(&session->server->channels, name);

	if (channel != NULL) {
		return channel->name;
	}
	return irc_name_is_mask(name) ? target : NULL;
}

/* With max_channels, there are changes whose channel is not shown. */
static bool is_shown(const struct irc_session *session, const struct change *change)
{
	return irc_channels_find(&session->server->channels, change->channel) != NULL;
}

/* --- positions ------------------------------------------------------------ */

/* A reference as ids.  `id` is 0 for one that this run of the server did not give. */
struct position {
	enum irc_reference_type type;
	uint64_t id;
	uint64_t time_ms;
	uint64_t below; /* the last id before it */
	uint64_t above; /* the first id behind it */
};

/* A message that is not known is from before all others: from an earlier run. */
static struct position find_position(const struct irc_session *session,
                                     const struct irc_reference *reference)
{
	const struct history *history = history_of(session);
	struct position position = {.type = reference->type, .above = 1};

	if (reference->type == IRC_REFERENCE_TIME) {
		position.time_ms = reference->time_ms;
		position.below = history_find_time(history, reference->time_ms) - 1;
		position.above = history_find_time(history, reference->time_ms + 1);
	} else if (reference->type == IRC_REFERENCE_MSGID &&
	           irc_msgid_parse(session->server, reference->msgid, &position.id)) {
		position.below = position.id - 1;
		position.above = position.id < UINT64_MAX ? position.id + 1 : UINT64_MAX;
	} else {
		position.id = 0;
	}
	return position;
}

static bool is_unknown(const struct position *position)
{
	return position->type == IRC_REFERENCE_MSGID && position->id == 0;
}

static bool has_all_behind(const struct irc_session *session, const struct history_filter *filter,
                           const struct position *position)
{
	const struct history *history = history_of(session);

	if (position->type == IRC_REFERENCE_TIME) {
		return history_has_all_since(history, filter, position->time_ms);
	}
	return !is_unknown(position) && history_has_all_after(history, filter, position->id);
}

/* --- plans ---------------------------------------------------------------- */

/* The lines from `from` on. */
static void plan_upwards(struct irc_chathistory *plan, uint64_t from, uint64_t last_id)
{
	plan->at = from;
	plan->last_id = last_id;
}

/* The last `back` lines from `first_id` up to `from`, and on from there up to `last_id`. */
static void plan_backwards(struct irc_chathistory *plan, uint64_t from, uint64_t first_id,
                           unsigned back)
{
	plan->at = from;
	plan->first_id = first_id;
	plan->start_id = from + 1;
	plan->back = back;
	plan->is_backwards = true;
}

static void plan_between(const struct irc_session *session, const struct history_filter *filter,
                         const struct position positions[2], struct irc_chathistory *plan)
{
	bool is_upwards = positions[0].above <= positions[1].above;
	const struct position *low = &positions[is_upwards ? 0 : 1];
	const struct position *high = &positions[is_upwards ? 1 : 0];

	plan_upwards(plan, low->above, high->below);
	if (!is_upwards) {
		plan_backwards(plan, high->below, low->above, plan->left);
	}
	plan->reaches_too_far = !has_all_behind(session, filter, low);
}

static void make_plan(const struct irc_session *session, const struct history_filter *filter,
                      const struct irc_history_request *request, const struct position positions[2],
                      struct irc_chathistory *plan)
{
	const struct position *first = &positions[0];

	plan->left = request->limit;
	plan->last_id = history_newest_id(history_of(session));
	plan->reaches_too_far = true;
	switch (request->subcommand) {
	case IRC_HISTORY_AFTER:
		/* What comes while it is being sent is part of it: a JOIN sent behind it misses
		 * nothing. */
		plan_upwards(plan, first->above, UINT64_MAX);
		plan->reaches_too_far = !has_all_behind(session, filter, first);
		break;
	case IRC_HISTORY_LATEST:
		plan_backwards(plan, plan->last_id, first->above, request->limit);
		plan->reaches_too_far =
		    first->type != IRC_REFERENCE_NONE && !has_all_behind(session, filter, first);
		break;
	case IRC_HISTORY_BEFORE:
		plan->last_id = first->below;
		plan_backwards(plan, first->below, 1, request->limit);
		break;
	case IRC_HISTORY_AROUND:
		plan_backwards(plan, first->below, 1, request->limit / 2);
		break;
	default:
		plan_between(session, filter, positions, plan);
		break;
	}
}

/* Whether there is nothing to answer with: no place that was asked for is known. */
static bool is_nowhere(const struct irc_history_request *request,
                       const struct position positions[2])
{
	switch (request->subcommand) {
	case IRC_HISTORY_BEFORE:
	case IRC_HISTORY_AROUND:
		return is_unknown(&positions[0]);
	case IRC_HISTORY_BETWEEN:
		return is_unknown(&positions[0]) && is_unknown(&positions[1]);
	default:
		return false;
	}
}

/* --- a reply -------------------------------------------------------------- */

/* Another turn; when it is choked, the line comes again as soon as it is not. */
static void put_off(struct irc_session *session)
{
	session->is_paused = true;
	if (!connection_is_choked(session->connection)) {
		connection_resume(session->connection);
	}
}

/* Find the first line; false when that takes another turn. */
static bool count_back(const struct irc_session *session, const struct history_filter *filter,
                       struct irc_chathistory *plan, unsigned *looks)
{
	const struct change *change;

	while (plan->back > 0 && (change = history_previous(history_of(session), filter, &plan->at,
	                                                    plan->first_id, looks)) != NULL) {
		if (is_shown(session, change)) {
			plan->start_id = change->id;
			plan->back--;
		}
	}
	return plan->back == 0 || *looks > 0;
}

/* Whether what is to be sent from here on is all there. */
static bool has_the_rest(const struct irc_session *session, const struct history_filter *filter,
                         const struct irc_chathistory *plan)
{
	return plan->at == 0 || history_has_all_after(history_of(session), filter, plan->at - 1);
}

static void begin(struct irc_session *session, const struct history_filter *filter,
                  const char *target, struct irc_chathistory *plan)
{
	bool lacks_lines = !plan->is_backwards || plan->back > 0;

	if (plan->is_backwards) {
		plan->at = plan->start_id;
	}
	if ((plan->reaches_too_far && lacks_lines) || !has_the_rest(session, filter, plan)) {
		note_incomplete(session, target);
	}
	begin_batch(session, "chathistory", target, plan->batch);
	plan->is_begun = true;
}

/* Send a change as it was sent before; false when it is not for this client. */
static bool send_change(struct irc_session *session, struct change *change, const char *batch)
{
	struct irc_server *server = session->server;
	struct text line = change_encoded(change, &server->encoder.encoder);

	if (line.length == 0) {
		return false;
	}
	irc_tags_append(&server->replies, server, change, irc_session_tags(session),
	                batch[0] != '\0' ? batch : NULL);
	buffer_append(&server->replies, line.bytes, line.length);
	metric_add(&server->env->metrics->irc_history_lines, 1);
	return true;
}

/* False when there may be more, for another turn. */
static bool send_lines(struct irc_session *session, const struct history_filter *filter,
                       struct irc_chathistory *plan, unsigned *looks)
{
	struct change *change;

	while (plan->left > 0 && (change = history_next(history_of(session), filter, &plan->at,
	                                                plan->last_id, looks)) != NULL) {
		if (send_change(session, change, plan->batch)) {
			plan->left--;
		}
		if (session->server->replies.length >= IRC_REPLIES_FLUSH) {
			irc_reply_flush(session);
		}
		if (connection_is_choked(session->connection)) {
			return false;
		}
	}
	return plan->left == 0 || *looks > 0;
}

/* A mask looks at every change: what all clients' masks may do in a turn has a bound. */
static bool may_look(const struct irc_session *session, const struct history_filter *filter)
{
	return !filter->is_pattern ||
	       irc_effort_take(&session->server->effort, session->connection->net->turn,
	                       MASK_LOOKS_MAX);
}

/* False when it is not through. */
static bool go_on(struct irc_session *session, const struct history_filter *filter,
                  const char *target, struct irc_chathistory *plan)
{
	unsigned looks = filter->is_pattern ? MASK_LOOKS_MAX : LOOKS_MAX;

	if (!may_look(session, filter)) {
		return false;
	}
	if (!plan->is_begun) {
		if (!count_back(session, filter, plan, &looks)) {
			return false;
		}
		begin(session, filter, target, plan);
	} else if (!has_the_rest(session, filter, plan)) {
		note_incomplete(session, target);
	}
	if (!send_lines(session, filter, plan, &looks)) {
		return false;
	}
	end_batch(session, plan->batch);
	return true;
}

static void reply_lines(struct irc_session *session, const struct irc_history_request *request)
{
	const char *target = find_target(session, request->target);
	struct history_filter filter;
	struct position positions[2];

	if (target == NULL) {
		fail_target(session, request, "INVALID_TARGET", "No such channel");
		return;
	}
	history_filter_init(history_of(session), &filter, BUS_CHANNEL,
	                    (struct text){target, strlen(target)});
	if (session->chathistory == NULL) {
		positions[0] = find_position(session, &request->references[0]);
		positions[1] = find_position(session, &request->references[1]);
		if (is_nowhere(request, positions)) {
			fail_target(session, request, "MESSAGE_ERROR",
			            "This message is not known here any more");
			return;
		}
		session->chathistory = mem_new(struct irc_chathistory);
		make_plan(session, &filter, request, positions, session->chathistory);
	}
	if (go_on(session, &filter, target, session->chathistory)) {
		free(session->chathistory);
		session->chathistory = NULL;
	} else {
		put_off(session);
	}
}

/* --- TARGETS -------------------------------------------------------------- */

/* A channel, and when its last change came. */
struct target {
	const struct irc_channel *channel;
	uint64_t time_ms;
};

static int compare_targets(const void *left, const void *right)
{
	const struct target *one = left;
	const struct target *other = right;

	if (one->time_ms != other->time_ms) {
		return one->time_ms < other->time_ms ? -1 : 1;
	}
	return strcmp(one->channel->folded, other->channel->folded);
}

static bool find_last(const struct irc_session *session, const struct irc_channel *channel,
                      uint64_t *time_ms)
{
	struct history *history = history_of(session);
	struct history_filter filter;
	uint64_t at = UINT64_MAX;
	unsigned looks = 1;
	const struct change *change;

	history_filter_init(history, &filter, BUS_CHANNEL,
	                    (struct text){channel->name, strlen(channel->name)});
	change = history_previous(history, &filter, &at, 1, &looks);
	*time_ms = change != NULL ? change->arrived_ms : 0;
	return change != NULL;
}

/* Gives the channels whose last change came between the two times, sorted by it. */
static struct target *find_targets(const struct irc_session *session, uint64_t low_ms,
                                   uint64_t high_ms, size_t *count)
{
	const struct irc_channels *channels = &session->server->channels;
	struct target *targets = mem_zeroed((channels->count + 1) * sizeof(targets[0]));

	*count = 0;
	for (size_t i = 0; i < channels->count; i++) {
		struct target *target = &targets[*count];

		target->channel = channels->items[i];
		if (find_last(session, target->channel, &target->time_ms) &&
		    low_ms < target->time_ms && target->time_ms < high_ms) {
			++*count;
		}
	}
	qsort(targets, *count, sizeof(targets[0]), compare_targets);
	return targets;
}

static void send_target(struct irc_session *session, const struct target *target, const char *batch)
{
	const struct text no_tags = {.bytes = NULL, .length = 0};
	struct buffer *replies = &session->server->replies;
	char time[IRC_TIME_MAX];

	irc_response_tags(replies, session, NULL, (uint32_t)strtoul(batch, NULL, 10), no_tags);
	buffer_printf(replies, ":%s " COMMAND " TARGETS %s %s\r\n",
	              session->server->conf->server_name, target->channel->name,
	              irc_tags_time(time, target->time_ms));
	if (replies->length >= IRC_REPLIES_FLUSH) {
		irc_reply_flush(session);
	}
}

static void note_targets(struct irc_session *session, uint64_t low_ms)
{
	struct history_filter all;

	history_filter_init(history_of(session), &all, BUS_CHANNEL, (struct text){"*", 1});
	if (!history_has_all_since(history_of(session), &all, low_ms)) {
		note_incomplete(session, "*");
	}
}

static void reply_targets(struct irc_session *session, const struct irc_history_request *request)
{
	uint64_t from_ms = request->references[0].time_ms;
	uint64_t to_ms = request->references[1].time_ms;
	bool is_upwards = from_ms <= to_ms;
	char batch[IRC_BATCH_REFERENCE_MAX];
	size_t count, first = 0;
	struct target *targets = find_targets(session, is_upwards ? from_ms : to_ms,
	                                      is_upwards ? to_ms : from_ms, &count);

	if (count > request->limit) {
		first = is_upwards ? 0 : count - request->limit;
		count = first + request->limit;
	}
	note_targets(session, is_upwards ? from_ms : to_ms);
	begin_batch(session, "draft/chathistory-targets", NULL, batch);
	for (size_t i = first; i < count; i++) {
		send_target(session, &targets[i], batch);
	}
	end_batch(session, batch);
	free(targets);
}

/* --- the command ---------------------------------------------------------- */

void irc_command_chathistory(struct irc_session *session, const struct irc_message *message)
{
	const struct conf *conf = session->server->env->conf;
	struct irc_history_request request = {.subcommand = IRC_HISTORY_LATEST};
	struct irc_history_refusal refusal;

	if (!irc_history_request_parse(message, &request, &refusal)) {
		fail(session, refusal.code, refusal.context, refusal.text);
		return;
	}
	if (request.limit > conf->irc.chathistory_limit) {
		request.limit = conf->irc.chathistory_limit;
	}
	if (conf->history.changes == 0) {
		fail_target(session, &request, "MESSAGE_ERROR", "No changes are kept here");
	} else if (request.subcommand == IRC_HISTORY_TARGETS) {
		reply_targets(session, &request);
	} else {
		reply_lines(session, &request);
	}
}
