/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_CONF_VALUE_TEST_H
#define TEST_CONF_VALUE_TEST_H

#include "conf/conf_schema.h"
#include "conf/conf_type_address.h"
#include "conf/conf_type_datagram.h"
#include "conf/conf_type_number.h"
#include "conf/conf_type_redis.h"
#include "conf/conf_type_text.h"
#include "conf/conf_type_tls.h"
#include "test/conf/conf_test.h"

/* What the tests of the types have in common: one value, read and printed. */

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
	struct conf_strings strings;
	struct conf_redis_url redis_url;
	struct conf_certificates certificates;
	enum conf_tls_version version;
};

/* Reads the YAML of one value; gives the faults told, NULL when it was taken. */
static inline char *read_value(const struct conf_option *option, const char *yaml, size_t length,
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

static inline void finish(const struct conf_option *option, union member *member)
{
	if (option->type->finish != NULL) {
		option->type->finish(member);
	}
}

/* Gives what the value prints as, or the faults. */
static inline char *print_value(const struct conf_option *option, const char *yaml)
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

static inline void assert_values(const struct conf_option *option, const struct value_case *cases)
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

#endif
