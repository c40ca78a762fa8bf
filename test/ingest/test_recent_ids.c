/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/recent_ids: the ids of the last events. */
#include "ingest/recent_ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static bool add(struct recent_ids *ids, int number)
{
	char id[64];

	(void)snprintf(id, sizeof(id), "3f8c3b6e-0000-4000-8000-%012d", number);
	return recent_ids_add(ids, (struct text){id, strlen(id)});
}

/* recent_ids.h: the last RECENT_IDS_MAX are known, the one before them is not. */
static void test_oldest_id_makes_room(void **state)
{
	struct recent_ids *ids = recent_ids_create();

	(void)state;
	for (int i = 0; i < RECENT_IDS_MAX; i++) {
		assert_true(add(ids, i));
	}
	assert_false(add(ids, 0));
	assert_false(add(ids, RECENT_IDS_MAX - 1));
	assert_true(add(ids, RECENT_IDS_MAX)); /* in the place of 0 */
	assert_false(add(ids, 1));
	assert_true(add(ids, 0)); /* in the place of 1 */
	assert_true(add(ids, 1));
	recent_ids_destroy(ids);
}

/* The ring goes round many times, and no id is left in the table. */
static void test_ring_goes_round(void **state)
{
	struct recent_ids *ids = recent_ids_create();

	(void)state;
	for (int i = 0; i < 10 * RECENT_IDS_MAX + 7; i++) {
		assert_true(add(ids, i));
		assert_false(add(ids, i));
	}
	for (int i = 9 * RECENT_IDS_MAX + 7; i < 10 * RECENT_IDS_MAX + 7; i++) {
		assert_false(add(ids, i));
	}
	recent_ids_destroy(ids);
}

/* recent_ids.h: what is no id, or too long, is never taken for a repeat. */
static void test_id_that_is_not_remembered_is_always_new(void **state)
{
	struct recent_ids *ids = recent_ids_create();
	char id[RECENT_ID_BYTES_MAX + 1];

	(void)state;
	memset(id, 'i', sizeof(id));
	for (int i = 0; i < 2; i++) {
		assert_true(recent_ids_add(ids, (struct text){NULL, 0}));
		assert_true(recent_ids_add(ids, (struct text){id, sizeof(id)}));
	}
	assert_true(recent_ids_add(ids, (struct text){id, sizeof(id) - 1}));
	assert_false(recent_ids_add(ids, (struct text){id, sizeof(id) - 1}));
	assert_true(recent_ids_add(ids, (struct text){id, sizeof(id) - 2}));
	recent_ids_destroy(ids);
	recent_ids_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_oldest_id_makes_room),
	    cmocka_unit_test(test_ring_goes_round),
	    cmocka_unit_test(test_id_that_is_not_remembered_is_always_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
