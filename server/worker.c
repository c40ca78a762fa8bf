/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made on the main thread, run on its own.  Changes are published as far as net_take()
 * lets them, so that a flood is written to the clients as it is worked off and their input
 * is not starved.
 */
#include "server/worker.h"

#include <stdlib.h>
#include <unistd.h>

#include "protocols/front_end.h"
#include "server/base/log.h"
#include "server/base/memory.h"
#include "server/feed/history.h"
#include "server/mailbox.h"
#include "server/net/address_limits.h"
#include "server/net/drain.h"
#include "server/net/listener.h"
#include "server/net/tls_session.h"
#include "server/pulse.h"

#define AHEAD_MIN 4 /* connections that nobody counts */

/* One front-end of one worker. */
struct worker_front_end {
	const struct front_end *type;
	void *state; /* NULL when it is off */
	size_t index;
	struct worker *worker;
	struct front_end_env env;
};

struct worker {
	struct worker_options options;
	const struct conf *conf; /* a share */
	uv_loop_t loop;
	uv_thread_t thread;
	struct pulse pulse;
	uv_async_t bell; /* rung when something was put into the mailbox; open until the end */
	struct mailbox mailbox;
	struct net *net;
	struct bus *bus;
	struct history *history;
	struct worker_front_end *front_ends;
	size_t front_end_count;
	struct listener **listeners;
	size_t listener_count;
	struct change_list taken; /* being published, from `published` on */
	size_t published;
	struct drain drain;
	bool is_started;
	bool is_ending;   /* asked for; what was handed over is published first */
	bool is_draining; /* all of that was published */
	bool is_ended;    /* clients were told; nothing is taken any more */
	struct log_scope log;
};

static struct worker_stats *stats_of(const struct worker *worker)
{
	return &worker->options.status->workers[worker->options.index];
}

/* --- connections -------------------------------------------------------- */

static void on_connection(void *owner, struct connection *connection)
{
	struct worker_front_end *front_end = owner;

	front_end->type->on_connection(front_end->state, connection);
}

static const char *refusal(void *owner, enum close_reason reason)
{
	const struct worker_front_end *front_end = owner;

	if (front_end->type->refusal == NULL) {
		return "";
	}
	return front_end->type->refusal(front_end->state, reason);
}

static struct admission admission(void *owner)
{
	const struct worker_front_end *front_end = owner;
	struct front_end_door door = front_end->type->door(front_end->env.conf);

	return (struct admission){
	    .allowed = door.allow,
	    .trusted = door.trusted,
	    .rates = front_end->env.rates,
	};
}

static const struct conf_networks *proxies(void *owner)
{
	const struct worker_front_end *front_end = owner;

	return front_end->type->proxies(front_end->env.conf);
}

/* Of workers that share a socket, the one with the fewest connections is to take the next. */
static bool is_ahead(void *owner)
{
	const struct worker_front_end *front_end = owner;
	const struct worker *worker = front_end->worker;
	const struct status *status = worker->options.status;
	uint64_t fewest = UINT64_MAX;

	for (size_t i = 0; i < status->worker_count; i++) {
		uint64_t open = metric_read(&status->workers[i].metrics.connections_open);

		fewest = open < fewest ? open : fewest;
	}
	return metric_read(&stats_of(worker)->metrics.connections_open) >
	       fewest + fewest / 16 + AHEAD_MIN;
}

static void drop_migrant(const struct front_end *type, struct migrant *migrant)
{
	if (migrant->descriptor >= 0) {
		(void)close(migrant->descriptor);
	}
	buffer_finish(&migrant->unread);
	address_limits_leave(migrant->place);
	tls_session_destroy(migrant->tls);
	type->drop_cargo(migrant->cargo);
}

