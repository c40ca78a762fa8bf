/* SPDX-License-Identifier: Apache-2.0 */
#include "test/conf/value_test.h"

/* conf.h: "host:port" as everywhere, or "unix:" and a path. */
static void test_datagram_address_may_be_a_path(void **state)
{
	static const struct conf_option option = {.type = &conf_type_datagram_address};
	static const struct value_case cases[] = {
	    {"localhost:9390", "\"localhost:9390\""},
	    {"\"[::]:9390\"", "\"[::]:9390\""},
	    {"unix:/run/feed", "\"unix:/run/feed\""},
	    {"\"unix:a b:1\"", "\"unix:a b:1\""},
	    {"\"unix:\"", NULL},
	    {"unixes:/run/feed", NULL},
	    {"/run/feed", NULL},
	    {"[unix:/run/feed]", NULL},
	    {"\"unix:a\\0b\"", NULL},
	    {"~", NULL},
	    {NULL, NULL},
	};
	union member member;

	(void)state;
	assert_values(&option, cases);
	assert_null(read_value(&option, "unix:/run/feed", 14, &member));
	assert_string_equal(member.address.path, "/run/feed");
	assert_null(member.address.host);
	assert_int_equal(member.address.mark.line, 1);
	finish(&option, &member);
	assert_null(read_value(&option, "localhost:1", 11, &member));
	assert_null(member.address.path);
	finish(&option, &member);
}

/* unix(7): a path has 107 bytes at most. */
static void test_datagram_path_has_a_limit(void **state)
{
	static const struct conf_option option = {.type = &conf_type_datagram_address};
	char yaml[5 + 108] = "unix:";
	union member member;
	char *told;

	(void)state;
	memset(yaml + 5, 'x', 108);
	assert_null(read_value(&option, yaml, 5 + 107, &member));
	finish(&option, &member);
	told = read_value(&option, yaml, 5 + 108, &member);
	assert_non_null(told);
	free(told);
}

/* Multicast addresses alone: RFC 1112 has 224.0.0.0/4, RFC 4291 ff00::/8. */
static void test_datagram_groups_are_multicast(void **state)
{
	static const struct conf_option option = {.type = &conf_type_datagram_groups, .max = 3};
	static const struct value_case cases[] = {
	    {"239.1.2.3", "[\"239.1.2.3/32\"]"},
	    {"[224.0.0.0, 239.255.255.255]", "[\"224.0.0.0/32\", \"239.255.255.255/32\"]"},
	    {"[\"ff15::1\", \"ffff::\", 239.1.2.3]",
	     "[\"ff15::1/128\", \"ffff::/128\", \"239.1.2.3/32\"]"},
	    {"[]", "[]"},
	    {"223.255.255.255", NULL},
	    {"240.0.0.1", NULL},
	    {"\"fe80::1\"", NULL},
	    {"[239.1.2.3, 10.0.0.1]", NULL},
	    {"239.0.0.0/8", NULL},
	    {"all", NULL},
	    {"[239.0.0.1, 239.0.0.2, 239.0.0.3, 239.0.0.4]", NULL},
	    {NULL, NULL},
	};

	(void)state;
	assert_values(&option, cases);
}

/* As chmod(1) is told, with a 0 in front that says octal; no bits that a socket has no use for. */
static void test_datagram_mode_is_octal(void **state)
{
	static const struct conf_option option = {.type = &conf_type_datagram_mode};
	static const struct value_case cases[] = {
	    {"0660", "0660"}, {"'0600'", "0600"}, {"0000", "0000"}, {"0777", "0777"},
	    {"660", NULL},    {"0668", NULL},     {"01777", NULL},  {"06600", NULL},
	    {"432", NULL},    {"rw", NULL},       {"~", NULL},      {NULL, NULL},
	};
	union member member;

	(void)state;
	assert_values(&option, cases);
	assert_null(read_value(&option, "0640", 4, &member));
	assert_int_equal(member.number, 0640);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_datagram_address_may_be_a_path),
	    cmocka_unit_test(test_datagram_path_has_a_limit),
	    cmocka_unit_test(test_datagram_groups_are_multicast),
	    cmocka_unit_test(test_datagram_mode_is_octal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
