/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/crowd.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench/tls_client.h"
#include "server/base/memory.h"

#define READ_MAX      ((size_t)256 * 1024)
#define HELD_MAX      ((size_t)16 * 1024 * 1024) /* of what never becomes whole */
#define EVENTS_MAX    256
#define OWN_FILES     32 /* descriptors that are not clients */
#define SECOND_NS     1000000000ULL
#define NO_DESCRIPTOR (-1)

struct crowd_client {
	struct protocol_session session;
	struct crowd *crowd;
	const struct endpoint *server;
	uint32_t number;
	int descriptor;
	SSL *tls; /* NULL: plain */
	bool is_connected;
	bool has_more_to_say; /* than the socket took */
	struct buffer held;   /* the beginning of something that is not whole yet */
};

uint64_t crowd_now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

/* As many as the hard limit has, and more where this process may raise it. */
static bool allow_descriptors(rlim_t wanted, struct error *error)
{
	struct rlimit limit, more;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		error_set(error, "getrlimit: %s", strerror(errno));
		return false;
	}
	more = (struct rlimit){.rlim_cur = wanted,
	                       .rlim_max = limit.rlim_max < wanted ? wanted : limit.rlim_max};
	if (limit.rlim_cur < wanted && setrlimit(RLIMIT_NOFILE, &more) != 0) {
		error_set(error,
		          "%llu clients need more open files than the limit of %llu: raise it "
		          "(ulimit -n)",
		          (unsigned long long)wanted - OWN_FILES,
		          (unsigned long long)limit.rlim_max);
		return false;
	}
	return true;
}

bool crowd_init(struct crowd *crowd, struct error *error)
{
	crowd->count = 0;
	for (uint32_t i = 0; i < crowd->tally->group_count; i++) {
		crowd->count += crowd->tally->groups[i].clients;
	}
	crowd->clients = mem_zeroed((crowd->count + (size_t)1) * sizeof(crowd->clients[0]));
	for (uint32_t i = 0; i <= crowd->count; i++) {
		crowd->clients[i].descriptor = NO_DESCRIPTOR;
	}
	crowd->bytes = mem_zeroed(READ_MAX);
	crowd->tls = crowd->is_tls ? tls_client_context() : NULL;
	crowd->poller = epoll_create1(EPOLL_CLOEXEC);
	if (crowd->poller < 0) {
		error_set(error, "epoll_create1: %s", strerror(errno));
		return false;
	}
	return allow_descriptors((rlim_t)crowd->count + OWN_FILES, error);
}

static void disconnect(struct crowd_client *client)
{
	struct linger linger = {.l_onoff = 1};

	SSL_free(client->tls);
	client->tls = NULL;
	if (client->descriptor != NO_DESCRIPTOR) {
		(void)setsockopt(client->descriptor, SOL_SOCKET, SO_LINGER, &linger,
		                 sizeof(linger));
		(void)close(client->descriptor);
		client->descriptor = NO_DESCRIPTOR;
	}
}

void crowd_finish(struct crowd *crowd)
{
	for (uint32_t i = 0; crowd->clients != NULL && i <= crowd->count; i++) {
		disconnect(&crowd->clients[i]);
		protocol_session_finish(&crowd->clients[i].session);
		buffer_finish(&crowd->clients[i].held);
	}
	if (crowd->poller >= 0) {
		(void)close(crowd->poller);
	}
	SSL_CTX_free(crowd->tls);
	free(crowd->clients);
	free(crowd->bytes);
}

/* --- one client ----------------------------------------------------------- */

static void fail(struct crowd_client *client, const char *why)
{
	struct crowd *crowd = client->crowd;

	if (!crowd->has_failed) {
		crowd->has_failed = true;
		error_set(&crowd->failure, "client %u (%s): %s", (unsigned)client->number,
		          client->session.protocol->name, why);
	}
}

static void on_change(struct protocol_session *session, uint32_t serial, size_t length)
{
	struct crowd_client *client = container_of(session, struct crowd_client, session);
	struct crowd *crowd = client->crowd;

	if (client->number < crowd->count) {
		tally_delivered(crowd->tally, client->number, serial, length, crowd->now_ns);
	}
}

static void watch(struct crowd_client *client, int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = client};

	if (epoll_ctl(client->crowd->poller, operation, client->descriptor, &event) != 0) {
		fail(client, strerror(errno));
	}
}

static ssize_t say(struct crowd_client *client, const char *bytes, size_t length)
{
	return client->tls != NULL ? tls_client_send(client->tls, bytes, length)
	                           : send(client->descriptor, bytes, length, MSG_NOSIGNAL);
}

static ssize_t hear(struct crowd_client *client, char *bytes, size_t size)
{
	return client->tls != NULL ? tls_client_receive(client->tls, bytes, size)
	                           : recv(client->descriptor, bytes, size, 0);
}

/* In the middle of a handshake it is not room that one waits for. */
static bool waits_for_room(const struct crowd_client *client)
{
	return client->session.replies.length > 0 &&
	       (client->tls == NULL || tls_client_is_established(client->tls));
}

static void send_replies(struct crowd_client *client)
{
	struct buffer *replies = &client->session.replies;
	bool had_more_to_say = client->has_more_to_say;
	ssize_t sent;

	if (!client->is_connected || replies->length == 0) {
		return;
	}
	sent = say(client, replies->bytes, replies->length);
	if (sent < 0 && errno != EAGAIN) {
		fail(client, strerror(errno));
		return;
	}
	buffer_consume(replies, sent > 0 ? (size_t)sent : 0);
	client->has_more_to_say = waits_for_room(client);
	if (client->has_more_to_say != had_more_to_say) {
		watch(client, EPOLL_CTL_MOD,
		      client->has_more_to_say ? EPOLLIN | EPOLLOUT : EPOLLIN);
	}
}

