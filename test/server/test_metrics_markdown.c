/* SPDX-License-Identifier: Apache-2.0 */
/* server/metrics_markdown: docs/metrics.md is what metrics.def yields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/metrics.h"

#define FILE_NAME TEST_DATA "/../../docs/metrics.md"

/* metrics.def: the file that is checked in is the printed one. */
static void test_metrics_markdown_is_the_printed_one(void **state)
{
	struct buffer out = {0};
	FILE *file = fopen(FILE_NAME, "r");
	char *text;
	size_t length;

	(void)state;
	assert_non_null(file);
	metrics_markdown(&out);
	text = calloc(1, out.length + 2);
	length = fread(text, 1, out.length + 1, file);
	(void)fclose(file);
	if (length != out.length || memcmp(text, out.bytes, length) != 0) {
		fail_msg("docs/metrics.md is out of date: metrics_docs >docs/metrics.md");
	}
	free(text);
	buffer_finish(&out);
}

/* Prometheus, "Metric and label naming": [a-z_:], counters alone end in _total, no name twice. */
static void test_metrics_have_names_of_their_own(void **state)
{
	(void)state;
	assert_non_null(metrics_rows[0].name);
	for (size_t i = 0; i < metrics_row_count; i++) {
		const struct metric_row *row = &metrics_rows[i];
		const char *name = row->name;

		assert_null(strpbrk(row->help, "\\\n|"));
		assert_int_equal(row->help[strlen(row->help) - 1], '.');
		if (name == NULL) {
			assert_non_null(row->labels);
			continue;
		}
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
		assert_int_equal(strcmp(name + strlen(name) - 6, "_total") == 0,
		                 row->type == METRIC_COUNTER);
		for (size_t k = 0; k < i; k++) {
			assert_true(metrics_rows[k].name == NULL ||
			            strcmp(metrics_rows[k].name, name) != 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_metrics_markdown_is_the_printed_one),
	    cmocka_unit_test(test_metrics_have_names_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
