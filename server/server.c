/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "protocols/socketio/socketio_library.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/memory.h"
#include "server/certificates.h"
#include "server/descriptors.h"
#include "server/door_rates.h"
#include "server/feeder.h"
#include "server/listeners.h"
#include "server/net/address_limits.h"
#include "server/net/client_log.h"
#include "server/net/refusals.h"
#include "server/notify.h"
#include "server/reload.h"
#include "server/watchdog.h"
#include "server/wiki_counts.h"
#include "server/worker.h"

/* For a source that connects again, a state file, a connection that moves: fairly arbitrary. */
#define DESCRIPTORS_SPARE 64

#define SIGNALS 3

#define TELL_MS 1000 /* from line to line about lines that were not written */

struct server {
	struct server_options options;
	const struct conf
	    *conf; /* in force: the reload's share, or until there is one the options' */
	uv_loop_t loop;
	struct status status;
	struct notify notify;
	struct held_sockets *held;
	struct listeners listeners;
	unsigned connections_possible;    /* that there are descriptors for */
	struct address_limits *addresses; /* clients' connections */
	struct address_limits *session_addresses;
	struct address_rates **rates; /* of new connections */
	struct client_log client_log;
	uv_timer_t client_log_timer;
	struct socketio_library *socketio_library; /* NULL: none */
	struct certificates certificates;
	struct worker **workers;
	size_t worker_count;
	struct feeder *feeder;
	struct reload reload;
	struct watchdog *watchdog;
	uv_signal_t signals[SIGNALS];
	uv_async_t bell; /* rung by a worker that has room again, or has ended */
	atomic_size_t ended_workers;
	bool is_ending;
};

static const struct log_scope server_log = {.name = "server"};

/* --- workers ------------------------------------------------------------ */

static size_t count_workers(const struct conf *conf)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (conf->root.workers > 0) {
		return conf->root.workers;
	}
	if (cores < 2) {
		return 1;
	}
	return cores > 2 ? (size_t)cores - 1 : 2;
}

/* On the worker's thread. */
static void on_room(void *owner)
{
	struct server *server = owner;

	(void)uv_async_send(&server->bell);
}

/* On the worker's thread. */
static void on_ended(void *owner)
{
	struct server *server = owner;

	(void)atomic_fetch_add(&server->ended_workers, 1);
	(void)uv_async_send(&server->bell);
}

/*
 * For room the turn of the loop is enough: the feeder tries again.  The loop runs, for
 * the second signal's sake, until the last thread has ended.
 */
static void on_bell(uv_async_t *bell)
{
	struct server *server = bell->data;

	if (atomic_load(&server->ended_workers) == server->worker_count) {
		uv_unref((uv_handle_t *)bell);
	}
}

static bool create_workers(struct server *server, struct error *error)
{
	for (size_t i = 0; i < server->worker_count; i++) {
		struct worker_options options = {
		    .conf = server->conf,
		    .status = &server->status,
		    .addresses = server->addresses,
		    .session_addresses = server->session_addresses,
		    .rates = server->rates,
		    .client_log = &server->client_log,
		    .socketio_library = server->socketio_library,
		    .tls = server->certificates.holder,
		    .index = (unsigned)i,
		    .all = server->workers,
		    .sockets = server->listeners.sockets[i],
		    .socket_count = server->listeners.count,
		    .on_room = on_room,
		    .on_ended = on_ended,
		    .owner = server,
		};

		server->workers[i] = worker_create(&options, error);
		listeners_taken(&server->listeners, i);
		if (server->workers[i] == NULL) {
			return false;
		}
	}
	return true;
}

static bool start_workers(struct server *server, struct error *error)
{
	for (size_t i = 0; i < server->worker_count; i++) {
		if (!worker_start(server->workers[i], error)) {
			return false;
		}
	}
	return true;
}

static void end_workers(void *owner)
{
	struct server *server = owner;

	for (size_t i = 0; i < server->worker_count; i++) {
		if (server->workers[i] != NULL) {
			worker_end(server->workers[i]);
		}
	}
}

static void join_workers(struct server *server)
{
	for (size_t i = 0; i < server->worker_count; i++) {
		if (server->workers[i] != NULL) {
			worker_join(server->workers[i]);
		}
	}
}

/* --- signals ------------------------------------------------------------ */

static void end_serving(struct server *server, int number)
{
	server->is_ending = true;
	metric_set(&server->status.is_ready, 0);
	log_info(&server_log, "server.ending", "signal %d: ending", number);
	notify_tell(&server->notify, "STOPPING=1\nSTATUS=Telling clients to go");
	watchdog_leave_workers(server->watchdog);
	feeder_stop(server->feeder, end_workers, server);
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct server *server = signal->data;

	if (number == SIGHUP) {
		if (!server->is_ending) {
			reload_start(&server->reload);
		}
		return;
	}
	if (server->is_ending) {
		log_warn(&server_log, "server.killed", "second signal (%d): ending at once",
		         number);
		_exit(1);
	}
	end_serving(server, number);
}

