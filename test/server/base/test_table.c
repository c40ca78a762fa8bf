/* SPDX-License-Identifier: Apache-2.0 */
/* server/base/table: uthash with a keyed hash. */
#include "server/base/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/base/memory.h"

struct entry {
	UT_hash_handle hh;
	unsigned number;
	char name[32];
};

static struct entry *find(struct entry *table, const char *name)
{
	struct entry *entry;

	HASH_FIND_STR(table, name, entry);
	return entry;
}

static struct entry *add(struct entry **table, unsigned number)
{
	struct entry *entry = mem_new(struct entry);

	entry->number = number;
	(void)snprintf(entry->name, sizeof(entry->name), "wiki-%u.example.org", number);
	HASH_ADD_STR(*table, name, entry);
	return entry;
}

static void destroy(struct entry **table)
{
	struct entry *entry;
	struct entry *next;

	HASH_ITER (hh, *table, entry, next) {
		/* The analyser does not know that only the first entry has none before it. */
		HASH_DEL(*table, entry); /* NOLINT(clang-analyzer-unix.Malloc) */
		free(entry);
	}
}

/*
 * The SipHash paper's 1-3 variant with a key of zeroes, as CPython 3.11 computes it:
 * hash(bytes) under PYTHONHASHSEED=0, the upper half folded into the lower.
 */
static void test_table_hash_is_siphash_1_3(void **state)
{
	char count_up[64];

	(void)state;
	for (size_t i = 0; i < sizeof(count_up); i++) {
		count_up[i] = (char)i;
	}
	assert_int_equal(table_hash("a", 1), 0xf8ef50c1);
	assert_int_equal(table_hash("en.wikipedia.org", 16), 0x8a38aa27);
	assert_int_equal(table_hash("1234567", 7), 0x37c0cb94);
	assert_int_equal(table_hash("12345678", 8), 0x04df92a3);
	assert_int_equal(table_hash("123456789", 9), 0x082a50cf);
	assert_int_equal(table_hash(count_up, sizeof(count_up)), 0xce282f13);
}

/* table.h: a key is bytes of a length; what stands behind them does not count. */
static void test_table_hash_reads_the_key_and_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(table_hash("abcXX", 3), table_hash("abcYY", 3));
	assert_int_not_equal(table_hash("abc\0", 4), table_hash("abc", 3));
	assert_int_not_equal(table_hash("", 0), table_hash("\0", 1));
}

/* table.h: what was added is found, what was deleted or never there is not. */
static void test_table_finds_what_was_added(void **state)
{
	struct entry *table = NULL;
	struct entry *entry;
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		(void)add(&table, i);
	}
	assert_int_equal(HASH_COUNT(table), 1000);
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "wiki-%u.example.org", i);
		entry = find(table, name);
		assert_non_null(entry);
		assert_int_equal(entry->number, i);
	}
	assert_null(find(table, "wiki-1000.example.org"));
	entry = find(table, "wiki-7.example.org");
	HASH_DEL(table, entry);
	free(entry);
	assert_null(find(table, "wiki-7.example.org"));
	destroy(&table);
	assert_null(table);
}

/* table.h: uthash calls the keyed hash, not one of its own that anyone can compute. */
static void test_table_uses_the_keyed_hash(void **state)
{
	struct entry *table = NULL;
	struct entry *entry = add(&table, 1);

	(void)state;
	assert_int_equal(entry->hh.hashv, table_hash(entry->name, strlen(entry->name)));
	destroy(&table);
}

/*
 * table.h: the secret decides the bucket.  Runs last, since the secret stays.  That two
 * secrets give eight times the same 32 bits happens once in 2^256.
 */
static void test_table_seed_changes_the_hash(void **state)
{
	unsigned before[8];
	unsigned changed = 0;

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		before[i] = table_hash(&i, sizeof(i));
	}
	table_seed();
	for (unsigned i = 0; i < 8; i++) {
		changed += table_hash(&i, sizeof(i)) != before[i];
		assert_int_equal(table_hash(&i, sizeof(i)), table_hash(&i, sizeof(i)));
	}
	assert_true(changed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table_hash_is_siphash_1_3),
	    cmocka_unit_test(test_table_hash_reads_the_key_and_nothing_else),
	    cmocka_unit_test(test_table_finds_what_was_added),
	    cmocka_unit_test(test_table_uses_the_keyed_hash),
	    cmocka_unit_test(test_table_seed_changes_the_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
