/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_PROTOCOLS_SOCKETIO_WORLD_H
#define TEST_PROTOCOLS_SOCKETIO_WORLD_H

#include <uv.h>

#include "protocols/front_end.h"
#include "protocols/socketio/socketio_session.h"
#include "server/base/memory.h"
#include "test/server/feed/records.h"

#define WORLD_STARTED_MS  UINT64_C(0x123456789ab)
#define WORLD_CHANGES_MAX 20

/*
 * What a worker gives its front-ends, with a clock that the test moves: worker 1 of
 * 3, a real bus, a real network without connections.
 */
struct world {
	uv_loop_t loop;
	struct metrics metrics;
	struct conf conf;
	struct net *net;
	struct bus *bus;
	struct history *history;
	struct status status;
	uint64_t last_id; /* of the changes published */
	struct front_end_env env;
};

static inline struct text text_of(const char *string)
{
	return (struct text){.bytes = string, .length = strlen(string)};
}

/* The time-outs are the defaults of conf/options.def. */
static inline void world_init(struct world *world)
{
	static const char *transports[] = {"websocket", "htmlfile", "xhr-polling", "jsonp-polling"};

	*world = (struct world){
	    .conf.socketio = {.heartbeat_interval = 25,
	                      .heartbeat_timeout = 60,
	                      .close_timeout = 60,
	                      .transports = {.items = transports, .count = 4},
	                      .max_subscriptions = 10,
	                      .max_replay = 100,
	                      .max_sessions = 30},
	};
	assert_int_equal(uv_loop_init(&world->loop), 0);
	world->net = net_create(&(struct net_options){
	    .loop = &world->loop,
	    .metrics = &world->metrics,
	    .limits = {.outbox_max = 1000000, .outbox_soft = 1000000, .outbox_soft_s = 60},
	    .workers = 1,
	});
	world->bus = bus_create();
	world->history = history_create(&(struct history_options){.changes_max = WORLD_CHANGES_MAX,
	                                                          .bytes_max = 1000000,
	                                                          .age_ms = 1000000,
	                                                          .started_ms = WORLD_STARTED_MS});
	world->status.started_ms = WORLD_STARTED_MS;
	world->env = (struct front_end_env){
	    .conf = &world->conf,
	    .net = world->net,
	    .bus = world->bus,
	    .history = world->history,
	    .status = &world->status,
	    .metrics = &world->metrics,
	    .worker = 1,
	    .workers = 3,
	};
}

static inline void world_finish(struct world *world)
{
	history_destroy(world->history);
	bus_destroy(world->bus); /* asserts that every session has left it */
	net_end(world->net, CLOSE_SHUTDOWN);
	assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
	net_destroy(world->net);
	assert_int_equal(uv_loop_close(&world->loop), 0);
}

/* Let the time pass, tick by tick. */
static inline void world_pass(struct world *world, uint64_t milliseconds)
{
	struct net *net = world->net;
	uint64_t end_ms = net->clock.now_ms + milliseconds;

	while (net->clock.now_ms < end_ms) {
		uint64_t rest_ms = end_ms - net->clock.now_ms;

		net->clock.now_ms += rest_ms < DEADLINE_TICK_MS ? rest_ms : DEADLINE_TICK_MS;
		deadlines_advance(&net->deadlines);
	}
}

/* Past a time-out of so many seconds, by two ticks. */
static inline void world_pass_timeout(struct world *world, unsigned seconds)
{
	world_pass(world, (uint64_t)seconds * 1000 + 2 * (uint64_t)DEADLINE_TICK_MS);
}

/* As a worker does: remembered, then published.  Each arrives a second after the last. */
static inline void world_publish_parts(struct world *world, const struct change_parts *parts)
{
	struct change *change = change_create(parts);
	struct delivery *delivery = delivery_create(change);

	change->id = ++world->last_id;
	change->arrived_ms = WORLD_STARTED_MS + world->last_id * 1000;
	history_add(world->history, change);
	bus_publish(world->bus, delivery);
	delivery_unref(delivery);
}

static inline void world_publish(struct world *world, const char *wiki, const char *json)
{
	world_publish_parts(world, &(struct change_parts){
				       .wiki = text_of(wiki),
				       .channel = TEXT("#channel"),
				       .json = text_of(json),
				   });
}

static inline void assert_text_is(struct text met, const char *wanted)
{
	const char *bytes = met.bytes != NULL ? met.bytes : "";

	if (met.length != strlen(wanted) || memcmp(bytes, wanted, met.length) != 0) {
		fail_msg("met \"%.*s\", wanted \"%s\"", (int)met.length, bytes, wanted);
	}
}

#endif
