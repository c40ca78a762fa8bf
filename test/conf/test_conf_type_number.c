/* SPDX-License-Identifier: Apache-2.0 */
#include "test/conf/value_test.h"

/* Decimal digits and nothing else; a leading zero would have been octal in YAML 1.1. */
static void test_unsigned_takes_plain_digits_only(void **state)
{
	static const struct conf_option option = {.type = &conf_type_number_unsigned,
	                                          .max = 4294967295.0};
	static const struct value_case cases[] = {
	    {"0", "0"},           {"10", "10"},
	    {"'10'", "10"},       {"4294967295", "4294967295"},
	    {"010", NULL},        {"+1", NULL},
	    {"-1", NULL},         {"1e3", NULL},
	    {"0x10", NULL},       {"1_000", NULL},
	    {"1.0", NULL},        {"10s", NULL},
	    {"\" 1\"", NULL},     {"\"1 \"", NULL},
	    {"\"\"", NULL},       {"auto", NULL},
	    {"4294967296", NULL}, {"18446744073709551616", NULL},
	    {"\"1\\0\"", NULL},   {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

/* workers: auto is 0 in the struct, which no number may be. */
static void test_auto_is_a_word_or_a_number(void **state)
{
	static const struct conf_option option = {
	    .type = &conf_type_number_auto, .min = 1, .max = 8};
	static const struct value_case cases[] = {
	    {"auto", "auto"}, {"1", "1"},     {"8", "8"},  {"0", NULL},
	    {"9", NULL},      {"Auto", NULL}, {"~", NULL}, {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

/* Durations are written as people say them, and kept in seconds. */
static void test_seconds_take_units(void **state)
{
	static const struct conf_option option = {.type = &conf_type_number_seconds, .max = 86400};
	static const struct value_case cases[] = {
	    {"90", "90"},
	    {"90s", "90"},
	    {"3m", "180"},
	    {"24h", "86400"},
	    {"25h", NULL},
	    {"soon", NULL},
	    {"s", NULL},
	    {"1d", NULL},
	    {"1 m", NULL},
	    {"1m30s", NULL},
	    {"1.5m", NULL},
	    {"1M", NULL},
	    {"5124095576030431h", NULL},
	    {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

/* A number alone means the same as for any duration. */
static void test_milliseconds_take_units(void **state)
{
	static const struct conf_option option = {.type = &conf_type_number_millis, .max = 120000};
	static const struct value_case cases[] = {
	    {"0", "0ms"},      {"2", "2000ms"},    {"250ms", "250ms"}, {"2s", "2000ms"},
	    {"1m", "60000ms"}, {"120001ms", NULL}, {"1h", NULL},       {"0.5", NULL},
	    {"5 ms", NULL},    {"ms", NULL},       {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

/* Sizes are binary and say so; KB and M could be either. */
static void test_bytes_take_units(void **state)
{
	static const struct conf_option option = {.type = &conf_type_number_bytes,
	                                          .max = 1073741824};
	static const struct value_case cases[] = {
	    {"0", "0"},
	    {"1", "1"},
	    {"1023", "1023"},
	    {"1024", "1KiB"},
	    {"64KiB", "64KiB"},
	    {"1024KiB", "1MiB"},
	    {"1GiB", "1GiB"},
	    {"1025KiB", "1025KiB"},
	    {"1048577", "1048577"},
	    {"4MB", NULL},
	    {"4M", NULL},
	    {"4kib", NULL},
	    {"1.5MiB", NULL},
	    {"KiB", NULL},
	    {"2GiB", NULL},
	    {"17179869184GiB", NULL},
	    {"18446744073709551615GiB", NULL},
	    {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

/* What strtod() takes beyond a decimal number is refused; what is printed reads back the same. */
static void test_rate_takes_decimals_only(void **state)
{
	static const struct conf_option option = {
	    .type = &conf_type_number_rate, .min = 0.001, .max = 1000000};
	static const struct value_case cases[] = {
	    {"50", "50"},
	    {"0.001", "0.001"},
	    {"1000000", "1000000"},
	    {"33.3", "33.3"},
	    {"0.12345678901234559", "0.12345678901234559"},
	    {".5", NULL},
	    {"5.", NULL},
	    {"nan", NULL},
	    {"inf", NULL},
	    {"1e3", NULL},
	    {"0x1p3", NULL},
	    {"-1", NULL},
	    {"+1", NULL},
	    {"1,5", NULL},
	    {"0", NULL},
	    {"0.0009", NULL},
	    {"1000000.1", NULL},
	    {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unsigned_takes_plain_digits_only),
	    cmocka_unit_test(test_auto_is_a_word_or_a_number),
	    cmocka_unit_test(test_seconds_take_units),
	    cmocka_unit_test(test_milliseconds_take_units),
	    cmocka_unit_test(test_bytes_take_units),
	    cmocka_unit_test(test_rate_takes_decimals_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
