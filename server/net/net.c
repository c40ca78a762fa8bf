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
	net->limits = options->limits;
	net->next_id = options->worker + 1;
	net->id_step = options->workers;
	clock_update(&net->clock);
	deadlines_init(&net->deadlines, &net->clock);
	require(uv_prepare_init(net->loop, &net->prepare) == 0);
	require(uv_check_init(net->loop, &net->check) == 0);
	require(uv_timer_init(net->loop, &net->tick) == 0);
	require(uv_idle_init(net->loop, &net->idle) == 0);
	net->prepare.data = net;
	net->check.data = net;
	net->tick.data = net;
	require(uv_prepare_start(&net->prepare, on_prepare) == 0);
	require(uv_check_start(&net->check, on_check) == 0);
	require(uv_timer_start(&net->tick, on_tick, DEADLINE_TICK_MS, DEADLINE_TICK_MS) == 0);
	return net;
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
	while ((connection = net->dirty) != NULL) {
		DL_DELETE2(net->dirty, connection, prev_dirty, next_dirty);
		connection->is_dirty = false;
		connection_flush(connection);
	}
}

/* What would go on with its input once more waits until the others had their turn. */
static void put_off(struct net *net)
{
	net->pending = net->later;
	net->later = NULL;
	if (net->pending != NULL) {
		require(uv_idle_start(&net->idle, on_idle) == 0);
	} else {
		(void)uv_idle_stop(&net->idle);
	}
}

/* Input taken up again writes replies, and a flush lets input go on. */
void net_turn(struct net *net)
{
	net->turn++;
	while (net->pending != NULL || net->dirty != NULL) {
		work_off_marks(net);
	}
	put_off(net);
	if (net->is_ending && net->all == NULL && !uv_is_closing((uv_handle_t *)&net->tick)) {
		uv_close((uv_handle_t *)&net->prepare, NULL);
		uv_close((uv_handle_t *)&net->check, NULL);
		uv_close((uv_handle_t *)&net->tick, NULL);
		uv_close((uv_handle_t *)&net->idle, NULL);
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
	outbox_pool_finish(&net->pool);
	free(net);
}