static void adopt(struct worker *worker, struct moved *moved)
{
	struct worker_front_end *front_end = &worker->front_ends[moved->front_end];
	struct connection *connection = connection_adopt(worker->net, &moved->migrant);

	if (connection == NULL) {
		drop_migrant(front_end->type, &moved->migrant);
	} else {
		front_end->type->on_moved(front_end->state, connection, moved->migrant.cargo);
	}
	free(moved);
}

void worker_move(struct worker *worker, size_t front_end, struct migrant *migrant)
{
	struct moved *moved = mem_new(struct moved);

	moved->migrant = *migrant;
	moved->front_end = front_end;
	if (mailbox_put_moved(&worker->mailbox, moved)) {
		(void)uv_async_send(&worker->bell);
	} else {
		drop_migrant(worker->front_ends[front_end].type, &moved->migrant);
		free(moved);
	}
}

static void move_from_front_end(const struct front_end_env *env, unsigned target,
                                struct migrant *migrant)
{
	const struct worker_front_end *from = env->mover;

	worker_move(from->worker->options.all[target], from->index, migrant);
}

static void *state_of(const struct front_end_env *env, const struct front_end *type)
{
	const struct worker_front_end *asker = env->mover;
	const struct worker *worker = asker->worker;

	for (size_t i = 0; i < worker->front_end_count; i++) {
		if (worker->front_ends[i].type == type) {
			return worker->front_ends[i].state;
		}
	}
	return NULL;
}

/* --- errands ------------------------------------------------------------ */

static void post_errand(struct worker *worker, struct errand *errand)
{
	if (mailbox_put_errand(&worker->mailbox, errand)) {
		(void)uv_async_send(&worker->bell);
	} else {
		errand->drop(errand);
	}
}

static void send_errand_from_front_end(const struct front_end_env *env, struct errand *errand)
{
	const struct worker_front_end *from = env->mover;

	errand->home = from->worker->options.index;
	errand->visits = 0;
	post_errand(from->worker->options.all[0], errand);
}

/* One that is here for a visit goes on to the next worker, and home from the last. */
static void take_errand(struct worker *worker, struct errand *errand)
{
	const struct worker_options *options = &worker->options;

	if (errand->visits == options->status->worker_count) {
		errand->done(errand);
		return;
	}
	if (!errand->visit(errand, worker->net)) {
		post_errand(worker, errand);
		return;
	}
	errand->visits++;
	post_errand(errand->visits < options->status->worker_count ? options->all[errand->visits]
	                                                           : options->all[errand->home],
	            errand);
}

static void drop_errands(struct errand *errand)
{
	while (errand != NULL) {
		struct errand *next = errand->next;

		errand->drop(errand);
		errand = next;
	}
}

/* --- changes ------------------------------------------------------------ */

bool worker_has_room(struct worker *worker)
{
	return mailbox_has_room(&worker->mailbox);
}

void worker_hand_over(struct worker *worker, struct change *const *changes, size_t count)
{
	mailbox_put_changes(&worker->mailbox, changes, count);
	metric_add(&stats_of(worker)->handed_over, count);
	(void)uv_async_send(&worker->bell);
}

/* All workers keep the same, once: the first tells of it, for metrics are summed. */
static void note_history(struct worker *worker)
{
	struct metrics *metrics = &stats_of(worker)->metrics;

	if (worker->options.index == 0) {
		metric_set(&metrics->history_changes, history_count(worker->history));
		metric_set(&metrics->history_bytes, history_bytes(worker->history));
	}
}

/* Ten times a second: what is not worth counting at every subscription. */
static void on_beat(void *owner)
{
	struct worker *worker = owner;
	struct metrics *metrics = &stats_of(worker)->metrics;
	const struct bus *bus = worker->bus;

	metric_set(&metrics->subscriptions_wiki, bus_count(bus, BUS_WIKI, false));
	metric_set(&metrics->subscriptions_wiki_pattern, bus_count(bus, BUS_WIKI, true));
	metric_set(&metrics->subscriptions_channel, bus_count(bus, BUS_CHANNEL, false));
	metric_set(&metrics->subscriptions_channel_pattern, bus_count(bus, BUS_CHANNEL, true));
}

