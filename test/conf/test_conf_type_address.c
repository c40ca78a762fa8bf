/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>

#include "test/conf/value_test.h"

/* Numeric hosts and localhost: resolving a name would block and could change. */
static void test_address_is_numeric_or_localhost(void **state)
{
	static const struct conf_option option = {.type = &conf_type_address_single};
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
	    .type = &conf_type_address_list, .min = 1, .max = 2};
	static const struct conf_option networks = {.type = &conf_type_address_networks, .max = 2};
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

/* All that is wrong with a list is told at once, and what is right is not. */
static void test_list_tells_every_fault(void **state)
{
	static const struct conf_option option = {.type = &conf_type_address_list, .max = 9};
	char *told = print_value(&option, "[a, \"localhost:1\", [b]]");

	(void)state;
	assert_non_null(strstr(told, "t:1:2: [0]: \"a\" is not an address"));
	assert_null(strstr(told, "[1]"));
	assert_non_null(strstr(told, "t:1:20: [2]: a list is not an address"));
	free(told);
}

/* Networks are kept as IPv6 sees them, host bits cleared, and written as their family does. */
static void test_networks_are_mapped_and_cleared(void **state)
{
	static const struct conf_option option = {.type = &conf_type_address_networks, .max = 1};
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_address_is_numeric_or_localhost),
	    cmocka_unit_test(test_scalar_is_a_list_of_one),
	    cmocka_unit_test(test_list_tells_every_fault),
	    cmocka_unit_test(test_networks_are_mapped_and_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
