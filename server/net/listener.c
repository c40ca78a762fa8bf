/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients are accepted here and not by uv_listen(): libuv tries again at once, and for
 * ever, while there is no descriptor for the next one, and with several workers its
 * spare descriptor does not help.  Here they wait in the kernel's queue, and the
 * worker goes on with those it has.
 */
#include "server/net/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/base/log.h"
#include "server/base/memory.h"
#include "server/net/address_limits.h"
#include "server/net/refusals.h"
#include "server/net/secured.h"

/* Clients that may wait to be accepted; the kernel cuts it at net.core.somaxconn. */
#define BACKLOG 4096

/* Accepted in a row before those that are there get their turn. */
#define ACCEPTS_PER_TURN 64

#define PAUSE_MS     250 /* until it is tried again when there was no descriptor */
#define PAUSE_LOG_MS 10000

struct listener {
	uv_poll_t handle;
	int descriptor;
	struct net *net;
	struct listener_owner owner;
	proxies_fn *proxies;   /* NULL: none */
	is_ahead_fn *is_ahead; /* NULL: nobody shares the socket */
	bool has_yielded;      /* to the others, just now */
	struct deadline pause; /* armed while nobody is accepted */
	uint64_t pause_told_ms;
	bool has_paused;
	bool is_exempt; /* from net.addresses */
};

static const struct log_scope listener_log = {.name = "listener"};

static void on_readable(uv_poll_t *handle, int status, int events);

static void start_accepting(struct listener *listener)
{
	require(uv_poll_start(&listener->handle, UV_READABLE, on_readable) == 0);
}

static void on_pause_over(struct deadline *pause)
{
	start_accepting(container_of(pause, struct listener, pause));
}

/* Under a storm pauses come four times a second: not a line for each. */
static void pause_accepting(struct listener *listener, int cause)
{
	uint64_t now_ms = listener->net->clock.now_ms;

	(void)uv_poll_stop(&listener->handle);
	deadline_arm(&listener->net->deadlines, &listener->pause, PAUSE_MS);
	metric_add(&listener->net->metrics->accept_pauses, 1);
	if (!listener->has_paused || now_ms - listener->pause_told_ms >= PAUSE_LOG_MS) {
		listener->has_paused = true;
		listener->pause_told_ms = now_ms;
		log_warn(&listener_log, "listener.paused", "clients wait to be accepted: %s",
		         strerror(cause));
	}
}

/* Whether there is nothing left of what a client needs; any other failure is that client's. */
static bool is_shortage(int cause)
{
	return cause == EMFILE || cause == ENFILE || cause == ENOBUFS || cause == ENOMEM;
}

static bool is_proxied(const struct listener *listener, const struct accepted *client)
{
	return listener->proxies != NULL &&
	       peer_is_in(&client->peer, listener->proxies(listener->owner.pointer));
}

static void begin(struct listener *listener, const struct accepted *client)
{
	struct connection *connection = connection_accept(listener->net, client);

	if (connection == NULL) {
		return;
	}
	if (is_proxied(listener, client)) {
		proxied_begin(connection, &listener->owner);
	} else if (listener->owner.tls.holder != NULL) {
		secured_begin(connection, &listener->owner);
	} else {
		listener->owner.on_connection(listener->owner.pointer, connection);
	}
}

/* Whose connection a proxy's is, it will tell: until then it is nobody's. */
static bool take_place(struct listener *listener, struct accepted *client,
                       enum close_reason *reason)
{
	struct admission admission = proxied_admission(&listener->owner);
	struct net *net = listener->net;

	if (listener->is_exempt) {
		return true;
	}
	if (!is_proxied(listener, client)) {
		return admission_enter(&admission, net, &client->peer, &client->place, reason);
	}
	if (net->addresses != NULL) {
		client->place = address_limits_enter(net->addresses, NULL, reason);
	}
	return client->place != NULL || net->addresses == NULL;
}