static void watch_signals(struct server *server)
{
	static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < SIGNALS; i++) {
		require(uv_signal_init(&server->loop, &server->signals[i]) == 0);
		server->signals[i].data = server;
		require(uv_signal_start(&server->signals[i], on_signal, numbers[i]) == 0);
		/* Waiting for a signal alone does not keep the loop alive. */
		uv_unref((uv_handle_t *)&server->signals[i]);
	}
}

/* --- lines about clients ------------------------------------------------ */

static void on_client_log_timer(uv_timer_t *timer)
{
	if (log_has_room()) {
		client_log_tell(timer->data);
	}
}

static void start_client_log(struct server *server)
{
	uv_timer_t *timer = &server->client_log_timer;

	client_log_set_rate(&server->client_log, server->conf->log.client_rate);
	timer->data = &server->client_log;
	require(uv_timer_init(&server->loop, timer) == 0);
	require(uv_timer_start(timer, on_client_log_timer, TELL_MS, TELL_MS) == 0);
	/* To tell alone does not keep the loop alive. */
	uv_unref((uv_handle_t *)timer);
}

/* --- life --------------------------------------------------------------- */

/* Of connections: with no number given, as many as there are descriptors for. */
static struct address_limits_options connection_limits(const struct server *server)
{
	const struct conf_limits *conf = &server->conf->limits;
	unsigned wanted = conf->connections_max;

	return (struct address_limits_options){
	    .per_address = conf->connections_per_address,
	    .total = wanted > 0 ? wanted : server->connections_possible,
	    .ipv6_prefix = conf->ipv6_prefix,
	    .unlimited = &conf->unlimited_addresses,
	};
}

static struct address_limits_options session_limits(const struct server *server)
{
	struct address_limits_options options = connection_limits(server);

	options.per_address = server->conf->socketio.sessions_per_address;
	options.total = 0;
	return options;
}

/* Tables that all workers count in. */
static void create_limits(struct server *server)
{
	struct address_limits_options connections = connection_limits(server);
	struct address_limits_options sessions = session_limits(server);

	server->addresses = address_limits_create(&connections);
	server->session_addresses = address_limits_create(&sessions);
	server->rates = door_rates_create(server->conf);
}

static void set_limits(struct server *server)
{
	struct address_limits_options connections = connection_limits(server);
	struct address_limits_options sessions = session_limits(server);
	unsigned wanted = server->conf->limits.connections_max;

	if (wanted > server->connections_possible) {
		log_warn(&server_log, "server.few_descriptors",
		         "limits.connections_max is %u, but there are descriptors for %u", wanted,
		         server->connections_possible);
	}
	address_limits_change(server->addresses, &connections);
	address_limits_change(server->session_addresses, &sessions);
	door_rates_change(server->rates, server->conf);
}

/* Called when what the server needs for itself is open. */
static void count_possible_connections(struct server *server)
{
	/* A moving connection has two for a moment; those who are refused keep theirs a while. */
	unsigned refused = (unsigned)server->worker_count * REFUSALS_HELD;

	server->connections_possible = descriptors_for_connections(DESCRIPTORS_SPARE + refused);
}

static bool prepare(void *owner, const struct conf *conf, struct error *error)
{
	struct server *server = owner;

	return certificates_prepare(&server->certificates, conf, error);
}

/* What was in force before is still there. */
static void put_in_force(void *owner, const struct conf *conf)
{
	struct server *server = owner;

	server->conf = conf;
	server->options.configure_log(server->options.owner, conf);
	client_log_set_rate(&server->client_log, conf->log.client_rate);
	set_limits(server);
	certificates_put_in_force(&server->certificates);
	for (size_t i = 0; i < server->worker_count; i++) {
		worker_change(server->workers[i], conf);
	}
}

static void init_status(struct server *server)
{
	struct status *status = &server->status;
	struct clock clock;

	clock_update(&clock);
	status_init(status, server->worker_count);
	status->version = server->options.version;
	status->started_ms = clock.wall_ms;
	metric_set(&status->config_last_reload_successful, 1);
	metric_set(&status->config_last_reload_ms, clock.wall_ms);
	server->certificates.not_after_ms = &status->tls_not_after_ms;
	if (server->conf->http.metrics_wikis > 0) {
		status->wiki_counts = wiki_counts_create(server->conf->http.metrics_wikis);
	}
}

