/* SPDX-License-Identifier: Apache-2.0 */
/* What all types have in common, and every limit of options.def at both ends. */
#include "test/conf/value_test.h"

/* STYLE C9: what was met, what was wanted; in words for what is no text. */
static void test_refusal_tells_what_was_met_and_wanted(void **state)
{
	static const struct conf_option option = {
	    .type = &conf_type_number_seconds, .min = 5, .max = 86400};
	static const struct {
		const char *yaml;
		const char *expected;
	} cases[] = {
	    {"soon", "\"soon\" is not a duration (want seconds, 5 to 86400)"},
	    {"4", "\"4\" is out of range (want seconds, 5 to 86400)"},
	    {"[5]", "a list is not a duration (want seconds, 5 to 86400)"},
	    {"{}", "a mapping is not a duration (want seconds, 5 to 86400)"},
	    {"~", "nothing is given (want seconds, 5 to 86400)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *told = print_value(&option, cases[i].yaml);

		assert_memory_equal(told, "t:1:1: ", 7);
		assert_memory_equal(told + 7, cases[i].expected, strlen(cases[i].expected));
		free(told);
	}
}

/* One value of an option: a number, a text of so many bytes, or so many entries. */
static void write_value(const struct conf_option *option, double amount, struct buffer *out)
{
	bool is_text =
	    option->type == &conf_type_text_string || option->type == &conf_type_text_lines;
	bool is_list = option->type == &conf_type_address_list ||
	               option->type == &conf_type_address_networks ||
	               option->type == &conf_type_datagram_groups ||
	               option->type == &conf_type_datagram_sockets ||
	               option->type == &conf_type_tls_certificates ||
	               option->type == &conf_type_text_strings;

	if (!is_text && !is_list && option->type != &conf_type_text_map) {
		buffer_printf(out, "%.15g%s", amount,
		              option->type == &conf_type_number_millis ? "ms" : "");
		return;
	}
	buffer_append_text(out, is_text ? "\"" : is_list ? "[" : "{");
	for (size_t i = 0; i < (size_t)amount; i++) {
		if (is_text) {
			buffer_append_byte(out, 'x');
		} else if (option->type == &conf_type_address_list) {
			buffer_printf(out, "%s\"[::1]:%zu\"", i > 0 ? "," : "", i);
		} else if (option->type == &conf_type_datagram_sockets) {
			buffer_printf(out, "%s\"unix:/run/%zu\"", i > 0 ? "," : "", i);
		} else if (option->type == &conf_type_datagram_groups) {
			buffer_printf(out, "%s239.0.0.%zu", i > 0 ? "," : "", i);
		} else if (option->type == &conf_type_address_networks) {
			buffer_printf(out, "%s\"10.0.%zu.%zu\"", i > 0 ? "," : "", i / 256,
			              i % 256);
		} else if (option->type == &conf_type_text_strings ||
		           option->type == &conf_type_tls_certificates) {
			buffer_printf(out, "%s\"s%zu\"", i > 0 ? "," : "", i);
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
	return option->type != &conf_type_text_bool && option->type != &conf_type_text_log_level &&
	       option->type != &conf_type_text_log_format &&
	       option->type != &conf_type_datagram_address &&
	       option->type != &conf_type_datagram_mode && option->type != &conf_type_redis_url &&
	       option->type != &conf_type_tls_version;
}

static void assert_limits(const struct conf_option *option)
{
	double step = option->type == &conf_type_number_rate ? 0.0005 : 1;

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
	    cmocka_unit_test(test_refusal_tells_what_was_met_and_wanted),
	    cmocka_unit_test(test_every_limit_holds_at_both_ends),
	    cmocka_unit_test(test_every_default_is_within_its_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
