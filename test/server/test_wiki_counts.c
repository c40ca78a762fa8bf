/* SPDX-License-Identifier: Apache-2.0 */
/* server/wiki_counts: changes by wiki, within bounds. */
#include "server/wiki_counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void on_wiki(void *context, const char *wiki, uint64_t changes)
{
	char *text = context;

	(void)sprintf(text + strlen(text), "%s=%llu ", wiki, (unsigned long long)changes);
}

static void expect(const struct wiki_counts *counts, const char *expected)
{
	char text[256] = "";

	wiki_counts_each(counts, on_wiki, text);
	assert_string_equal(text, expected);
}

static void add(struct wiki_counts *counts, const char *wiki)
{
	wiki_counts_add(counts, wiki, strlen(wiki));
}

/* options.def, http.metrics_wikis: the first that come have a count, all others one together. */
static void test_wiki_counts_are_bounded(void **state)
{
	struct wiki_counts *counts = wiki_counts_create(2);

	(void)state;
	expect(counts, "other=0 ");
	add(counts, "en.wikipedia.org");
	add(counts, "de.wikipedia.org");
	add(counts, "fr.wikipedia.org");
	add(counts, "en.wikipedia.org");
	add(counts, "it.wikipedia.org");
	expect(counts, "en.wikipedia.org=2 de.wikipedia.org=1 other=2 ");
	wiki_counts_destroy(counts);
	wiki_counts_destroy(NULL);
}

/* wiki_counts.h: a name is its bytes, however the memory goes on behind them. */
static void test_wiki_counts_copy_the_name(void **state)
{
	struct wiki_counts *counts = wiki_counts_create(4);
	char name[] = "en.wikipedia.org";

	(void)state;
	wiki_counts_add(counts, name, 12);
	memset(name, 'x', 12);
	add(counts, "en.wikipedia");
	expect(counts, "en.wikipedia=2 other=0 ");
	wiki_counts_destroy(counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wiki_counts_are_bounded),
	    cmocka_unit_test(test_wiki_counts_copy_the_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
