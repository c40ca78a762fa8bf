/* SPDX-License-Identifier: Apache-2.0 */
/* The types one by one, and every limit of options.def at both ends. */
#include "conf/conf_type.h"

#include <arpa/inet.h>

#include "conf/conf_schema.h"
#include "test/conf/conf_test.h"

/* Room for any member. */
union member {
	bool truth;
	unsigned number;
	size_t size;
	double rate;
	const char *text;
	enum log_level level;
	struct conf_address address;
	struct conf_addresses addresses;
	struct conf_networks networks;
	struct conf_map map;
};

/* Reads the YAML of one value; gives the faults told, NULL when it was taken. */
static char *read_value(const struct conf_option *option, const char *yaml, size_t length,
                        union member *member)
{
	struct conf_faults faults = {.file = "t"};
	struct conf_node *node = conf_yaml_parse(yaml, length, &faults);
	struct buffer told = {0};
	bool is_good;

	assert_non_null(node);
	memset(member, 0, sizeof(*member));
	is_good = option->type->parse(node, option, member, &faults);
	assert_int_equal(is_good, faults.count == 0);
	conf_fault_print(&faults, &told);
	conf_fault_finish(&faults);
	conf_yaml_destroy(node);
	if (is_good) {
		buffer_finish(&told);
		return NULL;
	}
	return text_of(&told);
}

static void finish(const struct conf_option *option, union member *member)
{
	if (option->type->finish != NULL) {
		option->type->finish(member);
	}
}

/* Gives what the value prints as, or the faults. */
static char *print_value(const struct conf_option *option, const char *yaml)
{
	union member member;
	struct buffer out = {0};
	char *told = read_value(option, yaml, strlen(yaml), &member);

	if (told != NULL) {
		return told;
	}
	option->type->print(&member, &out);
	finish(option, &member);
	return text_of(&out);
}

struct value_case {
	const char *yaml;
	const char *expected; /* as printed; NULL: refused */
};

static void assert_values(const struct conf_option *option, const struct value_case *cases)
{
	for (size_t i = 0; cases[i].yaml != NULL; i++) {
		char *text = print_value(option, cases[i].yaml);

		if (cases[i].expected != NULL) {
			assert_string_equal(text, cases[i].expected);
		} else if (strncmp(text, "t:1:", 4) != 0) {
			fail_msg("%s was taken as %s", cases[i].yaml, text);
		}
		free(text);
	}
}

