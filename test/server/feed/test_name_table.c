/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/name_table.h"

#include "test/server/feed/records.h"

static const struct name_row rows[] = {
    {"A", "1"}, {"AB", "2"}, {"a", "3"}, {"ab", "4"}, {"abc", "5"}, {"\327\250", "6"},
};

static const char *find(struct text name)
{
	return name_table_find(rows, sizeof(rows) / sizeof(rows[0]), name);
}

/* Every row is found, the first, the last and the one whose name is another's beginning. */
static void test_name_table_finds_every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text name = {rows[i].name, strlen(rows[i].name)};

		assert_ptr_equal(find(name), rows[i].text);
	}
}

/* Neither a beginning, nor more, nor another case, nor a NUL behind a name is that name. */
static void test_name_table_finds_exact_names_only(void **state)
{
	(void)state;
	assert_null(find(TEXT("")));
	assert_null(find(TEXT("Ab")));
	assert_null(find(TEXT("abcd")));
	assert_null(find(TEXT("ab\0")));
	assert_null(find(TEXT("\327")));
	assert_null(find(TEXT("\377")));
	assert_null(name_table_find(rows, 0, TEXT("a")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_name_table_finds_every_row),
	    cmocka_unit_test(test_name_table_finds_exact_names_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
