/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_topics.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "protocols/irc/irc_reply.h"
#include "protocols/irc/irc_session.h"
#include "server/base/memory.h"

#define LATER_MS 250 /* fairly arbitrary */

/* --- who is untold ---------------------------------------------------------- */

static void add(struct irc_topics *topics, struct irc_session *session)
{
	if (!session->is_untold) {
		session->is_untold = true;
		DL_APPEND2(topics->untold, session, prev_untold, next_untold);
		topics->count++;
	}
}

static void end(struct irc_topics *topics)
{
	const struct irc_server *server = topics->server;

	net_forget(server->env->net, &topics->task);
	deadline_disarm(&server->env->net->deadlines, &topics->later);
	free(topics->before);
	topics->before = NULL;
}

void irc_topics_forget(struct irc_topics *topics, struct irc_session *session)
{
	if (!session->is_untold) {
		return;
	}
	session->is_untold = false;
	DL_DELETE2(topics->untold, session, prev_untold, next_untold);
	topics->count--;
	free(session->topics_told);
	session->topics_told = NULL;
	if (topics->untold == NULL) {
		end(topics);
	}
}

/* The others first. */
static void put_last(struct irc_topics *topics, struct irc_session *session)
{
	DL_DELETE2(topics->untold, session, prev_untold, next_untold);
	DL_APPEND2(topics->untold, session, prev_untold, next_untold);
}

/* --- telling ------------------------------------------------------------------ */

static void tell_channel(const struct irc_topics *topics, struct irc_session *session,
                         const struct irc_channel *channel)
{
	const struct irc_server *server = topics->server;
	char topic[IRC_TOPIC_MAX], before[IRC_TOPIC_MAX];

	if (channel->is_mask) {
		return; /* its topic is its own */
	}
	irc_server_write_topic(server->conf->topic, channel, topic);
	if (topics->before != NULL) {
		irc_server_write_topic(topics->before, channel, before);
		if (strcmp(topic, before) == 0) {
			return;
		}
	}
	irc_reply_line(session, ":%s TOPIC %s :%s", server->conf->server_name, channel->name,
	               topic);
}

/* Tell as many of its channels as `left`, which are counted off; false when there are more. */
static bool tell(const struct irc_topics *topics, struct irc_session *session, size_t *left)
{
	const struct irc_channels *joined = &session->joined;
	size_t at = session->topics_told != NULL
	                ? irc_channels_rank_behind(joined, session->topics_told)
	                : 0;
	size_t begin = at;

	while (at<joined->count && * left> 0 && !connection_is_choked(session->connection)) {
		tell_channel(topics, session, joined->items[at++]);
		(*left)--;
	}
	irc_reply_flush(session);
	if (at == joined->count) {
		return true;
	}
	if (at > begin) {
		const char *told = joined->items[at - 1]->folded;

		free(session->topics_told);
		session->topics_told = mem_copy_text(told, strlen(told));
	}
	return false;
}

static void tell_some(struct irc_topics *topics)
{
	size_t left = IRC_TOPICS_PER_TURN;

	for (size_t visits = topics->count; visits > 0 && left > 0; visits--) {
		struct irc_session *session = topics->untold;

		if (tell(topics, session, &left)) {
			irc_topics_forget(topics, session);
		} else {
			put_last(topics, session);
		}
	}
	if (topics->untold != NULL && left > 0) {
		deadline_arm(&topics->server->env->net->deadlines, &topics->later, LATER_MS);
	} else if (topics->untold != NULL) {
		net_call_next_turn(topics->server->env->net, &topics->task);
	}
}

static void on_turn(struct net_task *task)
{
	tell_some(container_of(task, struct irc_topics, task));
}

static void on_later(struct deadline *later)
{
	tell_some(container_of(later, struct irc_topics, later));
}

/* --- from outside --------------------------------------------------------------- */

void irc_topics_init(struct irc_topics *topics, struct irc_server *server)
{
	*topics = (struct irc_topics){
	    .server = server, .task = {.on_turn = on_turn}, .later = {.on_due = on_later}};
}

/* Whether it can be told anything: one that is closing has left, or is about to. */
static bool is_member(const struct irc_session *session)
{
	return session->joined.count > 0 && connection_is_open(session->connection);
}

/* Who is still untold of the one before may know any: it is told whatever that was. */
void irc_topics_change(struct irc_topics *topics, const char *before)
{
	struct net *net = topics->server->env->net;
	bool know_the_same = topics->untold == NULL;
	struct client *client = clients_next(&net->clients, 0);

	free(topics->before);
	topics->before = know_the_same ? mem_copy_text(before, strlen(before)) : NULL;
	for (; client != NULL; client = clients_next(&net->clients, client->id)) {
		struct irc_session *session = irc_session_of(client);

		if (session != NULL && is_member(session)) {
			free(session->topics_told);
			session->topics_told = NULL;
			add(topics, session);
		}
	}
	deadline_disarm(&net->deadlines, &topics->later);
	if (topics->untold != NULL) {
		net_call_next_turn(net, &topics->task);
	} else {
		end(topics);
	}
}