static void publish_batch(struct worker *worker)
{
	size_t end =
	    worker->published + net_take(worker->net, worker->taken.count - worker->published);

	if (end > worker->published) {
		net_note_fan_out(worker->net);
	}
	for (size_t i = worker->published; i < end; i++) {
		struct delivery *delivery = delivery_create(worker->taken.items[i]);

		history_add(worker->history, worker->taken.items[i]);
		bus_publish(worker->bus, delivery);
		delivery_unref(delivery);
	}
	metric_add(&stats_of(worker)->metrics.changes_received, end - worker->published);
	note_history(worker);
	worker->published = end;
	if (worker->published == worker->taken.count) {
		worker->published = 0;
		worker->taken.count = 0;
	}
}

/* --- the end ------------------------------------------------------------ */

static void close_listeners(struct worker *worker)
{
	for (size_t i = 0; i < worker->listener_count; i++) {
		listener_close(worker->listeners[i]);
	}
	worker->listener_count = 0;
}

/* What came since, and is taken by nobody any more. */
static void drop_mail(struct worker *worker)
{
	struct change_list late = {0};
	struct mail mail = mailbox_take(&worker->mailbox, &late);

	while (mail.moved != NULL) {
		struct moved *moved = mail.moved;

		mail.moved = moved->next;
		drop_migrant(worker->front_ends[moved->front_end].type, &moved->migrant);
		free(moved);
	}
	drop_errands(mail.errands);
	for (size_t i = 0; i < late.count; i++) {
		change_unref(late.items[i]);
	}
	free(late.items);
	conf_destroy(mail.conf);
}

static void end_now(struct worker *worker)
{
	if (worker->is_ended) {
		return;
	}
	worker->is_ended = true;
	close_listeners(worker);
	net_end(worker->net, CLOSE_SHUTDOWN);
	mailbox_close(&worker->mailbox);
	drop_mail(worker);
	/* Not closed: another worker may be about to ring it. */
	uv_unref((uv_handle_t *)&worker->bell);
}

static void on_drained(void *owner)
{
	end_now(owner);
}

static void begin_draining(struct worker *worker)
{
	if (worker->is_draining) {
		return;
	}
	worker->is_draining = true;
	if (worker->conf->drain.window == 0 || worker->net->all == NULL) {
		end_now(worker);
		return;
	}
	worker->drain.on_drained = on_drained;
	worker->drain.owner = worker;
	drain_start(&worker->drain, worker->net, CLOSE_SHUTDOWN, worker->conf->drain.window);
}

void worker_end(struct worker *worker)
{
	mailbox_put_end(&worker->mailbox);
	(void)uv_async_send(&worker->bell);
}

/* --- the configuration --------------------------------------------------- */

static struct net_limits net_limits(const struct conf_slow_client *conf)
{
	return (struct net_limits){
	    .outbox_max = conf->outbox_max,
	    .outbox_soft = conf->outbox_soft,
	    .outbox_soft_s = conf->outbox_soft_time,
	    .write_timeout_s = conf->write_timeout,
	};
}

static uint64_t flush_delay_ns(const struct conf *conf)
{
	return (uint64_t)conf->root.flush_delay * 1000000;
}

/* The one before is still there while the front-ends change over. */
static void change_to(struct worker *worker, const struct conf *conf)
{
	const struct conf *before = worker->conf;

	worker->conf = conf;
	worker->net->limits = net_limits(&conf->slow_client);
	worker->net->queue.delay_ns = flush_delay_ns(conf);
	worker->net->queue.is_adaptive = conf->root.flush_adaptive;
	for (size_t i = 0; i < worker->front_end_count; i++) {
		struct worker_front_end *front_end = &worker->front_ends[i];

		front_end->env.conf = conf;
		if (front_end->state != NULL && front_end->type->on_conf != NULL) {
			front_end->type->on_conf(front_end->state);
		}
	}
	conf_destroy(before);
}

