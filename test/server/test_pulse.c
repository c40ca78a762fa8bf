/* SPDX-License-Identifier: Apache-2.0 */
/* server/pulse: a loop's sign of life. */
#include "server/pulse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	uv_loop_t loop;
	struct pulse pulse;
	metric beat_ms;
	struct histogram lag;
	unsigned beats;
};

static void on_beat(void *owner)
{
	struct world *world = owner;

	world->beats++;
}

static void setup(struct world *world)
{
	*world = (struct world){0};
	assert_int_equal(uv_loop_init(&world->loop), 0);
	world->pulse.beat_ms = &world->beat_ms;
	world->pulse.lag = &world->lag;
	world->pulse.on_beat = on_beat;
	world->pulse.owner = world;
	pulse_start(&world->pulse, &world->loop);
}

static void teardown(struct world *world)
{
	pulse_stop(&world->pulse);
	(void)uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
}

static uint64_t lags(const struct world *world, size_t from)
{
	uint64_t count = 0;

	for (size_t i = from; i <= HISTOGRAM_BOUNDS; i++) {
		count += metric_read(&world->lag.buckets[i]);
	}
	return count;
}

/* pulse.h: a loop that was busy beats late, and how late is measured. */
static void test_pulse_measures_how_late_the_loop_is(void **state)
{
	struct world world;
	uint64_t before;

	(void)state;
	setup(&world);
	before = metric_read(&world.beat_ms);
	assert_true(before > 0);
	(void)usleep((PULSE_MS + 60) * 1000);      /* a callback that takes long, as it were */
	uv_ref((uv_handle_t *)&world.pulse.timer); /* else the loop has nothing to turn for */
	(void)uv_run(&world.loop, UV_RUN_NOWAIT);
	assert_int_equal(world.beats, 1);
	assert_true(metric_read(&world.beat_ms) >= before + PULSE_MS + 60);
	assert_int_equal(lags(&world, 0), 1);
	assert_true(histogram_durations.bounds[8] == 50000);
	assert_int_equal(lags(&world, 9), 1); /* above 50 ms */
	assert_true(metric_read(&world.lag.sum) >= 55000);
	teardown(&world);
}

/* pulse.h: it does not keep its loop alive. */
static void test_pulse_does_not_keep_its_loop_alive(void **state)
{
	struct world world;

	(void)state;
	setup(&world);
	assert_int_equal(uv_run(&world.loop, UV_RUN_DEFAULT), 0);
	assert_int_equal(world.beats, 0);
	teardown(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pulse_measures_how_late_the_loop_is),
	    cmocka_unit_test(test_pulse_does_not_keep_its_loop_alive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
