/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis_stream_id.h"

#include "test/ingest/rig.h"

/* "ms-sequence", each below 2^64; "ms" is short for "ms-0", as in Redis' own commands. */
static void test_stream_id_is_two_numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
		uint64_t sequence;
		const char *written;
	} cases[] = {
	    {"0", 0, 0, "0-0"},
	    {"0-0", 0, 0, "0-0"},
	    {"1700000000000-12", 1700000000000, 12, "1700000000000-12"},
	    {"007-010", 7, 10, "7-10"},
	    {"18446744073709551615-18446744073709551615", UINT64_MAX, UINT64_MAX,
	     "18446744073709551615-18446744073709551615"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[REDIS_STREAM_ID_TEXT_MAX];
		struct redis_stream_id id;

		assert_true(redis_stream_id_parse(cases[i].text, strlen(cases[i].text), &id));
		assert_true(id.ms == cases[i].ms && id.sequence == cases[i].sequence);
		assert_string_equal(redis_stream_id_text(id, text), cases[i].written);
	}
}

static void test_stream_id_that_is_none_is_refused(void **state)
{
	static const char *const texts[] = {"",
	                                    "-",
	                                    "1-",
	                                    "-1",
	                                    "1-2-3",
	                                    "$",
	                                    "+",
	                                    " 1",
	                                    "1 ",
	                                    "1-+2",
	                                    "0x1",
	                                    "1.5",
	                                    "1--2",
	                                    "18446744073709551616",
	                                    "1-18446744073709551616"};
	struct redis_stream_id id = {5, 6};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (redis_stream_id_parse(texts[i], strlen(texts[i]), &id)) {
			fail_msg("\"%s\" was taken", texts[i]);
		}
	}
	assert_false(redis_stream_id_parse("1\0", 2, &id));
	assert_true(id.ms == 5 && id.sequence == 6);
	assert_true(redis_stream_id_parse("12", 1, &id));
	assert_true(id.ms == 1);
}

static void test_stream_ids_are_in_order(void **state)
{
	static const struct redis_stream_id ids[] = {{0, 0}, {0, 1}, {0, UINT64_MAX},
	                                             {1, 0}, {2, 1}, {UINT64_MAX, 0}};
	int count = sizeof(ids) / sizeof(ids[0]);

	(void)state;
	for (int i = 0; i < count; i++) {
		for (int k = 0; k < count; k++) {
			int order = redis_stream_id_compare(ids[i], ids[k]);

			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stream_id_is_two_numbers),
	    cmocka_unit_test(test_stream_id_that_is_none_is_refused),
	    cmocka_unit_test(test_stream_ids_are_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