void worker_change(struct worker *worker, const struct conf *conf)
{
	mailbox_put_conf(&worker->mailbox, conf_share(conf));
	(void)uv_async_send(&worker->bell);
}

/* --- the turn ----------------------------------------------------------- */

static void on_bell(uv_async_t *bell)
{
	struct worker *worker = bell->data;
	bool is_catching_up = worker->taken.count > 0;
	struct mail mail = mailbox_take(&worker->mailbox, &worker->taken);

	if (mail.conf != NULL) {
		change_to(worker, mail.conf);
	}
	while (mail.moved != NULL) {
		struct moved *moved = mail.moved;

		mail.moved = moved->next;
		adopt(worker, moved);
	}
	while (mail.errands != NULL) {
		struct errand *errand = mail.errands;

		mail.errands = errand->next;
		take_errand(worker, errand);
	}
	if (mail.gave_room) {
		worker->options.on_room(worker->options.owner);
	}
	if (mail.is_ending) {
		worker->is_ending = true;
		close_listeners(worker);
	}
	publish_batch(worker);
	/* While it catches up it leaves new changes in the mailbox, and the end: it looks again. */
	if (worker->taken.count > 0 || is_catching_up) {
		(void)uv_async_send(bell);
	} else if (worker->is_ending) {
		begin_draining(worker); /* nothing is handed over once the end was asked for */
	}
}

static void run(void *worker_pointer)
{
	struct worker *worker = worker_pointer;

	(void)uv_run(&worker->loop, UV_RUN_DEFAULT);
	worker->options.on_ended(worker->options.owner);
}

/* --- life --------------------------------------------------------------- */

static void start_front_ends(struct worker *worker)
{
	const struct conf *conf = worker->conf;
	size_t count = 0;

	while (front_ends[count] != NULL) {
		count++;
	}
	worker->front_ends = mem_zeroed(count * sizeof(worker->front_ends[0]));
	worker->front_end_count = count;
	for (size_t i = 0; i < count; i++) {
		struct worker_front_end *front_end = &worker->front_ends[i];

		front_end->type = front_ends[i];
		front_end->index = i;
		front_end->worker = worker;
		front_end->env = (struct front_end_env){
		    .conf = conf,
		    .net = worker->net,
		    .bus = worker->bus,
		    .history = worker->history,
		    .metrics = &stats_of(worker)->metrics,
		    .status = worker->options.status,
		    .rates = worker->options.rates != NULL ? worker->options.rates[i] : NULL,
		    .session_addresses = worker->options.session_addresses,
		    .socketio_library = worker->options.socketio_library,
		    .worker = worker->options.index,
		    .workers = (unsigned)worker->options.status->worker_count,
		    .move = move_from_front_end,
		    .mover = front_end,
		    .send_errand = send_errand_from_front_end,
		    .state_of = state_of,
		};
		if (front_end->type->addresses(conf) != NULL) {
			front_end->state = front_end->type->start(&front_end->env);
		}
	}
}

static void speak_tls(const struct worker *worker, struct listener *listener,
                      const struct front_end *type)
{
	struct listener_tls tls = {
	    .holder = worker->options.tls,
	    .protocol = type->alpn,
	    .refusal = refusal,
	};

	listener_speak_tls(listener, &tls);
}

