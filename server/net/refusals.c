/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/refusals.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/base/memory.h"
#include "server/net/net.h"
#include "server/net/peer.h"

#define TELL_MS 60000 /* between two warnings */

/* More than a client sends before it has read anything. */
#define UNREAD_MAX ((size_t)1 << 20)

static const struct log_scope log_scope = {.name = "listener"};

/* What the client has sent goes unread, but not unreceived: else the close would be a reset. */
static void let_go(int descriptor)
{
	/* MSG_TRUNC: thrown away in the kernel, tcp(7). */
	(void)recv(descriptor, NULL, UNREAD_MAX, MSG_DONTWAIT | MSG_TRUNC);
	(void)close(descriptor);
}

static void let_oldest_go(struct refusals *refusals)
{
	let_go(refusals->held[refusals->first]);
	refusals->first = (refusals->first + 1) % REFUSALS_HELD;
	refusals->count--;
}

static void on_end(struct deadline *end)
{
	struct refusals *refusals = container_of(end, struct refusals, end);

	while (refusals->count > 0) {
		let_oldest_go(refusals);
	}
}

/* The time begins anew with each: in a flood it is the next ones that close the oldest. */
static void keep(struct net *net, int descriptor)
{
	struct refusals *refusals = &net->refusals;

	if (refusals->count == REFUSALS_HELD) {
		let_oldest_go(refusals);
	}
	refusals->held[(refusals->first + refusals->count) % REFUSALS_HELD] = descriptor;
	refusals->count++;
	refusals->end.on_due = on_end;
	deadline_arm(&net->deadlines, &refusals->end, REFUSAL_MS);
}

static void count(struct net *net, enum close_reason reason)
{
	struct metrics *metrics = net->metrics;

	switch (reason) {
	case CLOSE_ADDRESS_LIMIT:
		metric_add(&metrics->connections_refused_address, 1);
		break;
	case CLOSE_RATE_LIMIT:
		metric_add(&metrics->connections_refused_rate, 1);
		break;
	case CLOSE_NOT_ALLOWED:
		metric_add(&metrics->connections_refused_not_allowed, 1);
		break;
	default:
		metric_add(&metrics->connections_refused_limit, 1);
	}
}

/* Strangers come by all the time: that they are not let in is nothing to act on. */
static bool is_worth_a_warning(const struct net *net, enum close_reason reason)
{
	const struct refusals *refusals = &net->refusals;

	return reason != CLOSE_NOT_ALLOWED &&
	       (!refusals->was_told || net->clock.now_ms - refusals->told_ms >= TELL_MS);
}

/* A storm is one warning a minute, and a line each for who asked for debugging. */
static void tell(struct net *net, const struct sockaddr_in6 *peer, enum close_reason reason)
{
	struct refusals *refusals = &net->refusals;
	const char *label = close_reason_row(reason)->label;
	char name[PEER_TEXT_MAX];

	if (is_worth_a_warning(net, reason)) {
		refusals->was_told = true;
		refusals->told_ms = net->clock.now_ms;
		log_warn(&log_scope, "listener.refused",
		         "%s: %s; those after it are counted, and told of again in a minute",
		         peer_text(peer, name), label);
	} else {
		log_debug(&log_scope, "listener.refused_too", "%s: %s", peer_text(peer, name),
		          label);
	}
}

const char *refusals_text(enum close_reason reason, const struct refusals_figures *figures,
                          char text[REFUSALS_TEXT_MAX])
{
	const char *words = close_reason_row(reason)->text;

	if (reason == CLOSE_ADDRESS_LIMIT) {
		(void)snprintf(text, REFUSALS_TEXT_MAX, "%s: %u at most", words,
		               figures->per_address);
	} else if (reason == CLOSE_RATE_LIMIT) {
		(void)snprintf(text, REFUSALS_TEXT_MAX, "%s: %.15g a second at most", words,
		               figures->rate);
	} else {
		(void)snprintf(text, REFUSALS_TEXT_MAX, "%s", words);
	}
	return text;
}

void refusals_note(struct net *net, const struct sockaddr_in6 *peer, enum close_reason reason)
{
	count(net, reason);
	tell(net, peer, reason);
}

void refusals_turn_away(struct net *net, int descriptor, const struct sockaddr_in6 *peer,
                        enum close_reason reason, const char *words)
{
	refusals_note(net, peer, reason);
	/* A new socket's buffer takes it whole. */
	(void)send(descriptor, words, strlen(words), MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(descriptor, SHUT_WR);
	keep(net, descriptor);
}

bool refusals_drop(struct net *net)
{
	bool has_some = net->refusals.count > 0;

	deadline_disarm(&net->deadlines, &net->refusals.end);
	on_end(&net->refusals.end);
	return has_some;
}
