/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "protocols/front_end.h"
#include "protocols/socketio/socketio_library.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/memory.h"
#include "server/descriptors.h"
#include "server/feeder.h"
#include "server/net/address_limits.h"
#include "server/net/refusals.h"
#include "server/net/socket.h"
#include "server/net/unix_socket.h"
#include "server/wiki_counts.h"
#include "server/worker.h"

/* For a source that connects again, a state file, a connection that moves: fairly arbitrary. */
#define DESCRIPTORS_SPARE 64

/* admin.listen may name so many paths, and all else fewer. */
#define FILES_MAX 64

struct server {
	const struct conf *conf;
	uv_loop_t loop;
	struct status status;
	struct address_limits *addresses; /* clients' connections */
	struct address_limits *session_addresses;
	struct socketio_library *socketio_library; /* NULL: none */
	struct worker **workers;
	size_t worker_count;
	struct worker_socket **sockets; /* of each worker, socket_count of them; NULL: taken over */
	size_t socket_count;
	struct unix_socket files[FILES_MAX]; /* listened on; removed at the end */
	size_t file_count;
	struct feeder *feeder;
	uv_signal_t signals[2];
	uv_async_t bell; /* rung by a worker that has room again, or has ended */
	atomic_size_t ended_workers;
	bool is_ending;
};

static const struct log_scope server_log = {.name = "server"};

/* --- listeners ---------------------------------------------------------- */

/* Note what was bound for every worker. */
static void add_sockets(struct server *server, size_t front_end, const int *descriptors)
{
	for (size_t i = 0; i < server->worker_count; i++) {
		server->sockets[i] = mem_resize(
		    server->sockets[i], (server->socket_count + 1) * sizeof(server->sockets[i][0]));
		server->sockets[i][server->socket_count] =
		    (struct worker_socket){.front_end = front_end, .descriptor = descriptors[i]};
	}
	server->socket_count++;
}

/* Bind one address for every worker. */
static bool bind_name(struct server *server, size_t front_end, struct socket_name *name,
                      struct error *error)
{
	int *descriptors = mem_zeroed(server->worker_count * sizeof(*descriptors));
	char text[SOCKET_TEXT_MAX];
	bool is_bound = socket_bind_group(name, descriptors, server->worker_count, error);

	if (is_bound) {
		add_sockets(server, front_end, descriptors);
		log_info(&server_log, "listener.bound", "%s %s", front_ends[front_end]->name,
		         socket_name_text(name, text));
	}
	free(descriptors);
	return is_bound;
}

/*
 * Listen on a socket in the file system.  There is one for all workers: each has a descriptor of
 * it, and who is not the first to accept finds nothing.
 */
static bool bind_path(struct server *server, size_t front_end, const char *path,
                      struct error *error)
{
	struct unix_socket *file = &server->files[server->file_count];
	int *descriptors;

	require(server->file_count < FILES_MAX);
	descriptors = mem_zeroed(server->worker_count * sizeof(*descriptors));
	descriptors[0] = unix_socket_bind(file, SOCK_STREAM, path, server->conf->admin.mode, error);
	if (descriptors[0] < 0) {
		free(descriptors);
		return false;
	}
	server->file_count++;
	for (size_t i = 1; i < server->worker_count; i++) {
		descriptors[i] = fcntl(descriptors[0], F_DUPFD_CLOEXEC, 0);
		require(descriptors[i] >= 0); /* of the few that a server starts with */
	}
	add_sockets(server, front_end, descriptors);
	log_info(&server_log, "listener.bound", "%s unix:%s", front_ends[front_end]->name, path);
	free(descriptors);
	return true;
}

static bool bind_host(struct server *server, size_t front_end, const struct conf_address *address,
                      struct error *error)
{
	struct socket_name names[2];
	size_t count = socket_resolve(address->host, address->port, names, error);
	bool is_bound = count > 0;

	for (size_t i = 0; is_bound && i < count; i++) {
		is_bound = bind_name(server, front_end, &names[i], error);
	}
	return is_bound;
}

static bool bind_front_end(struct server *server, size_t front_end, struct error *error)
{
	const struct conf_addresses *addresses = front_ends[front_end]->addresses(server->conf);

	for (size_t i = 0; addresses != NULL && i < addresses->count; i++) {
		const struct conf_address *address = &addresses->items[i];
		bool is_bound = address->path != NULL
		                    ? bind_path(server, front_end, address->path, error)
		                    : bind_host(server, front_end, address, error);

		if (!is_bound) {
			error_prefix(error, "%s.listen: ", front_ends[front_end]->name);
			return false;
		}
	}
	return true;
}

static bool bind_listeners(struct server *server, struct error *error)
{
	for (size_t i = 0; front_ends[i] != NULL; i++) {
		if (!bind_front_end(server, i, error)) {
			return false;
		}
	}
	return true;
}

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
		    .socketio_library = server->socketio_library,
		    .index = (unsigned)i,
		    .all = server->workers,
		    .sockets = server->sockets[i],
		    .socket_count = server->socket_count,
		    .on_room = on_room,
		    .on_ended = on_ended,
		    .owner = server,
		};

		server->workers[i] = worker_create(&options, error);
		free(server->sockets[i]);
		server->sockets[i] = NULL;
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

/* Those no worker has taken over, when the start failed. */
static void close_sockets(struct server *server)
{
	for (size_t i = 0; i < server->worker_count; i++) {
		for (size_t j = 0; server->sockets[i] != NULL && j < server->socket_count; j++) {
			(void)close(server->sockets[i][j].descriptor);
		}
		free(server->sockets[i]);
	}
}

