/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/http/http_exposition: metrics as Prometheus reads them. */
#include "protocols/http/http_exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(struct http_exposition *exposition, const char *expected)
{
	buffer_append_byte(&exposition->out, '\0');
	assert_string_equal(exposition->out.bytes, expected);
	buffer_finish(&exposition->out);
}

/* Text format 0.0.4: a counter is named as its samples are. */
static void test_exposition_in_text(void **state)
{
	struct http_exposition exposition = {.is_openmetrics = false};

	(void)state;
	http_exposition_family(&exposition, "a_total", METRIC_COUNTER, "Back\\slash \"a\"\nline.");
	http_exposition_count(&exposition, "", UINT64_MAX);
	http_exposition_count(&exposition, "x=\"1\"", 0);
	http_exposition_family(&exposition, "b", METRIC_GAUGE, "B.");
	http_exposition_number(&exposition, "", 1.5);
	http_exposition_number(&exposition, "", 123456789012);
	http_exposition_number(&exposition, "", -2);
	http_exposition_end(&exposition);
	expect(&exposition, "# HELP a_total Back\\\\slash \"a\"\\nline.\n"
	                    "# TYPE a_total counter\n"
	                    "a_total 18446744073709551615\n"
	                    "a_total{x=\"1\"} 0\n"
	                    "# HELP b B.\n"
	                    "# TYPE b gauge\n"
	                    "b 1.500000\n"
	                    "b 123456789012\n"
	                    "b -2\n");
}

/* OpenMetrics 1.0: the family of a counter has no _total; quotes in help are escaped; an end. */
static void test_exposition_in_openmetrics(void **state)
{
	struct http_exposition exposition = {.is_openmetrics = true};

	(void)state;
	http_exposition_family(&exposition, "a_total", METRIC_COUNTER, "Say \"a\".");
	http_exposition_count(&exposition, "", 3);
	http_exposition_end(&exposition);
	expect(&exposition, "# HELP a Say \\\"a\\\".\n"
	                    "# TYPE a counter\n"
	                    "a_total 3\n"
	                    "# EOF\n");
}

/* Both formats: buckets are cumulative, the last is +Inf and equals the count; bounds are floats.
 */
static void test_exposition_of_a_histogram(void **state)
{
	struct http_exposition exposition = {.is_openmetrics = false};
	struct histogram histogram = {0};
	const struct histogram_ladder ladder = {
	    .bounds = {1, 10, 1000, 2500, 5000, 6000, 7000, 8000, 9000, 10000, 11000, 12000, 13000,
	               14000, 15000},
	    .per_second = 1000,
	};
	const char *text;

	(void)state;
	histogram_add(&histogram, &ladder, 1);
	histogram_add(&histogram, &ladder, 2);
	histogram_add(&histogram, &ladder, 900);
	histogram_add(&histogram, &ladder, 20000);
	http_exposition_family(&exposition, "h", METRIC_HISTOGRAM, "H.");
	http_exposition_histogram(&exposition, "x=\"1\"", &histogram, &ladder);
	buffer_append_byte(&exposition.out, '\0');
	text = exposition.out.bytes;
	assert_non_null(strstr(text, "# TYPE h histogram\n"
	                             "h_bucket{x=\"1\",le=\"0.001\"} 1\n"
	                             "h_bucket{x=\"1\",le=\"0.01\"} 2\n"
	                             "h_bucket{x=\"1\",le=\"1.0\"} 3\n"
	                             "h_bucket{x=\"1\",le=\"2.5\"} 3\n"));
	assert_non_null(strstr(text, "h_bucket{x=\"1\",le=\"10.0\"} 3\n"));
	assert_non_null(strstr(text, "h_bucket{x=\"1\",le=\"15.0\"} 3\n"
	                             "h_bucket{x=\"1\",le=\"+Inf\"} 4\n"
	                             "h_sum{x=\"1\"} 20.903000\n"
	                             "h_count{x=\"1\"} 4\n"));
	buffer_finish(&exposition.out);
}

/* Both formats: what a name from outside holds cannot end its label, or the line. */
static void test_exposition_escapes_labels(void **state)
{
	struct buffer labels = {0};

	(void)state;
	http_exposition_label(&labels, "wiki", "a\"} 1\nb\\");
	assert_string_equal(labels.bytes, "wiki=\"a\\\"} 1\\nb\\\\\"");
	http_exposition_label(&labels, "type", "c");
	assert_string_equal(labels.bytes, "wiki=\"a\\\"} 1\\nb\\\\\",type=\"c\"");
	buffer_finish(&labels);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_exposition_in_text),
	    cmocka_unit_test(test_exposition_in_openmetrics),
	    cmocka_unit_test(test_exposition_of_a_histogram),
	    cmocka_unit_test(test_exposition_escapes_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
