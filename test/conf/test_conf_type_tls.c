/* SPDX-License-Identifier: Apache-2.0 */
#include "test/conf/value_test.h"

static const struct conf_option certificates = {.type = &conf_type_tls_certificates, .max = 2};

/* conf_type_tls.h: two files, or one that stands for both, alone or in a list. */
static void test_certificate_is_two_files_or_one(void **state)
{
	static const struct value_case cases[] = {
	    {"[{certificate: a.pem, key: b.pem}]", "[{certificate: \"a.pem\", key: \"b.pem\"}]"},
	    {"[{key: b.pem, certificate: a.pem}, both.pem]",
	     "[{certificate: \"a.pem\", key: \"b.pem\"}, "
	     "{certificate: \"both.pem\", key: \"both.pem\"}]"},
	    {"both.pem", "[{certificate: \"both.pem\", key: \"both.pem\"}]"},
	    {"[]", "[]"},
	    {"[a, b, c]", NULL},
	    {"{certificate: a.pem, key: b.pem}", NULL},
	    {"~", NULL},
	    {NULL, NULL},
	};

	(void)state;
	assert_values(&certificates, cases);
}

/* STYLE C9: each fault says where, what was met and what was wanted. */
static void test_certificate_faults_say_what_is_wanted(void **state)
{
	static const struct {
		const char *yaml;
		const char *told;
	} cases[] = {
	    {"[{certificate: a.pem}]",
	     "t:1:2: [0]: a mapping has no key (want {certificate: FILE, key: FILE} or one FILE "
	     "with both)\n"},
	    {"[{key: b.pem}]",
	     "t:1:2: [0]: a mapping has no certificate (want {certificate: FILE, key: FILE} or one "
	     "FILE with both)\n"},
	    {"[{certificate: a.pem, key: b.pem, chain: c.pem}]",
	     "t:1:35: [0].chain: is not a key here (want certificate or key)\n"},
	    {"[{certificate: \"\", key: [b]}]",
	     "t:1:16: [0].certificate: \"\" is too short (want a line of 1 to 4096 bytes)\n"
	     "t:1:25: [0].key: a list is not a line of text (want a line of 1 to 4096 bytes)\n"},
	    {"[[a, b]]",
	     "t:1:2: [0]: a list is not a certificate (want {certificate: FILE, key: FILE} or one "
	     "FILE with both)\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		union member member;
		char *told =
		    read_value(&certificates, cases[i].yaml, strlen(cases[i].yaml), &member);

		assert_non_null(told);
		assert_string_equal(told, cases[i].told);
		free(told);
	}
}

/* RFC 8996: there are two versions to choose from. */
static void test_version_is_one_of_two(void **state)
{
	static const struct conf_option version = {.type = &conf_type_tls_version};
	static const struct value_case cases[] = {
	    {"1.2", "\"1.2\""}, {"\"1.3\"", "\"1.3\""}, {"1.1", NULL}, {"TLSv1.2", NULL},
	    {"1.20", NULL},     {"[1.2]", NULL},        {NULL, NULL},
	};

	(void)state;
	assert_values(&version, cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_certificate_is_two_files_or_one),
	    cmocka_unit_test(test_certificate_faults_say_what_is_wanted),
	    cmocka_unit_test(test_version_is_one_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
