/* SPDX-License-Identifier: Apache-2.0 */
/* server/base/log_json: the names of a record's members, and what becomes of what is too long. */
#include "server/base/log_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static const char *member(const json_t *record, const char *name)
{
	const char *value = json_string_value(json_object_get(record, name));

	return value != NULL ? value : "(no such string)";
}

static json_int_t number(const json_t *record, const char *name)
{
	return json_integer_value(json_object_get(record, name));
}

/* Write a record with this sentence to a line; it is NUL-terminated, too. */
static void write_line(struct log_line *line, const struct log_scope *scope, const char *text)
{
	const struct log_record record = {
	    .level = "info", .scope = scope, .id = "t.scope", .text = text};

	*line = (struct log_line){.room = LOG_LINE_MAX};
	log_json_write(line, &record);
	assert_true(line->length < LOG_LINE_MAX);
	assert_int_equal(line->bytes[line->length - 1], '\n');
	line->bytes[line->length] = '\0';
}

/* Gives the object of a scope's record, to be ended with json_decref(). */
static json_t *record_of_scope(const struct log_scope *scope)
{
	struct log_line line;
	json_t *record;

	write_line(&line, scope, "sentence");
	record = json_loads(line.bytes, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(record);
	return record;
}

/* The specification of ECS logging: time, level and sentence come first, in this order. */
static void test_log_json_record_begins_with_what_people_read(void **state)
{
	static const char *const first[] = {"@timestamp", "log.level", "message", "ecs.version"};
	struct log_line line;
	const char *at = line.bytes;

	(void)state;
	write_line(&line, &(struct log_scope){.name = "irc"}, "x");
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%s\"%s\":", i == 0 ? "{" : ",", first[i]);
		at = strstr(at, name);
		assert_non_null(at);
		assert_true(i > 0 || at == line.bytes);
	}
}

/* ECS: source.ip is an address and nothing else; what is none stands in source.address alone. */
static void test_log_json_takes_a_peer_apart(void **state)
{
	static const struct {
		const char *peer, *address, *ip;
		int port;
	} cases[] = {
	    {"192.0.2.1:4711", "192.0.2.1", "192.0.2.1", 4711},
	    {"192.0.2.1", "192.0.2.1", "192.0.2.1", 0},
	    {"[2001:db8::1]:65535", "2001:db8::1", "2001:db8::1", 65535},
	    {"2001:db8::1", "2001:db8::1", "2001:db8::1", 0},
	    {"[2001:db8::1]", "[2001:db8::1]", NULL, 0},
	    {"unix", "unix", NULL, 0},
	    {"host.example:80", "host.example:80", NULL, 0},
	    {"192.0.2.256:1", "192.0.2.256:1", NULL, 0},
	    {"", "", NULL, 0},
	    {"[", "[", NULL, 0},
	    {"[]:", "[]:", NULL, 0},
	    {":", ":", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct log_scope of = {.name = "irc", .peer = cases[i].peer};
		json_t *record = record_of_scope(&of);

		assert_string_equal(member(record, "source.address"), cases[i].address);
		assert_string_equal(member(record, "source.ip"),
		                    cases[i].ip != NULL ? cases[i].ip : "(no such string)");
		assert_int_equal(number(record, "source.port"), cases[i].port);
		json_decref(record);
	}
}

/* log.h: fields are members, texts escaped as every text is. */
static void test_log_fields_are_members(void **state)
{
	static const char hostile[] = "a\"b\\c\nd\x1b\xff";
	const struct log_field fields[] = {
	    {.name = "user.name", .text = hostile},
	    {.name = "event.duration", .number = UINT64_C(9007199254740993)},
	    {0},
	};
	const struct log_scope of = {.name = "irc", .fields = fields};
	json_t *record = record_of_scope(&of);

	(void)state;
	assert_string_equal(member(record, "user.name"), "a\"b\\c\nd\x1b" REPLACEMENT);
	assert_int_equal(number(record, "event.duration"), INT64_C(9007199254740993));
	json_decref(record);
}

/* log_json.h: a field that takes too much is left out, whole; those behind it are not. */
static void test_log_leaves_out_a_field_that_is_too_long(void **state)
{
	char text[LOG_LINE_MAX];
	const struct log_field fields[] = {
	    {.name = "user_agent.original", .text = text},
	    {.name = "user.name", .text = "short"},
	    {0},
	};
	const struct log_scope of = {.name = "irc", .fields = fields};

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t length = 1; length < sizeof(text); length += 113) {
		json_t *record;

		text[length] = '\0';
		record = record_of_scope(&of);
		if (json_object_get(record, "user_agent.original") != NULL) {
			assert_string_equal(member(record, "user_agent.original"), text);
			assert_true(length < LOG_LINE_MAX / 2);
		} else {
			assert_true(length > LOG_LINE_MAX / 4);
		}
		assert_string_equal(member(record, "user.name"), "short");
		assert_string_equal(member(record, "message"), "sentence");
		json_decref(record);
		text[length] = 'x';
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_log_json_record_begins_with_what_people_read),
	    cmocka_unit_test(test_log_json_takes_a_peer_apart),
	    cmocka_unit_test(test_log_fields_are_members),
	    cmocka_unit_test(test_log_leaves_out_a_field_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