/* Let a client in if it may come, and there is a place for it. */
static void admit(struct listener *listener, struct accepted *client)
{
	const struct listener_owner *owner = &listener->owner;
	struct net *net = listener->net;
	enum close_reason reason;

	if (take_place(listener, client, &reason)) {
		begin(listener, client);
	} else {
		refusals_turn_away(net, client->descriptor, &client->peer, reason,
		                   owner->refusal != NULL ? owner->refusal(owner->pointer, reason)
		                                          : "");
	}
}

/* Accept one; false when there is none, or none can be had. */
static bool accept_one(struct listener *listener)
{
	struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
	socklen_t length = sizeof(name);
	struct accepted client = {0};
	int cause;

	client.descriptor = accept4(listener->descriptor, (struct sockaddr *)&name, &length,
	                            SOCK_NONBLOCK | SOCK_CLOEXEC);
	cause = errno;
	if (client.descriptor >= 0) {
		peer_map((const struct sockaddr *)&name, &client.peer);
		admit(listener, &client);
		return true;
	}
	if (!is_shortage(cause)) {
		return cause != EAGAIN && cause != EWOULDBLOCK;
	}
	if (refusals_drop(listener->net)) {
		return true; /* that made room */
	}
	pause_accepting(listener, cause);
	return false;
}

static void accept_some(struct listener *listener)
{
	unsigned accepted = 0;

	while (accepted < ACCEPTS_PER_TURN && accept_one(listener)) {
		accepted++;
	}
}

/*
 * All who share a socket wake for a client, in an order that is the kernel's and mostly the same:
 * whoever has the most would get even more.
 */
static void accept_shared(struct listener *listener)
{
	if (!listener->has_yielded && listener->is_ahead(listener->owner.pointer)) {
		listener->has_yielded = true;
		(void)uv_poll_stop(&listener->handle);
		deadline_arm(&listener->net->deadlines, &listener->pause, 0);
		return;
	}
	listener->has_yielded = false;
	(void)accept_one(listener);
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
	struct listener *listener = handle->data;

	(void)status;
	(void)events;
	if (listener->is_ahead != NULL) {
		accept_shared(listener);
	} else {
		accept_some(listener);
	}
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static int open_handle(struct listener *listener)
{
	int status;

	if (listen(listener->descriptor, BACKLOG) != 0) {
		return uv_translate_sys_error(errno);
	}
	status = uv_poll_init(listener->net->loop, &listener->handle, listener->descriptor);
	if (status == 0) {
		listener->handle.data = listener;
		start_accepting(listener);
	}
	return status;
}

struct listener *listener_open(struct net *net, int descriptor, on_connection_fn *on_connection,
                               void *owner, struct error *error)
{
	struct listener *listener = mem_new(struct listener);
	int status;

	listener->descriptor = descriptor;
	listener->net = net;
	listener->owner.on_connection = on_connection;
	listener->owner.pointer = owner;
	listener->pause.on_due = on_pause_over;
	status = open_handle(listener);
	if (status != 0) {
		error_set(error, "cannot listen: %s", uv_strerror(status));
		(void)close(descriptor);
		free(listener);
		return NULL;
	}
	return listener;
}

void listener_tell_refused(struct listener *listener, refusal_fn *refusal)
{
	listener->owner.refusal = refusal;
}

void listener_admit(struct listener *listener, admission_fn *admission)
{
	listener->owner.admission = admission;
}

void listener_expect_proxies(struct listener *listener, proxies_fn *proxies)
{
	listener->proxies = proxies;
}

void listener_exempt(struct listener *listener)
{
	listener->is_exempt = true;
}

void listener_share(struct listener *listener, is_ahead_fn *is_ahead)
{
	listener->is_ahead = is_ahead;
}

void listener_speak_tls(struct listener *listener, const struct listener_tls *tls)
{
	listener->owner.tls = *tls;
}

void listener_close(struct listener *listener)
{
	deadline_disarm(&listener->net->deadlines, &listener->pause);
	uv_close((uv_handle_t *)&listener->handle, on_closed);
	(void)close(listener->descriptor);
}