static void create_feeder(struct server *server)
{
	struct feeder_options options = {
	    .conf = server->conf,
	    .status = &server->status,
	    .held = server->held,
	    .loop = &server->loop,
	    .workers = server->workers,
	    .worker_count = server->worker_count,
	};

	server->feeder = feeder_create(&options);
}

static void init_reload(struct server *server)
{
	struct reload_options options = {
	    .load = server->options.load,
	    .loader = server->options.owner,
	    .feeder = server->feeder,
	    .status = &server->status,
	    .notify = &server->notify,
	    .prepare = prepare,
	    .put_in_force = put_in_force,
	    .owner = server,
	};

	reload_init(&server->reload, &options, server->conf);
}

static void create(struct server *server)
{
	server->worker_count = count_workers(server->conf);
	server->workers = mem_zeroed(server->worker_count * sizeof(server->workers[0]));
	listeners_init(&server->listeners, server->worker_count);
	init_status(server);
	create_limits(server);
	notify_init(&server->notify);
	server->held = held_sockets_create();
	held_sockets_inherit(server->held);
	require(uv_loop_init(&server->loop) == 0);
	require(uv_async_init(&server->loop, &server->bell, on_bell) == 0);
	server->bell.data = server;
	start_client_log(server);
	server->watchdog = watchdog_create(&server->loop, &server->notify, &server->status);
	create_feeder(server);
	init_reload(server);
}

static bool load_library(struct server *server, struct error *error)
{
	const char *file = server->conf->socketio.client_file;

	if (!server->conf->http.present || file[0] == '\0') {
		return true;
	}
	server->socketio_library = socketio_library_load(file, error);
	if (server->socketio_library == NULL) {
		error_prefix(error, "http.socketio.client_file: ");
	}
	return server->socketio_library != NULL;
}

static bool start(struct server *server, struct error *error)
{
	if (!load_library(server, error) ||
	    !certificates_start(&server->certificates, server->conf, error) ||
	    !listeners_bind(&server->listeners, server->conf, server->held, error) ||
	    !create_workers(server, error) || !feeder_start(server->feeder, server->conf, error)) {
		return false;
	}
	held_sockets_tell_unused(server->held);
	count_possible_connections(server);
	set_limits(server);
	return start_workers(server, error);
}

/* End what start() began, however far it came. */
static void end(struct server *server)
{
	for (size_t i = 0; i < SIGNALS; i++) {
		uv_close((uv_handle_t *)&server->signals[i], NULL);
	}
	if (!server->is_ending) {
		feeder_stop(server->feeder, end_workers, server);
	}
	watchdog_close(server->watchdog);
	uv_unref((uv_handle_t *)&server->bell);
	(void)uv_run(&server->loop, UV_RUN_DEFAULT);
	join_workers(server);
	client_log_tell(&server->client_log);
	uv_close((uv_handle_t *)&server->client_log_timer, NULL);
	/* Not before: a thread rings it last of all. */
	uv_close((uv_handle_t *)&server->bell, NULL);
	(void)uv_run(&server->loop, UV_RUN_DEFAULT);
}

static void destroy(struct server *server)
{
	for (size_t i = 0; i < server->worker_count; i++) {
		worker_destroy(server->workers[i]);
	}
	feeder_destroy(server->feeder);
	require(uv_loop_close(&server->loop) == 0);
	reload_finish(&server->reload);
	listeners_finish(&server->listeners);
	held_sockets_destroy(server->held);
	notify_finish(&server->notify);
	free(server->workers);
	wiki_counts_destroy(server->status.wiki_counts);
	status_finish(&server->status);
	address_limits_destroy(server->addresses);
	address_limits_destroy(server->session_addresses);
	door_rates_destroy(server->rates);
	socketio_library_destroy(server->socketio_library);
	certificates_finish(&server->certificates);
}

static void tell_ready(const struct server *server)
{
	size_t sources = server->status.source_count;

	/* Who started it waits for this line, whatever the level. */
	log_write(LOG_LEVEL_INFO, &server_log, "server.ready",
	          "ready: version %s, %zu workers, %zu sources", server->options.version,
	          server->worker_count, sources);
	notify_tell(&server->notify, "READY=1\nSTATUS=Serving");
}

bool server_run(const struct server_options *options, struct error *error)
{
	struct server server = {.options = *options, .conf = options->conf};
	bool has_served = false;

	create(&server);
	descriptors_raise_limit();
	watch_signals(&server);
	if (start(&server, error)) {
		metric_set(&server.status.is_ready, 1);
		tell_ready(&server);
		(void)uv_run(&server.loop, UV_RUN_DEFAULT);
		has_served = true;
	}
	end(&server);
	destroy(&server);
	if (has_served) {
		log_info(&server_log, "server.ended", "ended");
	}
	return has_served;
}
