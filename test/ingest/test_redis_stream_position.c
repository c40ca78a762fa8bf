/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis_stream_position.h"

#include "test/ingest/rig.h"

/* A stream of Redis 7 with the ids first to last, of `added` entries ever. */
static struct redis_stream_info make_info(uint64_t first, uint64_t last, uint64_t added)
{
	return (struct redis_stream_info){
	    .exists = true,
	    .has_first = first <= last,
	    .has_added = true,
	    .first = {first, 0},
	    .last = {last, 0},
	    .length = first <= last ? last - first + 1 : 0,
	    .added = added,
	};
}

/* The same of Redis 6, which does not count. */
static struct redis_stream_info without_count(struct redis_stream_info info)
{
	info.has_added = false;
	info.added = 0;
	return info;
}

static struct redis_stream_position at(uint64_t ms, uint64_t entries)
{
	return (struct redis_stream_position){
	    .is_known = true, .has_entries = true, .id = {ms, 0}, .entries = entries};
}

static void assert_gap(struct redis_stream_gap gap, bool is_gap, bool is_counted, uint64_t lost)
{
	assert_int_equal(gap.is_gap, is_gap);
	if (is_gap) {
		assert_int_equal(gap.is_counted, is_counted);
		assert_int_equal(gap.lost, lost);
	}
}

/* "$" is the last id that was generated, although its entry may be gone. */
static void test_position_begins_at_the_end(void **state)
{
	struct redis_stream_info info = make_info(5, 9, 9);
	struct redis_stream_info empty = make_info(10, 9, 9);
	struct redis_stream_info none = {0};
	struct redis_stream_position position;

	(void)state;
	redis_stream_position_begin(&position, NULL, &info);
	assert_true(position.is_known && position.id.ms == 9);
	assert_true(position.has_entries && position.entries == 9);
	redis_stream_position_begin(&position, NULL, &empty);
	assert_true(position.id.ms == 9 && position.entries == 9);
	redis_stream_position_begin(&position, NULL, &none);
	assert_true(position.is_known && position.id.ms == 0);
	assert_true(position.has_entries && position.entries == 0);
}

/* Before all entries the number of those removed is known, among them it is not. */
static void test_position_begins_at_an_id(void **state)
{
	struct redis_stream_info info = make_info(5, 9, 9);
	struct redis_stream_id ids[] = {{0, 0}, {5, 0}, {9, 0}, {12, 0}};
	struct redis_stream_position position;

	(void)state;
	redis_stream_position_begin(&position, &ids[0], &info);
	assert_true(position.id.ms == 0 && position.has_entries && position.entries == 4);
	redis_stream_position_begin(&position, &ids[1], &info);
	assert_true(position.id.ms == 5 && !position.has_entries);
	redis_stream_position_begin(&position, &ids[2], &info);
	assert_true(position.id.ms == 9 && position.entries == 9);
	redis_stream_position_begin(&position, &ids[3], &info);
	assert_true(position.id.ms == 12 && position.entries == 9);
}

/* Nothing is lost while our entry, or one before it, is there, or it is the last there was. */
static void test_position_resumes_without_a_gap(void **state)
{
	static const struct {
		uint64_t ours, first, last, added;
	} cases[] = {{5, 1, 9, 9}, {5, 5, 9, 9}, {9, 5, 9, 9}, {9, 10, 9, 9}, {9, 10, 12, 12}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct redis_stream_info info =
		    make_info(cases[i].first, cases[i].last, cases[i].added);
		struct redis_stream_position position = at(cases[i].ours, cases[i].ours);

		assert_gap(redis_stream_position_resume(&position, &info), false, false, 0);
		assert_true(position.id.ms == cases[i].ours);
		assert_true(position.entries == cases[i].ours);
	}
}

/* Redis 7 tells how many were trimmed, also of a stream that is empty by now. */
static void test_position_counts_what_was_trimmed(void **state)
{
	struct redis_stream_info info = make_info(8, 9, 9);
	struct redis_stream_info empty = make_info(10, 9, 9);
	struct redis_stream_position position = at(5, 5);

	(void)state;
	assert_gap(redis_stream_position_resume(&position, &info), true, true, 2);
	assert_gap(redis_stream_position_resume(&position, &info), false, false, 0);
	position = at(5, 5);
	assert_gap(redis_stream_position_resume(&position, &empty), true, true, 4);
	assert_gap(redis_stream_position_resume(&position, &empty), false, false, 0);
}

/* Without a count a gap is assumed where there can be one, and nowhere else. */
static void test_position_assumes_a_gap_without_a_count(void **state)
{
	struct redis_stream_info uncounted = without_count(make_info(6, 9, 9));
	struct redis_stream_info reaching = without_count(make_info(5, 9, 9));
	struct redis_stream_info counted = make_info(6, 9, 9);
	struct redis_stream_position position = at(5, 5);

	(void)state;
	assert_gap(redis_stream_position_resume(&position, &uncounted), true, false, 0);
	position = at(5, 5);
	assert_gap(redis_stream_position_resume(&position, &reaching), false, false, 0);
	position = at(5, 0);
	position.has_entries = false;
	assert_gap(redis_stream_position_resume(&position, &counted), true, false, 0);
	assert_true(position.has_entries && position.entries == 5);
}

/* A Redis that forgot the stream has nothing of it to lose; the next is counted from 0. */
static void test_position_outlives_the_stream(void **state)
{
	struct redis_stream_info none = {0};
	struct redis_stream_info anew = make_info(100, 102, 3);
	struct redis_stream_position position = at(50, 5);

	(void)state;
	assert_gap(redis_stream_position_resume(&position, &none), false, false, 0);
	assert_true(position.id.ms == 50 && position.entries == 0);
	assert_gap(redis_stream_position_resume(&position, &anew), false, false, 0);
	for (uint64_t ms = 100; ms <= 102; ms++) {
		assert_true(
		    redis_stream_position_advance(&position, (struct redis_stream_id){ms, 0}));
	}
	assert_true(position.entries == 3);
}

/* Ids only grow: what is not behind ours was read already, or is nonsense. */
static void test_position_advances_only(void **state)
{
	struct redis_stream_position position = at(5, 5);

	(void)state;
	assert_false(redis_stream_position_advance(&position, (struct redis_stream_id){5, 0}));
	assert_false(redis_stream_position_advance(&position, (struct redis_stream_id){4, 9}));
	assert_true(position.id.ms == 5 && position.entries == 5);
	assert_true(redis_stream_position_advance(&position, (struct redis_stream_id){5, 1}));
	assert_true(position.id.sequence == 1 && position.entries == 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_position_begins_at_the_end),
	    cmocka_unit_test(test_position_begins_at_an_id),
	    cmocka_unit_test(test_position_resumes_without_a_gap),
	    cmocka_unit_test(test_position_counts_what_was_trimmed),
	    cmocka_unit_test(test_position_assumes_a_gap_without_a_count),
	    cmocka_unit_test(test_position_outlives_the_stream),
	    cmocka_unit_test(test_position_advances_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
