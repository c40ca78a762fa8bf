/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/net.h"

#include <stdlib.h>
#include <utlist.h>

#include "server/base/memory.h"
#include "server/net/connection.h"
#include "server/net/connection_turn.h"

static void on_tick(uv_timer_t *tick)
{
	struct net *net = tick->data;

	deadlines_advance(&net->deadlines);
}

static void on_check(uv_check_t *check)
{
	struct net *net = check->data;

	clock_update(&net->clock);
}

/* Being active is all it has to do: with it the loop does not wait. */
static void on_idle(uv_idle_t *idle)
{
	(void)idle;
}

/* on_prepare() does what is to be done. */
static void on_gate(uv_timer_t *gate)
{
	(void)gate;
}

static void on_prepare(uv_prepare_t *prepare)
{
	net_turn(prepare->data);
}

struct net *net_create(const struct net_options *options)
{
	struct net *net = mem_new(struct net);

	net->loop = options->loop;
	net->metrics = options->metrics;
	net->addresses = options->addresses;
	net->client_log = options->client_log;
	net->limits = options->limits;
	net->next_id = options->worker + 1;
	net->id_step = options->workers;
	net->queue.delay_ns = options->flush_delay_ns;
	net->queue.is_adaptive = options->flush_is_adaptive;
	clock_update(&net->clock);
	deadlines_init(&net->deadlines, &net->clock);
	require(uv_prepare_init(net->loop, &net->prepare) == 0);
	require(uv_check_init(net->loop, &net->check) == 0);
	require(uv_timer_init(net->loop, &net->tick) == 0);
	require(uv_idle_init(net->loop, &net->idle) == 0);
	require(uv_timer_init(net->loop, &net->gate) == 0);
	net->prepare.data = net;
	net->check.data = net;
	net->tick.data = net;
	require(uv_prepare_start(&net->prepare, on_prepare) == 0);
	require(uv_check_start(&net->check, on_check) == 0);
	require(uv_timer_start(&net->tick, on_tick, DEADLINE_TICK_MS, DEADLINE_TICK_MS) == 0);
	return net;
}

void net_call_next_turn(struct net *net, struct net_task *task)
{
	require(task->on_turn != NULL);
	if (task->turn == 0) {
		task->turn = net->turn + 1;
		DL_APPEND(net->tasks, task);
	}
}

void net_forget(struct net *net, struct net_task *task)
{
	if (task->turn != 0) {
		task->turn = 0;
		DL_DELETE(net->tasks, task);
	}
}

/* Those that wait again do so for another turn. */
static void call_tasks(struct net *net)
{
	struct net_task *task;

	while ((task = net->tasks) != NULL && task->turn <= net->turn) {
		net_forget(net, task);
		task->on_turn(task);
	}
}

static void work_off_marks(struct net *net)
{
	struct connection *connection;

	while ((connection = net->pending) != NULL) {
		DL_DELETE2(net->pending, connection, prev_pending, next_pending);
		if (connection_had_its_turn(connection)) {
			DL_APPEND2(net->later, connection, prev_pending, next_pending);
		} else {
			connection->is_pending = false;
			connection_turn(connection);
		}
	}
}

/* Only who waits needs to know what time it is. */
static uint64_t queue_now(const struct net *net)
{
	return net->queue.delay_ns > 0 ? uv_hrtime() : 0;
}

/* Replies go out in the turn; of those who only follow so many, so that input is not starved. */
static void flush_some(struct net *net, size_t *flushes)
{
	struct connection *connection;

	while ((connection = flush_queue_next_urgent(&net->queue)) != NULL) {
		connection_flush(connection);
	}
	while (*flushes < NET_FLUSHES &&
	       (connection = flush_queue_next(&net->queue, queue_now(net))) != NULL) {
		connection_flush(connection);
		(*flushes)++;
	}
}

void net_note_fan_out(struct net *net)
{
	if (net->fan_out_ns == 0) {
		net->fan_out_ns = uv_hrtime();
	}
}

static void end_fan_out(struct net *net)
{
	if (net->fan_out_ns != 0) {
		histogram_add(&net->metrics->fan_out, &histogram_durations,
		              (uv_hrtime() - net->fan_out_ns) / 1000);
		net->fan_out_ns = 0;
	}
}

/*
 * What would go on with its input once more waits until the others had their turn, and so
 * do those who are written to in the next.
 */
static void put_off(struct net *net)
{
	uint64_t wait_ms = flush_queue_wait_ms(&net->queue, queue_now(net));

	net->pending = net->later;
	net->later = NULL;
	if (net->pending != NULL || net->tasks != NULL || wait_ms == 0) {
		require(uv_idle_start(&net->idle, on_idle) == 0);
	} else {
		(void)uv_idle_stop(&net->idle);
		slices_clear(&net->slices);
	}
	if (wait_ms > 0) {
		end_fan_out(net); /* what still waits does so for flush_delay */
	}
	if (wait_ms > 0 && wait_ms < UINT64_MAX) {
		require(uv_timer_start(&net->gate, on_gate, wait_ms, 0) == 0);
	}
}

size_t net_take(struct net *net, size_t wanted)
{
	struct flush_queue *queue = &net->queue;
	size_t left;

	if (net->batch_round != queue->rounds || flush_queue_has_written(queue)) {
		net->batch_round = queue->rounds;
		net->batch = 0;
	}
	left = NET_BATCH - net->batch;
	wanted = wanted < left ? wanted : left;
	net->batch += wanted;
	if (net->batch == NET_BATCH) {
		flush_queue_open(queue);
	}
	return wanted;
}

/* Input taken up again writes replies, and a flush lets input go on. */
void net_turn(struct net *net)
{
	size_t flushes = 0;

	net->turn++;
	call_tasks(net);
	do {
		work_off_marks(net);
		flush_some(net, &flushes);
	} while (net->pending != NULL || net->queue.urgent != NULL);
	put_off(net);
	if (net->is_ending && net->all == NULL && !uv_is_closing((uv_handle_t *)&net->tick)) {
		uv_close((uv_handle_t *)&net->prepare, NULL);
		uv_close((uv_handle_t *)&net->check, NULL);
		uv_close((uv_handle_t *)&net->tick, NULL);
		uv_close((uv_handle_t *)&net->idle, NULL);
		uv_close((uv_handle_t *)&net->gate, NULL);
	}
}

void net_end(struct net *net, enum close_reason reason)
{
	struct connection *connection;

	net->is_ending = true;
	net->is_draining = true;
	(void)refusals_drop(net);
	DL_FOREACH (net->all, connection) {
		connection_close(connection, reason);
	}
}

void net_destroy(struct net *net)
{
	if (net == NULL) {
		return;
	}
	require(net->all == NULL);
	clients_finish(&net->clients);
	slices_finish(&net->slices);
	outbox_pool_finish(&net->pool);
	buffer_finish(&net->plain);
	buffer_finish(&net->joined);
	free(net);
}