/* Only these two words: YAML 1.1's yes, no, on, off and other cases surprise people. */
static void test_bool_takes_true_and_false_only(void **state)
{
	static const struct conf_option option = {.type = &conf_type_BOOL};
	static const struct value_case cases[] = {
	    {"true", "true"}, {"false", "false"}, {"yes", NULL},  {"no", NULL}, {"on", NULL},
	    {"off", NULL},    {"True", NULL},     {"TRUE", NULL}, {"1", NULL},  {"y", NULL},
	    {"[]", NULL},     {"{}", NULL},       {"~", NULL},    {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

/* Decimal digits and nothing else; a leading zero would have been octal in YAML 1.1. */
static void test_unsigned_takes_plain_digits_only(void **state)
{
	static const struct conf_option option = {.type = &conf_type_UNSIGNED, .max = 4294967295.0};
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
	static const struct conf_option option = {.type = &conf_type_AUTO, .min = 1, .max = 8};
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
	static const struct conf_option option = {.type = &conf_type_SECONDS, .max = 86400};
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

/* Sizes are binary and say so; KB and M could be either. */
static void test_bytes_take_units(void **state)
{
	static const struct conf_option option = {.type = &conf_type_BYTES, .max = 1073741824};
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
	    .type = &conf_type_RATE, .min = 0.001, .max = 1000000};
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

/* The names of the log are the same in the file and on the command line. */
static void test_log_words_are_exact(void **state)
{
	static const struct conf_option level = {.type = &conf_type_LOG_LEVEL};
	static const struct conf_option format = {.type = &conf_type_LOG_FORMAT};
	static const struct value_case levels[] = {
	    {"debug", "debug"}, {"info", "info"},  {"warn", "warn"},
	    {"error", "error"}, {"warning", NULL}, {"INFO", NULL},
	    {"1", NULL},        {"[info]", NULL},  {NULL, NULL},
	};
	static const struct value_case formats[] = {
	    {"plain", "plain"}, {"json", "json"}, {"JSON", NULL}, {"text", NULL}, {NULL, NULL}};

	(void)state;
	assert_values(&level, levels);
	assert_values(&format, formats);
}

/* One line may hold colours for IRC, never what ends a line; a text may hold lines. */
static void test_texts_hold_no_line_ends_but_their_own(void **state)
{
	static const struct conf_option string = {.type = &conf_type_STRING, .max = 20};
	static const struct conf_option text = {.type = &conf_type_TEXT, .max = 20};
	static const struct value_case strings[] = {
	    {"a b", "\"a b\""},
	    {"12", "\"12\""},
	    {"yes", "\"yes\""},
	    {"\"\"", "\"\""},
	    {"\"null\"", "\"null\""},
	    {"\"\\x03\"", "\"\\u0003\""},
	    {"\"a\\nb\"", NULL},
	    {"\"a\\rb\"", NULL},
	    {"\"a\\0b\"", NULL},
	    {"null", NULL},
	    {"[a]", NULL},
	    {"|\n  a\n", NULL},
	    {NULL, NULL},
	};
	static const struct value_case texts[] = {
	    {"|\n  a\n  b\n", "\"a\\nb\\n\""},
	    {"\"a\\rb\"", NULL},
	    {"\"a\\0b\"", NULL},
	    {"{}", NULL},
	    {NULL, NULL},
	};

	(void)state;
	assert_values(&string, strings);
	assert_values(&text, texts);
}

/* Numeric hosts and localhost: resolving a name would block and could change. */
static void test_address_is_numeric_or_localhost(void **state)
{
	static const struct conf_option option = {.type = &conf_type_ADDRESS};
	static const struct {
		const char *yaml;
		const char *host;
		unsigned port;
	} cases[] = {
	    {"localhost:6667", "localhost", 6667},
	    {"127.0.0.1:0", "127.0.0.1", 0},
	    {"0.0.0.0:65535", "0.0.0.0", 65535},
	    {"\"[::]:80\"", "::", 80},
	    {"\"[2001:db8::1]:9390\"", "2001:db8::1", 9390},
	    {"\"[::ffff:192.0.2.1]:1\"", "::ffff:192.0.2.1", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		union member member;

		assert_null(read_value(&option, cases[i].yaml, strlen(cases[i].yaml), &member));
		assert_string_equal(member.address.host, cases[i].host);
		assert_int_equal(member.address.port, cases[i].port);
		assert_int_equal(member.address.mark.line, 1);
		finish(&option, &member);
	}
}

/* A single address is a list of one: most people have one. */
static void test_scalar_is_a_list_of_one(void **state)
{
	static const struct conf_option addresses = {
	    .type = &conf_type_ADDRESSES, .min = 1, .max = 2};
	static const struct conf_option networks = {.type = &conf_type_NETWORKS, .max = 2};
	static const struct value_case address_cases[] = {
	    {"localhost:1", "[\"localhost:1\"]"},
	    {"[\"localhost:1\", \"[::]:2\"]", "[\"localhost:1\", \"[::]:2\"]"},
	    {"[]", NULL},
	    {"[a:1, \"[::]:2\"]", NULL},
	    {"{}", NULL},
	    {"~", NULL},
	    {NULL, NULL},
	};
	static const struct value_case network_cases[] = {
	    {"192.0.2.1", "[\"192.0.2.1/32\"]"}, {"[]", "[]"}, {"[~]", NULL}, {NULL, NULL}};

	(void)state;
	assert_values(&addresses, address_cases);
	assert_values(&networks, network_cases);
}

/* Networks are kept as IPv6 sees them, host bits cleared, and written as their family does. */
static void test_networks_are_mapped_and_cleared(void **state)
{
	static const struct conf_option option = {.type = &conf_type_NETWORKS, .max = 1};
	static const struct {
		const char *yaml;
		const char *address;
		unsigned prefix;
		const char *printed;
	} cases[] = {
	    {"192.0.2.0/24", "::ffff:192.0.2.0", 120, "[\"192.0.2.0/24\"]"},
	    {"192.0.2.255/25", "::ffff:192.0.2.128", 121, "[\"192.0.2.128/25\"]"},
	    {"192.0.2.7", "::ffff:192.0.2.7", 128, "[\"192.0.2.7/32\"]"},
	    {"0.0.0.0/0", "::ffff:0.0.0.0", 96, "[\"0.0.0.0/0\"]"},
	    {"255.255.255.255/0", "::ffff:0.0.0.0", 96, "[\"0.0.0.0/0\"]"},
	    {"\"2001:db8:ffff::1/33\"", "2001:db8:8000::", 33, "[\"2001:db8:8000::/33\"]"},
	    {"\"::1\"", "::1", 128, "[\"::1/128\"]"},
	    {"\"ff::/0\"", "::", 0, "[\"::/0\"]"},
	    {"\"::ffff:192.0.2.9/112\"", "::ffff:192.0.0.0", 112, "[\"192.0.0.0/16\"]"},
	    {"\"::ffff:192.0.2.9/90\"", "::ffc0:0:0", 90, "[\"::ffc0:0:0/90\"]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct in6_addr expected;
		union member member;
		char *printed = print_value(&option, cases[i].yaml);

		assert_string_equal(printed, cases[i].printed);
		free(printed);
		assert_int_equal(inet_pton(AF_INET6, cases[i].address, &expected), 1);
		assert_null(read_value(&option, cases[i].yaml, strlen(cases[i].yaml), &member));
		assert_int_equal(member.networks.count, 1);
		assert_int_equal(member.networks.items[0].prefix, cases[i].prefix);
		assert_memory_equal(&member.networks.items[0].address, &expected, sizeof(expected));
		finish(&option, &member);
	}
}

/* A map keeps the order of the file and copies both sides. */
static void test_map_keeps_pairs_in_order(void **state)
{
	static const struct conf_option option = {.type = &conf_type_MAP, .max = 3};
	static const struct value_case cases[] = {
	    {"{}", "{}"},
	    {"{b: x, a: \"#y\"}", "{\"b\": \"x\", \"a\": \"#y\"}"},
	    {"{a: 1, b: 2, c: 3, d: 4}", NULL},
	    {"{a: [b]}", NULL},
	    {"{a: }", NULL},
	    {"{\"a\\0\": b}", NULL},
	    {"{a: \"\"}", NULL},
	    {"[]", NULL},
	    {"a", NULL},
	    {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

/* All that is wrong with a list or map is told at once. */
static void test_collections_tell_every_fault(void **state)
{
	static const struct conf_option addresses = {.type = &conf_type_ADDRESSES, .max = 9};
	static const struct conf_option map = {.type = &conf_type_MAP, .max = 9};
	char *told = print_value(&addresses, "[a, \"localhost:1\", [b]]");

	(void)state;
	assert_non_null(strstr(told, "t:1:2: [0]: \"a\" is not an address"));
	assert_null(strstr(told, "[1]"));
	assert_non_null(strstr(told, "t:1:20: [2]: a list is not an address"));
	free(told);
	told = print_value(&map, "{a: [b], c: d, e: }");
	assert_non_null(strstr(told, "t:1:5: a: a list is not a line"));
	assert_non_null(strstr(told, ": e: nothing is given"));
	free(told);
}

/* One value of an option: a number, a text of so many bytes, or so many entries. */
static void write_value(const struct conf_option *option, double amount, struct buffer *out)
{
	bool is_text = option->type == &conf_type_STRING || option->type == &conf_type_TEXT;
	bool is_list = option->type == &conf_type_ADDRESSES || option->type == &conf_type_NETWORKS;

	if (!is_text && !is_list && option->type != &conf_type_MAP) {
		buffer_printf(out, "%.15g", amount);
		return;
	}
	buffer_append_text(out, is_text ? "\"" : is_list ? "[" : "{");
	for (size_t i = 0; i < (size_t)amount; i++) {
		if (is_text) {
			buffer_append_byte(out, 'x');
		} else if (option->type == &conf_type_ADDRESSES) {
			buffer_printf(out, "%s\"[::1]:%zu\"", i > 0 ? "," : "", i);
		} else if (option->type == &conf_type_NETWORKS) {
			buffer_printf(out, "%s\"10.0.%zu.%zu\"", i > 0 ? "," : "", i / 256,
			              i % 256);
		} else {
			buffer_printf(out, "%s\"w%zu\": \"#c\"", i > 0 ? "," : "", i);
		}
	}
	buffer_append_text(out, is_text ? "\"" : is_list ? "]" : "}");
}

static bool is_taken(const struct conf_option *option, double amount)
{
	struct buffer yaml = {0};
	union member member;
	char *told;

	write_value(option, amount, &yaml);
	told = read_value(option, yaml.bytes, yaml.length, &member);
	buffer_finish(&yaml);
	if (told == NULL) {
		finish(option, &member);
		return true;
	}
	if (strstr(told, " is out of range (want ") == NULL &&
	    strstr(told, " is too short (want ") == NULL &&
	    strstr(told, " is too long (want ") == NULL) {
		fail_msg("%s: not refused for its limits: %s", option->key, told);
	}
	free(told);
	return false;
}

static bool has_limits(const struct conf_option *option)
{
	return option->type != &conf_type_BOOL && option->type != &conf_type_LOG_LEVEL &&
	       option->type != &conf_type_LOG_FORMAT && option->type != &conf_type_ADDRESS;
}

static void assert_limits(const struct conf_option *option)
{
	double step = option->type == &conf_type_RATE ? 0.0005 : 1;

	assert_true(option->min <= option->max);
	assert_true(is_taken(option, option->min));
	assert_true(is_taken(option, option->max));
	assert_false(is_taken(option, option->max + step));
	if (option->min > 0) {
		assert_false(is_taken(option, option->min - step));
	}
}

/* Every row of options.def: the least and the most are taken, one less and one more are not. */
static void test_every_limit_holds_at_both_ends(void **state)
{
	size_t checked = 0;

	(void)state;
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		for (size_t k = 0; k < conf_schema_sections[i].option_count; k++) {
			const struct conf_option *option = &conf_schema_sections[i].options[k];

			if (has_limits(option)) {
				assert_limits(option);
				checked++;
			}
		}
	}
	assert_true(checked > 25);
}

/* Every default is one of the values an operator could write, and prints as itself. */
static void test_every_default_is_within_its_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		for (size_t k = 0; k < conf_schema_sections[i].option_count; k++) {
			const struct conf_option *option = &conf_schema_sections[i].options[k];
			char *printed;
			char *again;

			if (conf_schema_is_required(option)) {
				continue;
			}
			printed = print_value(option, option->default_text);
			again = print_value(option, printed);
			assert_null(strstr(printed, "(want "));
			assert_string_equal(printed, again);
			free(printed);
			free(again);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bool_takes_true_and_false_only),
	    cmocka_unit_test(test_unsigned_takes_plain_digits_only),
	    cmocka_unit_test(test_auto_is_a_word_or_a_number),
	    cmocka_unit_test(test_seconds_take_units),
	    cmocka_unit_test(test_bytes_take_units),
	    cmocka_unit_test(test_rate_takes_decimals_only),
	    cmocka_unit_test(test_log_words_are_exact),
	    cmocka_unit_test(test_texts_hold_no_line_ends_but_their_own),
	    cmocka_unit_test(test_address_is_numeric_or_localhost),
	    cmocka_unit_test(test_scalar_is_a_list_of_one),
	    cmocka_unit_test(test_networks_are_mapped_and_cleared),
	    cmocka_unit_test(test_map_keeps_pairs_in_order),
	    cmocka_unit_test(test_collections_tell_every_fault),
	    cmocka_unit_test(test_every_limit_holds_at_both_ends),
	    cmocka_unit_test(test_every_default_is_within_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
