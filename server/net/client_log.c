/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/client_log.h"

#include <stdio.h>

#include "server/base/log.h"
#include "server/net/net.h"

#define NS_PER_MS 1000000
#define NS_PER_S  1000000000

static const struct log_scope log_scope = {.name = "log"};

static const struct {
	const char *name;
	const char *field;
} events[CLIENT_EVENTS] = {
    [CLIENT_CONNECTED] = {"connected", "rcstreamd.suppressed.connected"},
    [CLIENT_REGISTERED] = {"registered", "rcstreamd.suppressed.registered"},
    [CLIENT_SUBSCRIBED] = {"subscribed", "rcstreamd.suppressed.subscribed"},
    [CLIENT_DISCONNECTED] = {"disconnected", "rcstreamd.suppressed.disconnected"},
};

const char *client_log_event_name(enum client_event event)
{
	return events[event].name;
}

void client_log_set_rate(struct client_log *log, unsigned rate)
{
	atomic_store_explicit(&log->interval_ns, rate > 0 ? NS_PER_S / rate : 0,
	                      memory_order_relaxed);
}

/*
 * A bucket that runs empty at the rate, kept as the time when it will be (the generic cell rate
 * algorithm, ITU-T I.371): one number that all workers can share without a lock.
 */
static bool take(struct client_log *log, uint64_t interval_ns, uint64_t now_ns)
{
	const uint64_t burst_ns = (uint64_t)CLIENT_LOG_BURST_S * NS_PER_S;
	uint64_t due_ns = atomic_load_explicit(&log->due_ns, memory_order_relaxed);
	uint64_t next_ns;

	do {
		next_ns = (due_ns > now_ns ? due_ns : now_ns) + interval_ns;
		if (next_ns - now_ns > burst_ns) {
			return false;
		}
	} while (!atomic_compare_exchange_weak_explicit(
	    &log->due_ns, &due_ns, next_ns, memory_order_relaxed, memory_order_relaxed));
	return true;
}

bool client_log_wants(const struct net *net, enum client_event event)
{
	struct client_log *log = net->client_log;
	uint64_t interval_ns;

	if (log_is_on(LOG_LEVEL_DEBUG)) {
		return true;
	}
	if (log == NULL || !log_is_on(LOG_LEVEL_INFO)) {
		return false;
	}
	interval_ns = atomic_load_explicit(&log->interval_ns, memory_order_relaxed);
	if (interval_ns == 0) {
		return false;
	}
	if (take(log, interval_ns, net->clock.now_ms * NS_PER_MS) && log_has_room()) {
		return true;
	}
	(void)atomic_fetch_add_explicit(&log->suppressed[event], 1, memory_order_relaxed);
	return false;
}

void client_log_tell(struct client_log *log)
{
	struct log_field fields[CLIENT_EVENTS + 1] = {{0}};
	struct log_scope scope = log_scope;
	char text[CLIENT_EVENTS * 64];
	size_t length = 0;
	uint64_t all = 0;

	for (size_t i = 0; i < CLIENT_EVENTS; i++) {
		uint64_t count =
		    atomic_exchange_explicit(&log->suppressed[i], 0, memory_order_relaxed);

		all += count;
		fields[i] = (struct log_field){.name = events[i].field, .number = count};
		length +=
		    (size_t)snprintf(text + length, sizeof(text) - length, "%s%llu %s",
		                     i > 0 ? ", " : "", (unsigned long long)count, events[i].name);
	}
	scope.fields = fields;
	if (all > 0) {
		log_info(&scope, "log.suppressed", "%llu lines about clients were not written: %s",
		         (unsigned long long)all, text);
	}
}