static const struct endpoint *origin_of(const struct crowd_client *client)
{
	const struct crowd *crowd = client->crowd;

	return crowd->from_count > 0 ? &crowd->from[client->number % crowd->from_count] : NULL;
}

static void connect_client(struct crowd_client *client)
{
	struct error error;

	client->is_connected = false;
	client->has_more_to_say = false;
	client->descriptor =
	    endpoint_connect(client->server, origin_of(client), SOCK_STREAM, &error);
	if (client->descriptor == NO_DESCRIPTOR) {
		fail(client, error.text);
		return;
	}
	watch(client, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
}

static void begin(struct crowd *crowd, uint32_t number, const struct crowd_group *group)
{
	struct crowd_client *client = &crowd->clients[number];

	client->crowd = crowd;
	client->server = &group->server;
	client->number = number;
	client->session = (struct protocol_session){.protocol = group->protocol,
	                                            .subject = crowd->subject,
	                                            .number = number,
	                                            .on_change = on_change};
	connect_client(client);
	group->protocol->open(&client->session);
}

static void on_connected(struct crowd_client *client)
{
	int why = 0;
	socklen_t length = sizeof(why);
	struct error error;

	(void)getsockopt(client->descriptor, SOL_SOCKET, SO_ERROR, &why, &length);
	if (why != 0) {
		endpoint_failed(client->server, why, &error);
		fail(client, error.text);
		return;
	}
	client->is_connected = true;
	watch(client, EPOLL_CTL_MOD, EPOLLIN);
	if (client->crowd->tls != NULL && client->number < client->crowd->count) {
		client->tls = tls_client_begin(client->crowd->tls, client->descriptor);
	}
	send_replies(client);
}

/* The bytes are `length` of the crowd's. */
static void understand(struct crowd_client *client, size_t length)
{
	struct protocol_session *session = &client->session;
	struct crowd *crowd = client->crowd;
	bool was_ready = session->is_ready;
	size_t taken = session->protocol->take(session, crowd->bytes, length);

	if (session->failure != NULL) {
		fail(client, session->failure);
		return;
	}
	buffer_append(&client->held, crowd->bytes + taken, length - taken);
	crowd->ready += client->number < crowd->count && session->is_ready && !was_ready;
	if (session->wants_connection) {
		session->wants_connection = false;
		disconnect(client);
		buffer_clear(&client->held);
		connect_client(client);
	}
	send_replies(client);
}

/* More of something long: understood where it is kept, without copying all of it again. */
static void understand_held(struct crowd_client *client, size_t length)
{
	struct buffer whole = client->held;
	struct crowd *crowd = client->crowd;
	char *bytes = crowd->bytes;

	buffer_append(&whole, bytes, length);
	if (whole.length > HELD_MAX) {
		client->held = whole;
		fail(client, "the server sent something that never ends");
		return;
	}
	client->held = (struct buffer){0};
	crowd->bytes = whole.bytes;
	understand(client, whole.length);
	crowd->bytes = bytes;
	buffer_finish(&whole);
}

static void on_readable(struct crowd_client *client)
{
	struct crowd *crowd = client->crowd;
	ssize_t length = hear(client, crowd->bytes, READ_MAX);

	if (length < 0 && errno == EAGAIN) {
		send_replies(client); /* which may have waited for TLS */
		return;
	}
	if (length <= 0) {
		fail(client, length == 0 ? "the server closed the connection" : strerror(errno));
		return;
	}
	crowd->now_ns = crowd_now();
	crowd->reads++;
	if (client->held.length > 0) {
		understand_held(client, (size_t)length);
	} else {
		understand(client, (size_t)length);
	}
}

static void on_event(struct crowd_client *client, uint32_t events)
{
	if (!client->is_connected) {
		on_connected(client);
	} else if ((events & EPOLLOUT) != 0) {
		send_replies(client);
	}
	if (client->is_connected && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
		on_readable(client);
	}
}

/* --- all of them ------------------------------------------------------------ */

void crowd_connect(struct crowd *crowd, uint32_t end)
{
	while (crowd->begun < end && crowd->begun - crowd->ready < crowd->at_once &&
	       !crowd->has_failed) {
		uint32_t group = crowd->tally->clients[crowd->begun].group;

		begin(crowd, crowd->begun, &crowd->groups[group]);
		crowd->begun++;
	}
}

void crowd_turn(struct crowd *crowd, int timeout_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(crowd->poller, events, EVENTS_MAX, timeout_ms);

	for (int i = 0; i < count && !crowd->has_failed; i++) {
		on_event(events[i].data.ptr, events[i].events);
	}
}

void crowd_connect_speaker(struct crowd *crowd, const struct crowd_group *speaker)
{
	begin(crowd, crowd->count, speaker);
}

bool crowd_has_speaker(const struct crowd *crowd)
{
	const struct crowd_client *client = &crowd->clients[crowd->count];

	return client->is_connected && client->session.is_ready;
}

void crowd_speak(struct crowd *crowd, const char *bytes, size_t length)
{
	struct crowd_client *client = &crowd->clients[crowd->count];

	buffer_append(&client->session.replies, bytes, length);
	send_replies(client);
}