static bool open_listeners(struct worker *worker, struct error *error)
{
	const struct worker_options *options = &worker->options;

	worker->listeners = mem_zeroed((options->socket_count + 1) * sizeof(worker->listeners[0]));
	for (size_t i = 0; i < options->socket_count; i++) {
		size_t index = options->sockets[i].front_end;
		const struct front_end *type = front_ends[index];
		struct listener *listener =
		    listener_open(worker->net, options->sockets[i].descriptor, on_connection,
		                  &worker->front_ends[index], error);

		if (listener == NULL) {
			while (++i < options->socket_count) {
				(void)close(options->sockets[i].descriptor);
			}
			return false;
		}
		if (options->sockets[i].is_tls) {
			speak_tls(worker, listener, type);
		} else {
			listener_tell_refused(listener, refusal);
		}
		if (type->door != NULL) {
			listener_admit(listener, admission);
		}
		if (type->proxies != NULL) {
			listener_expect_proxies(listener, proxies);
		}
		if (type->is_exempt) {
			listener_exempt(listener);
		}
		if (options->sockets[i].is_shared) {
			listener_share(listener, is_ahead);
		}
		worker->listeners[worker->listener_count++] = listener;
	}
	return true;
}

static struct history *create_history(const struct worker_options *options)
{
	const struct conf_history *conf = &options->conf->history;

	return history_create(&(struct history_options){
	    .changes_max = conf->changes,
	    .bytes_max = conf->bytes,
	    .age_ms = (uint64_t)conf->age * 1000,
	    .started_ms = options->status->started_ms,
	});
}

struct worker *worker_create(const struct worker_options *options, struct error *error)
{
	struct worker *worker = mem_new(struct worker);
	struct net_options net_options;

	worker->options = *options;
	worker->conf = conf_share(options->conf);
	worker->log = (struct log_scope){.name = "worker", .id = options->index + 1};
	require(uv_loop_init(&worker->loop) == 0);
	require(uv_async_init(&worker->loop, &worker->bell, on_bell) == 0);
	worker->bell.data = worker;
	mailbox_init(&worker->mailbox);
	net_options = (struct net_options){
	    .loop = &worker->loop,
	    .metrics = &stats_of(worker)->metrics,
	    .addresses = options->addresses,
	    .client_log = options->client_log,
	    .worker = options->index,
	    .workers = (unsigned)options->status->worker_count,
	    .flush_delay_ns = flush_delay_ns(options->conf),
	    .flush_is_adaptive = options->conf->root.flush_adaptive,
	    .limits = net_limits(&options->conf->slow_client),
	};
	worker->net = net_create(&net_options);
	worker->bus = bus_create();
	worker->pulse.beat_ms = &stats_of(worker)->beat_ms;
	worker->pulse.lag = &stats_of(worker)->metrics.loop_lag;
	worker->pulse.on_beat = on_beat;
	worker->pulse.owner = worker;
	pulse_start(&worker->pulse, &worker->loop);
	worker->history = create_history(options);
	start_front_ends(worker);
	if (!open_listeners(worker, error)) {
		worker_destroy(worker);
		return NULL;
	}
	return worker;
}

bool worker_start(struct worker *worker, struct error *error)
{
	int status = uv_thread_create(&worker->thread, run, worker);

	if (status != 0) {
		error_set(error, "cannot start a thread: %s", uv_strerror(status));
		return false;
	}
	worker->is_started = true;
	return true;
}

void worker_join(struct worker *worker)
{
	if (worker->is_started) {
		(void)uv_thread_join(&worker->thread);
		worker->is_started = false;
	}
}

void worker_destroy(struct worker *worker)
{
	if (worker == NULL) {
		return;
	}
	require(!worker->is_started);
	end_now(worker);
	uv_close((uv_handle_t *)&worker->bell, NULL);
	pulse_stop(&worker->pulse);
	(void)uv_run(&worker->loop, UV_RUN_DEFAULT);
	for (size_t i = 0; i < worker->front_end_count; i++) {
		worker->front_ends[i].type->destroy(worker->front_ends[i].state);
	}
	history_destroy(worker->history);
	bus_destroy(worker->bus);
	net_destroy(worker->net);
	require(uv_loop_close(&worker->loop) == 0);
	mailbox_finish(&worker->mailbox);
	free(worker->taken.items);
	free(worker->listeners);
	free(worker->front_ends);
	conf_destroy(worker->conf);
	free(worker);
}
