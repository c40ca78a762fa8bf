/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/flush_queue.h"

#include <utlist.h>

#include "server/base/memory.h"
#include "server/net/connection.h"

#define NS_PER_MS UINT64_C(1000000)

/* --- lists -------------------------------------------------------------- */

/* All that waits becomes due by joining two lists, without a look at their members. */
static bool is_waiting(const struct flush_queue *queue, const struct connection *connection)
{
	return connection->queued == FLUSH_CHANGES && connection->gathering == queue->gathering;
}

/* One that was due has gone, whether of this round or the next: a round may end a little early. */
static void count_off(struct flush_queue *queue)
{
	queue->due_count--;
	if (queue->round_left > 0 && --queue->round_left == 0) {
		queue->rounds++;
	}
}

void flush_queue_remove(struct flush_queue *queue, struct connection *connection)
{
	if (is_waiting(queue, connection)) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): who waits is in the list */
		DL_DELETE2(queue->waiting, connection, prev_queued, next_queued);
		queue->waiting_count--;
	} else if (connection->queued == FLUSH_CHANGES) {
		DL_DELETE2(queue->due, connection, prev_queued, next_queued);
		count_off(queue);
	} else if (connection->queued == FLUSH_URGENT) {
		DL_DELETE2(queue->urgent, connection, prev_queued, next_queued);
	}
	connection->queued = FLUSH_NOWHERE;
}

void flush_queue_add(struct flush_queue *queue, struct connection *connection)
{
	if (connection->queued != FLUSH_URGENT) {
		flush_queue_remove(queue, connection);
		connection->queued = FLUSH_URGENT;
		DL_APPEND2(queue->urgent, connection, prev_queued, next_queued);
	}
}

void flush_queue_add_change(struct flush_queue *queue, struct connection *connection)
{
	if (connection->queued != FLUSH_NOWHERE) {
		return;
	}
	connection->queued = FLUSH_CHANGES;
	connection->gathering = queue->gathering;
	DL_APPEND2(queue->waiting, connection, prev_queued, next_queued);
	queue->waiting_count++;
}

struct connection *flush_queue_next_urgent(struct flush_queue *queue)
{
	struct connection *connection = queue->urgent;

	if (connection != NULL) {
		flush_queue_remove(queue, connection);
	}
	return connection;
}

/* --- rounds ------------------------------------------------------------- */

static bool is_open(const struct flush_queue *queue, uint64_t now_ns)
{
	return queue->delay_ns == 0 || (!queue->is_timed && now_ns >= queue->open_ns);
}

/* All that waits is due now; with a delay that is a round, which shuts the gate. */
static void let_through(struct flush_queue *queue, uint64_t now_ns)
{
	DL_CONCAT2(queue->due, queue->waiting, prev_queued, next_queued);
	queue->due_count += queue->waiting_count;
	queue->waiting = NULL;
	queue->waiting_count = 0;
	queue->gathering++;
	if (queue->delay_ns > 0) {
		queue->is_timed = true;
		queue->began_ns = now_ns;
	}
}

static void end_round(struct flush_queue *queue, uint64_t now_ns)
{
	uint64_t rest_ns = (now_ns - queue->began_ns) * FLUSH_QUEUE_REST;

	queue->is_timed = false;
	queue->open_ns = queue->began_ns + queue->delay_ns;
	if (queue->is_adaptive && now_ns + rest_ns < queue->open_ns) {
		queue->open_ns = now_ns + rest_ns;
	}
}

/* What the next writes look at is fetched while the kernel has this one. */
static void fetch_ahead(const struct connection *next)
{
	if (next != NULL) {
		mem_fetch(next->outbox.first);
		if (next->next_queued != NULL) {
			mem_fetch(&next->next_queued->state);
			mem_fetch(&next->next_queued->progress_ms);
		}
	}
}

struct connection *flush_queue_next(struct flush_queue *queue, uint64_t now_ns)
{
	struct connection *connection;

	if (queue->due == NULL && queue->is_timed) {
		end_round(queue, now_ns);
	}
	if (queue->waiting != NULL && is_open(queue, now_ns)) {
		let_through(queue, now_ns);
	}
	connection = queue->due;
	if (connection == NULL) {
		return NULL;
	}
	if (queue->round_left == 0) {
		queue->round_left = queue->due_count;
	}
	flush_queue_remove(queue, connection);
	fetch_ahead(queue->due);
	return connection;
}

uint64_t flush_queue_wait_ms(const struct flush_queue *queue, uint64_t now_ns)
{
	if (queue->urgent != NULL || queue->due != NULL) {
		return 0;
	}
	if (queue->waiting == NULL) {
		return UINT64_MAX;
	}
	if (queue->is_timed || is_open(queue, now_ns)) {
		return 0;
	}
	return (queue->open_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
}

bool flush_queue_has_written(const struct flush_queue *queue)
{
	return queue->due == NULL && queue->waiting == NULL;
}

void flush_queue_open(struct flush_queue *queue)
{
	queue->open_ns = 0;
}
