/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load of the benchmark: many clients of one protocol in one thread, and the
 * datagrams that they wait for.
 *
 *   changes ── datagrams ──> server ── connections ──> clients ──> tally
 *      ^                                                             |
 *      +------------- no more than the window under way -------------+
 *
 * Nothing is sent that could not be taken: what is missing in the end was lost by
 * the server.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/base/memory.h"
#include "test/bench/load_options.h"
#include "test/bench/process_usage.h"
#include "test/bench/tally.h"

#define READ_MAX   ((size_t)256 * 1024)
#define EVENTS_MAX 256
#define SECOND_NS  1000000000ULL
#define SETTLE_MS  100 /* for what the server does behind the last delivery */

struct load;

struct client {
	struct load_session session;
	struct load *load;
	uint32_t number;
	int descriptor;
	struct buffer held; /* the beginning of something that is not whole yet */
};

struct load {
	struct load_options options;
	struct client *clients;
	struct tally tally;
	int poller;
	int datagrams;
	uint32_t sent;
	uint32_t ready;
	uint64_t now_ns; /* of the read that is being understood */
	uint64_t deadline_ns;
	uint64_t reads;
	char *bytes; /* READ_MAX, for whoever reads */
	struct buffer datagram;
};

/* What the run cost, and when it began and ended. */
struct measurement {
	struct process_usage start, idle, before, after;
	uint64_t began_ns, ended_ns;
	uint64_t reads;
};

static uint64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	                            .sin_port = htons(port),
	                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Gives a socket that is connected to a port of the server. */
static int connect_to(int type, uint16_t port)
{
	struct sockaddr_in address = loopback(port);
	int descriptor = socket(AF_INET, type, 0);

	if (descriptor < 0 ||
	    connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0) {
		err(2, "connecting to port %u", (unsigned)port);
	}
	return descriptor;
}

/* --- clients ------------------------------------------------------------ */

static void on_change(struct load_session *session, uint32_t serial, size_t length)
{
	struct client *client = container_of(session, struct client, session);

	tally_delivered(&client->load->tally, client->number, serial, length, client->load->now_ns);
}

static void send_replies(struct client *client)
{
	struct buffer *replies = &client->session.replies;

	if (replies->length > 0) {
		ssize_t sent = send(client->descriptor, replies->bytes, replies->length,
		                    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 || (size_t)sent < replies->length) {
			err(1, "client %u could not send", (unsigned)client->number);
		}
		buffer_clear(replies);
	}
}

