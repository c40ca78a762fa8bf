/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "server/net/close_reason.h"

/*
 * What a worker counts: a member for each row of metrics.def, and its closed
 * connections by reason.
 *
 * Threads: one writer, the worker; any thread may read.  So counting is a plain
 * load and store, without a locked instruction.
 */
typedef _Atomic uint64_t metric;

struct metrics {
#define COUNTER(name, help) metric name;
#define GAUGE(name, help)   metric name;
#define MAXIMUM(name, help) metric name;
#include "server/metrics.def"
#undef COUNTER
#undef GAUGE
#undef MAXIMUM
	metric closed[CLOSE_REASONS];
};

/* Add to a counter or gauge of one's own. */
static inline void metric_add(metric *value, uint64_t amount)
{
	atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + amount,
	                      memory_order_relaxed);
}

/* Set a gauge of one's own. */
static inline void metric_set(metric *value, uint64_t amount)
{
	atomic_store_explicit(value, amount, memory_order_relaxed);
}

/* Raise a maximum of one's own to `amount`, where that is more. */
static inline void metric_raise(metric *value, uint64_t amount)
{
	if (atomic_load_explicit(value, memory_order_relaxed) < amount) {
		metric_set(value, amount);
	}
}

/* Take from a gauge of one's own. */
static inline void metric_subtract(metric *value, uint64_t amount)
{
	metric_add(value, (uint64_t)0 - amount);
}

/* Read, from any thread. */
static inline uint64_t metric_read(const metric *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

/* Add the present values of `from` to those of `total`, the caller's own, or raise its maxima. */
void metrics_sum(struct metrics *total, const struct metrics *from);

/* Call `visit` with each row of metrics.def and its value. */
void metrics_each(const struct metrics *metrics,
                  void (*visit)(void *context, const char *name, const char *help, uint64_t value),
                  void *context);

#endif
