/* SPDX-License-Identifier: Apache-2.0 */
/* server/base/deadlines: a timer wheel, against a clock that the test sets. */
#include "server/base/deadlines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "server/base/memory.h"

#define TURN_MS ((uint64_t)DEADLINE_TICK_MS * DEADLINE_SLOTS)

/* A deadline that writes down when it came due, and does what its test wants. */
struct probe {
	struct deadline deadline;
	struct wheel *wheel;
	unsigned calls;
	uint64_t called_ms;
	void (*act)(struct probe *probe);
	struct probe *other;
};

struct wheel {
	struct clock clock;
	struct deadlines deadlines;
	struct probe probes[200];
};

static void on_due(struct deadline *deadline)
{
	struct probe *probe = container_of(deadline, struct probe, deadline);

	assert_false(deadline_is_armed(deadline));
	probe->calls++;
	probe->called_ms = probe->wheel->clock.now_ms;
	if (probe->act != NULL) {
		probe->act(probe);
	}
}

static struct wheel *wheel_create(uint64_t now_ms)
{
	struct wheel *wheel = mem_new(struct wheel);

	wheel->clock.now_ms = now_ms;
	deadlines_init(&wheel->deadlines, &wheel->clock);
	for (size_t i = 0; i < sizeof(wheel->probes) / sizeof(wheel->probes[0]); i++) {
		wheel->probes[i].deadline.on_due = on_due;
		wheel->probes[i].wheel = wheel;
	}
	return wheel;
}

static void arm(struct probe *probe, uint64_t delay_ms)
{
	deadline_arm(&probe->wheel->deadlines, &probe->deadline, delay_ms);
}

static void advance_to(struct wheel *wheel, uint64_t now_ms)
{
	wheel->clock.now_ms = now_ms;
	deadlines_advance(&wheel->deadlines);
}