static void open_client(struct load *load, uint32_t number)
{
	struct client *client = &load->clients[number];
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
	int on = 1;

	*client = (struct client){
	    .session = {.protocol = load->options.protocol, .on_change = on_change},
	    .load = load,
	    .number = number,
	    .descriptor = connect_to(SOCK_STREAM, load->options.clients_port),
	};
	(void)setsockopt(client->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (epoll_ctl(load->poller, EPOLL_CTL_ADD, client->descriptor, &event) != 0) {
		err(2, "epoll_ctl");
	}
	client->session.protocol->open(&client->session);
	send_replies(client);
}

/* With a reset, so that thousands of ports do not stay in TIME_WAIT. */
static void close_client(struct client *client)
{
	struct linger linger = {.l_onoff = 1};

	(void)setsockopt(client->descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	(void)close(client->descriptor);
	buffer_finish(&client->session.replies);
	buffer_finish(&client->held);
}

static void understand(struct client *client, size_t length)
{
	struct load_session *session = &client->session;
	bool was_ready = session->is_ready;
	size_t taken = session->protocol->take(session, client->load->bytes, length);

	if (session->has_failed) {
		errx(1, "client %u was sent away", (unsigned)client->number);
	}
	buffer_clear(&client->held);
	buffer_append(&client->held, client->load->bytes + taken, length - taken);
	client->load->ready += session->is_ready && !was_ready;
	send_replies(client);
}

static void read_client(struct client *client)
{
	struct load *load = client->load;
	size_t held = client->held.length;
	ssize_t length;

	if (held >= READ_MAX) {
		errx(1, "client %u gets something that never ends", (unsigned)client->number);
	}
	if (held > 0) {
		memcpy(load->bytes, client->held.bytes, held);
	}
	length = recv(client->descriptor, load->bytes + held, READ_MAX - held, MSG_DONTWAIT);
	if (length < 0 && errno == EAGAIN) {
		return;
	}
	if (length <= 0) {
		errx(1, "client %u was disconnected", (unsigned)client->number);
	}
	load->now_ns = now();
	load->reads++;
	understand(client, held + (size_t)length);
}

/* --- the loop ----------------------------------------------------------- */

static void turn(struct load *load, int timeout_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(load->poller, events, EVENTS_MAX, timeout_ms);

	if (count < 0 && errno != EINTR) {
		err(2, "epoll_wait");
	}
	for (int i = 0; i < count; i++) {
		read_client(events[i].data.ptr);
	}
}

static bool is_time_up(const struct load *load)
{
	return now() >= load->deadline_ns;
}

static void settle(struct load *load)
{
	uint64_t end_ns = now() + SETTLE_MS * SECOND_NS / 1000;

	while (now() < end_ns) {
		turn(load, 10);
	}
}

/* --- changes ------------------------------------------------------------ */

static void send_change(struct load *load, uint32_t serial)
{
	buffer_clear(&load->datagram);
	load->options.protocol->write_change(serial, &load->datagram);
	if (send(load->datagrams, load->datagram.bytes, load->datagram.length, 0) < 0) {
		err(1, "sending a datagram");
	}
}

static void send_next(struct load *load)
{
	tally_sent(&load->tally, load->sent, now());
	send_change(load, load->sent);
	load->sent++;
}

/* A window that is half empty is filled: so the server sees bursts, as from busy wikis. */
static void send_flood(struct load *load, uint32_t end)
{
	uint32_t under_way = load->sent - load->tally.completed;

	if (under_way > load->options.window / 2) {
		return;
	}
	for (; under_way < load->options.window && load->sent < end; under_way++) {
		send_next(load);
	}
}

/* Send what is due since `began_ns`; returns how long nothing will be. */
static int send_paced(struct load *load, uint32_t first, uint32_t end, uint64_t began_ns)
{
	uint64_t rate = load->options.rate;
	uint64_t due = (now() - began_ns) * rate / SECOND_NS + 1;
	uint64_t next_ns, now_ns;

	while (load->sent < end && load->sent - first < due) {
		send_next(load);
	}
	next_ns = began_ns + (load->sent - first) * SECOND_NS / rate;
	now_ns = now();
	return next_ns > now_ns ? (int)((next_ns - now_ns) * 1000 / SECOND_NS) : 0;
}

/* Send so many changes and wait until all clients have them; false when the time is up. */
static bool flow(struct load *load, uint32_t count)
{
	uint32_t first = load->sent, end = first + count;
	uint64_t began_ns = now();

	while (load->tally.completed < end) {
		int timeout_ms = 100;

		if (load->options.rate == 0) {
			send_flood(load, end);
		} else if (load->sent < end) {
			timeout_ms = send_paced(load, first, end, began_ns);
		}
		turn(load, timeout_ms);
		if (is_time_up(load)) {
			return false;
		}
	}
	return true;
}

/* --- the run ------------------------------------------------------------ */

static void measure(const struct load *load, struct process_usage *usage)
{
	if (!process_usage_read(load->options.process, usage)) {
		err(1, "process %d", (int)load->options.process);
	}
}

/* Connect clients up to this number, and wait until they are ready. */
static void open_clients(struct load *load, uint32_t end)
{
	for (uint32_t i = load->ready; i < end; i++) {
		open_client(load, i);
		turn(load, 0);
	}
	while (load->ready < end) {
		turn(load, 100);
		if (is_time_up(load)) {
			errx(1, "the time is up: %u of %u clients are ready", (unsigned)load->ready,
			     (unsigned)end);
		}
	}
}

/* The first one is not measured: the server makes for it what it makes once. */
static void open_all_clients(struct load *load, struct measurement *measurement)
{
	if (load->options.protocol->needs_first_change) {
		send_change(load, LOAD_UNMARKED);
	}
	open_clients(load, 1);
	settle(load);
	measure(load, &measurement->start);
	open_clients(load, load->options.clients);
	settle(load);
	measure(load, &measurement->idle);
}

/* Whether all went well; `measurement` is filled in any case. */
static bool run(struct load *load, struct measurement *measurement)
{
	bool is_complete;
	uint64_t reads;

	open_all_clients(load, measurement);
	is_complete = flow(load, load->options.warm_up);
	settle(load);
	measure(load, &measurement->before);
	reads = load->reads;
	measurement->began_ns = now();
	is_complete = is_complete && flow(load, load->options.changes);
	measurement->ended_ns = now();
	measurement->reads = load->reads - reads;
	settle(load);
	measure(load, &measurement->after);
	return is_complete && tally_lost(&load->tally) == 0 && load->tally.duplicates == 0 &&
	       load->tally.reordered == 0 && load->tally.strange == 0;
}

static void report(const struct load *load, const struct measurement *measurement)
{
	const struct tally *tally = &load->tally;
	const struct load_options *options = &load->options;
	struct tally_latency latency = tally_latency(tally, options->warm_up);
	double deliveries = (double)options->clients * options->changes;
	double cpu_us = (double)(measurement->after.cpu_ns - measurement->before.cpu_ns) / 1e3;
	double idle = (double)measurement->idle.rss_bytes - (double)measurement->start.rss_bytes;

	printf("{\"protocol\": \"%s\", \"clients\": %u, \"changes\": %u, \"rate\": %u,\n",
	       options->protocol->name, options->clients, options->changes, options->rate);
	printf(" \"lost\": %llu, \"duplicates\": %llu, \"reordered\": %llu, \"strange\": %llu,\n",
	       (unsigned long long)tally_lost(tally), (unsigned long long)tally->duplicates,
	       (unsigned long long)tally->reordered, (unsigned long long)tally->strange);
	printf(" \"bytes_per_delivery\": %.1f, \"deliveries_per_read\": %.2f,\n",
	       (double)tally->bytes / (double)(tally->deliveries + !tally->deliveries),
	       deliveries / (double)(measurement->reads + !measurement->reads));
	printf(" \"seconds\": %.6f, \"cpu_us\": %.3f, \"cpu_us_per_delivery\": %.6f,\n",
	       (double)(measurement->ended_ns - measurement->began_ns) / 1e9, cpu_us,
	       cpu_us / deliveries);
	printf(" \"latency_us\": {\"p50\": %.1f, \"p95\": %.1f, \"p99\": %.1f, \"max\": %.1f},\n",
	       (double)latency.p50_ns / 1e3, (double)latency.p95_ns / 1e3,
	       (double)latency.p99_ns / 1e3, (double)latency.max_ns / 1e3);
	printf(" \"rss_bytes\": {\"start\": %llu, \"idle\": %llu, \"end\": %llu},\n",
	       (unsigned long long)measurement->start.rss_bytes,
	       (unsigned long long)measurement->idle.rss_bytes,
	       (unsigned long long)measurement->after.rss_bytes);
	printf(" \"rss_bytes_per_client\": %.1f}\n",
	       options->clients > 1 ? idle / (options->clients - 1) : 0.0);
}

int main(int argc, char **argv)
{
	struct load load = {0};
	struct measurement measurement = {0};
	bool is_good;

	load_options_read(&load.options, argc, argv);
	load.deadline_ns = now() + load.options.time_limit_s * SECOND_NS;
	load.clients = mem_zeroed(load.options.clients * sizeof(load.clients[0]));
	load.bytes = mem_zeroed(READ_MAX);
	tally_init(&load.tally, load.options.clients, load.options.warm_up + load.options.changes);
	load.poller = epoll_create1(0);
	load.datagrams = connect_to(SOCK_DGRAM, load.options.datagrams_port);
	is_good = run(&load, &measurement);
	report(&load, &measurement);
	for (uint32_t i = 0; i < load.options.clients; i++) {
		close_client(&load.clients[i]);
	}
	(void)close(load.datagrams);
	(void)close(load.poller);
	tally_finish(&load.tally);
	buffer_finish(&load.datagram);
	free(load.bytes);
	free(load.clients);
	return is_good ? 0 : 1;
}