/* --- signals ------------------------------------------------------------ */

static void on_signal(uv_signal_t *signal, int number)
{
	struct server *server = signal->data;

	if (server->is_ending) {
		log_warn(&server_log, "server.killed", "second signal (%d): ending at once",
		         number);
		_exit(1);
	}
	server->is_ending = true;
	metric_set(&server->status.is_ready, 0);
	log_info(&server_log, "server.ending", "signal %d: ending", number);
	feeder_stop(server->feeder, end_workers, server);
}

static void watch_signals(struct server *server)
{
	static const int numbers[] = {SIGTERM, SIGINT};

	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < 2; i++) {
		require(uv_signal_init(&server->loop, &server->signals[i]) == 0);
		server->signals[i].data = server;
		require(uv_signal_start(&server->signals[i], on_signal, numbers[i]) == 0);
		/* Waiting for a signal alone does not keep the loop alive. */
		uv_unref((uv_handle_t *)&server->signals[i]);
	}
}

/* --- life --------------------------------------------------------------- */

/* Tables that all workers count in. */
static void create_limits(struct server *server)
{
	const struct conf_limits *conf = &server->conf->limits;
	struct address_limits_options options = {
	    .per_address = conf->connections_per_address,
	    .total = conf->connections_max,
	    .ipv6_prefix = conf->ipv6_prefix,
	    .unlimited = &conf->unlimited_addresses,
	};

	server->addresses = address_limits_create(&options);
	options.per_address = server->conf->socketio.sessions_per_address;
	options.total = 0;
	server->session_addresses = address_limits_create(&options);
}

/* Called when what the server needs for itself is open. */
static void set_connections_max(struct server *server)
{
	unsigned wanted = server->conf->limits.connections_max;
	/* A moving connection has two for a moment; those who are refused keep theirs a while. */
	unsigned refused = (unsigned)server->worker_count * REFUSALS_HELD;
	unsigned possible = descriptors_for_connections(DESCRIPTORS_SPARE + refused);

	if (wanted == 0) {
		address_limits_set_total(server->addresses, possible);
	} else if (wanted > possible) {
		log_warn(&server_log, "server.few_descriptors",
		         "limits.connections_max is %u, but there are descriptors for %u", wanted,
		         possible);
	}
}

static void init_status(struct server *server, const char *version)
{
	struct status *status = &server->status;
	struct clock clock;

	clock_update(&clock);
	status->version = version;
	status->started_ms = clock.wall_ms;
	status->worker_count = server->worker_count;
	status->workers = mem_zeroed(server->worker_count * sizeof(status->workers[0]));
	metric_set(&status->config_last_reload_successful, 1);
	metric_set(&status->config_last_reload_ms, clock.wall_ms);
	status->source_count = server->conf->ingest_count;
	if (server->conf->http.metrics_wikis > 0) {
		status->wiki_counts = wiki_counts_create(server->conf->http.metrics_wikis);
	}
	status->sources = mem_zeroed((status->source_count + 1) * sizeof(status->sources[0]));
}

static void create(struct server *server, const char *version)
{
	struct feeder_options options = {
	    .conf = server->conf, .status = &server->status, .loop = &server->loop};

	server->worker_count = count_workers(server->conf);
	server->workers = mem_zeroed(server->worker_count * sizeof(server->workers[0]));
	server->sockets = mem_zeroed(server->worker_count * sizeof(server->sockets[0]));
	init_status(server, version);
	create_limits(server);
	require(uv_loop_init(&server->loop) == 0);
	require(uv_async_init(&server->loop, &server->bell, on_bell) == 0);
	server->bell.data = server;
	options.workers = server->workers;
	options.worker_count = server->worker_count;
	server->feeder = feeder_create(&options);
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
	if (!load_library(server, error) || !bind_listeners(server, error) ||
	    !create_workers(server, error) || !feeder_start(server->feeder, error)) {
		return false;
	}
	set_connections_max(server);
	return start_workers(server, error);
}

/* End what start() began, however far it came. */
static void end(struct server *server)
{
	for (size_t i = 0; i < 2; i++) {
		uv_close((uv_handle_t *)&server->signals[i], NULL);
	}
	if (!server->is_ending) {
		feeder_stop(server->feeder, end_workers, server);
	}
	uv_unref((uv_handle_t *)&server->bell);
	(void)uv_run(&server->loop, UV_RUN_DEFAULT);
	join_workers(server);
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
	close_sockets(server);
	for (size_t i = 0; i < server->file_count; i++) {
		unix_socket_remove(&server->files[i]);
	}
	free(server->sockets);
	free(server->workers);
	free(server->status.workers);
	free(server->status.sources);
	wiki_counts_destroy(server->status.wiki_counts);
	address_limits_destroy(server->addresses);
	address_limits_destroy(server->session_addresses);
	socketio_library_destroy(server->socketio_library);
}

bool server_run(const struct conf *conf, const char *version, struct error *error)
{
	struct server server = {.conf = conf};
	bool has_served = false;

	create(&server, version);
	descriptors_raise_limit();
	watch_signals(&server);
	if (start(&server, error)) {
		metric_set(&server.status.is_ready, 1);
		/* Who started it waits for this line, whatever the level. */
		log_write(LOG_LEVEL_INFO, &server_log, "server.ready",
		          "ready: version %s, %zu workers, %zu sources", version,
		          server.worker_count, server.status.source_count);
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