static int setup(void **state)
{
	*state = wheel_create(1000003);
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

/* deadlines.h: due within DEADLINE_TICK_MS after its time, never before; millisecond by
 * millisecond. */
static void test_deadlines_come_due_within_a_tick_after_their_time(void **state)
{
	struct wheel *wheel = *state;
	struct probe *probe = &wheel->probes[0];

	for (uint64_t delay_ms = 0; delay_ms < 3 * (uint64_t)DEADLINE_TICK_MS; delay_ms++) {
		uint64_t due_ms = wheel->clock.now_ms + delay_ms;

		probe->calls = 0;
		arm(probe, delay_ms);
		while (probe->calls == 0) {
			assert_true(wheel->clock.now_ms <= due_ms + DEADLINE_TICK_MS);
			advance_to(wheel, wheel->clock.now_ms + 1);
		}
		assert_true(probe->called_ms >= due_ms);
		assert_true(probe->called_ms <= due_ms + DEADLINE_TICK_MS);
		assert_int_equal(wheel->deadlines.armed, 0);
	}
}

/* deadlines.h: one disarmed does not come due; disarming it again is harmless. */
static void test_deadlines_do_not_come_due_once_disarmed(void **state)
{
	struct wheel *wheel = *state;
	struct probe *probe = &wheel->probes[0];

	deadline_disarm(&wheel->deadlines, &probe->deadline);
	arm(probe, 500);
	assert_true(deadline_is_armed(&probe->deadline));
	deadline_disarm(&wheel->deadlines, &probe->deadline);
	deadline_disarm(&wheel->deadlines, &probe->deadline);
	assert_false(deadline_is_armed(&probe->deadline));
	assert_int_equal(wheel->deadlines.armed, 0);
	advance_to(wheel, wheel->clock.now_ms + 2 * TURN_MS);
	assert_int_equal(probe->calls, 0);
}

/* deadlines.h: arming an armed one moves it, either way. */
static void test_deadlines_move_when_armed_again(void **state)
{
	struct wheel *wheel = *state;
	struct probe *probe = &wheel->probes[0];
	uint64_t start_ms = wheel->clock.now_ms;

	arm(probe, 1000);
	arm(probe, 5000);
	assert_int_equal(wheel->deadlines.armed, 1);
	advance_to(wheel, start_ms + 4999);
	assert_int_equal(probe->calls, 0);
	arm(probe, 100);
	advance_to(wheel, start_ms + 4999 + 100 + DEADLINE_TICK_MS);
	assert_int_equal(probe->calls, 1);
	advance_to(wheel, start_ms + 2 * TURN_MS);
	assert_int_equal(probe->calls, 1);
}

/* deadlines.h: one that is further away than a turn of the wheel is passed over until its time. */
static void test_deadlines_wait_for_longer_than_a_turn(void **state)
{
	struct wheel *wheel = *state;
	struct probe *probe = &wheel->probes[0];
	uint64_t due_ms = wheel->clock.now_ms + 3 * TURN_MS + 17;

	arm(probe, 3 * TURN_MS + 17);
	while (wheel->clock.now_ms + 100 < due_ms) {
		advance_to(wheel, wheel->clock.now_ms + 100);
		assert_int_equal(probe->calls, 0);
	}
	advance_to(wheel, due_ms + DEADLINE_TICK_MS);
	assert_int_equal(probe->calls, 1);
}

/* deadlines.h: after a halt of hours (a suspended machine) what was due is called once, the rest
 * waits. */
static void test_deadlines_survive_a_long_halt(void **state)
{
	struct wheel *wheel = *state;
	uint64_t hour_ms = UINT64_C(3600) * 1000;

	arm(&wheel->probes[0], 10);
	arm(&wheel->probes[1], TURN_MS - 1);
	arm(&wheel->probes[2], 5 * hour_ms - 1 - DEADLINE_TICK_MS);
	arm(&wheel->probes[3], 5 * hour_ms + 1);
	advance_to(wheel, wheel->clock.now_ms + 5 * hour_ms);
	assert_int_equal(wheel->probes[0].calls, 1);
	assert_int_equal(wheel->probes[1].calls, 1);
	assert_int_equal(wheel->probes[2].calls, 1);
	assert_int_equal(wheel->probes[3].calls, 0);
	advance_to(wheel, wheel->clock.now_ms + 1 + DEADLINE_TICK_MS);
	assert_int_equal(wheel->probes[3].calls, 1);
	assert_int_equal(wheel->deadlines.armed, 0);
}

static void arm_again(struct probe *probe)
{
	arm(probe, 0);
}

/* deadlines.h: on_due() may arm its own; with no delay it is the next tick's, not an endless loop.
 */
static void test_deadlines_can_be_armed_again_when_they_come_due(void **state)
{
	struct wheel *wheel = *state;
	struct probe *probe = &wheel->probes[0];

	probe->act = arm_again;
	arm(probe, 0);
	for (unsigned i = 1; i <= 2 * DEADLINE_SLOTS; i++) {
		advance_to(wheel, wheel->clock.now_ms + DEADLINE_TICK_MS);
		assert_int_equal(probe->calls, i);
	}
	/* A halt is one call too. */
	advance_to(wheel, wheel->clock.now_ms + 10 * TURN_MS);
	assert_int_equal(probe->calls, 2 * DEADLINE_SLOTS + 1);
}

static void disarm_other(struct probe *probe)
{
	deadline_disarm(&probe->wheel->deadlines, &probe->other->deadline);
}

static void move_other(struct probe *probe)
{
	arm(probe->other, 1000);
}

/* Arm probes 0 and 1 for the same time; whichever comes first does `act` to the other. */
static void arm_a_pair(struct wheel *wheel, void (*act)(struct probe *probe))
{
	for (size_t i = 0; i < 2; i++) {
		wheel->probes[i].act = act;
		wheel->probes[i].other = &wheel->probes[1 - i];
		arm(&wheel->probes[i], 50);
	}
}

/* deadlines.h: on_due() may disarm any, the next one of the same tick too. */
static void test_deadlines_can_be_disarmed_by_another_of_their_tick(void **state)
{
	struct wheel *wheel = *state;

	arm_a_pair(wheel, disarm_other);
	advance_to(wheel, wheel->clock.now_ms + 2 * TURN_MS);
	assert_int_equal(wheel->probes[0].calls + wheel->probes[1].calls, 1);
	assert_int_equal(wheel->deadlines.armed, 0);
}

/* deadlines.h: on_due() may move any, the next one of the same tick too. */
static void test_deadlines_can_be_moved_by_another_of_their_tick(void **state)
{
	struct wheel *wheel = *state;
	uint64_t start_ms = wheel->clock.now_ms;

	arm_a_pair(wheel, move_other);
	advance_to(wheel, start_ms + 50 + DEADLINE_TICK_MS);
	assert_int_equal(wheel->probes[0].calls + wheel->probes[1].calls, 1);
	wheel->probes[0].act = NULL;
	wheel->probes[1].act = NULL;
	advance_to(wheel, start_ms + 1050);
	assert_int_equal(wheel->probes[0].calls + wheel->probes[1].calls, 1);
	advance_to(wheel, wheel->clock.now_ms + 2 * (uint64_t)DEADLINE_TICK_MS);
	assert_int_equal(wheel->probes[0].calls, 1);
	assert_int_equal(wheel->probes[1].calls, 1);
}

/* A deadline as anyone would write it: a time, or none. */
struct naive {
	bool is_armed;
	uint64_t due_ms;
};

static void step_model(struct wheel *wheel, struct naive *model, size_t i)
{
	struct probe *probe = &wheel->probes[i];

	switch (rand() % 4) {
	case 0:
		deadline_disarm(&wheel->deadlines, &probe->deadline);
		model->is_armed = false;
		break;
	case 1:
	case 2: {
		uint64_t delay_ms = (uint64_t)rand() % (rand() % 3 == 0 ? 3 * TURN_MS : 2000);

		arm(probe, delay_ms);
		*model = (struct naive){.is_armed = true, .due_ms = wheel->clock.now_ms + delay_ms};
		break;
	}
	default:
		break;
	}
	assert_int_equal(deadline_is_armed(&probe->deadline), model->is_armed);
}

static void check_model(struct wheel *wheel, struct naive *model, size_t i)
{
	struct probe *probe = &wheel->probes[i];
	uint64_t now_ms = wheel->clock.now_ms;

	if (probe->calls > 0) {
		assert_int_equal(probe->calls, 1);
		assert_true(model->is_armed);
		assert_true(now_ms >= model->due_ms);
		model->is_armed = false;
		probe->calls = 0;
	}
	assert_false(model->is_armed && model->due_ms + DEADLINE_TICK_MS <= now_ms);
}

/* deadlines.h, all of it: random schedules and random steps, against one time for each deadline. */
static void test_deadlines_do_what_a_list_of_times_does(void **state)
{
	struct wheel *wheel = *state;
	struct naive models[200] = {0};
	unsigned seed = (unsigned)time(NULL);

	print_message("seed %u\n", seed);
	srand(seed);
	for (int round = 0; round < 5000; round++) {
		size_t armed = 0;
		uint64_t step_ms = (uint64_t)rand() % (rand() % 50 == 0 ? 2 * TURN_MS : 300);

		for (int i = 0; i < 10; i++) {
			size_t which = (size_t)rand() % 200;

			step_model(wheel, &models[which], which);
		}
		advance_to(wheel, wheel->clock.now_ms + step_ms);
		for (size_t i = 0; i < 200; i++) {
			check_model(wheel, &models[i], i);
			armed += models[i].is_armed;
		}
		assert_int_equal(wheel->deadlines.armed, armed);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_deadlines_come_due_within_a_tick_after_their_time),
	    TEST(test_deadlines_do_not_come_due_once_disarmed),
	    TEST(test_deadlines_move_when_armed_again),
	    TEST(test_deadlines_wait_for_longer_than_a_turn),
	    TEST(test_deadlines_survive_a_long_halt),
	    TEST(test_deadlines_can_be_armed_again_when_they_come_due),
	    TEST(test_deadlines_can_be_disarmed_by_another_of_their_tick),
	    TEST(test_deadlines_can_be_moved_by_another_of_their_tick),
	    TEST(test_deadlines_do_what_a_list_of_times_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
