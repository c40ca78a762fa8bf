/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_METRIC_H
#define SERVER_METRIC_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * A figure with one writer, which any thread may read.  So counting is a plain load and
 * store, without a locked instruction.
 */
typedef _Atomic uint64_t metric;

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

#endif
