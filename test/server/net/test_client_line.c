/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/client_line: what a line about a client says, read back through a file in place of
 * standard output. */
#include "server/net/client_line.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "server/base/memory.h"
#include "server/net/client.h"
#include "test/server/base/log_capture.h"

/* Gives the record that was written; NULL when none was. */
static json_t *record_of(struct log_capture *capture)
{
	char *text = log_capture_stop(capture);
	json_t *record = NULL;

	if (text[0] != '\0') {
		record = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(record);
	}
	free(text);
	return record;
}

static const char *member(const json_t *record, const char *name)
{
	const char *value = json_string_value(json_object_get(record, name));

	return value != NULL ? value : "(no such string)";
}

static json_int_t number(const json_t *record, const char *name)
{
	const json_t *value = json_object_get(record, name);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}

/* Gives the record of a client's end. */
static json_t *ended(const char *address, const struct client_totals *totals)
{
	struct client client = {.id = 42, .kind = CLIENT_SOCKETIO_WEBSOCKET};
	struct sockaddr_in6 peer = {.sin6_family = AF_INET6, .sin6_port = htons(4711)};
	struct client_line line;
	struct log_capture capture;

	assert_int_equal(inet_pton(AF_INET6, address, &peer.sin6_addr), 1);
	log_configure(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_capture_start(&capture);
	client_line_begin(&line, &client, &peer);
	client_line_add(&line, "user.name", NULL);
	client_line_add(&line, "user.full_name", "");
	client_line_add(&line, "user_agent.original", "a\"\n\xff");
	client_line_write_end(&line, totals);
	return record_of(&capture);
}

/* client_line.h: the id is front-end and event; what is empty is left out; totals are numbers. */
static void test_client_line_tells_how_it_ended(void **state)
{
	const struct client_totals totals = {
	    .name = "reader",
	    .reason = CLOSE_SENDQ_EXCEEDED,
	    .lasted_ms = 61500,
	    .deliveries = 7,
	    .sent_bytes = UINT64_C(5000000000),
	    .unsent_bytes = 99,
	};
	json_t *record = ended("2001:db8::1", &totals);

	(void)state;
	assert_string_equal(member(record, "event.code"), "socketio.disconnected");
	assert_string_equal(member(record, "log.logger"), "socketio");
	assert_string_equal(member(record, "rcstreamd.id"), "42");
	assert_string_equal(member(record, "rcstreamd.transport"), "websocket");
	assert_string_equal(member(record, "source.ip"), "2001:db8::1");
	assert_int_equal(number(record, "source.port"), 4711);
	assert_string_equal(member(record, "user_agent.original"), "a\"\n\xef\xbf\xbd");
	assert_string_equal(member(record, "event.reason"), "sendq_exceeded");
	assert_int_equal(number(record, "event.duration"), INT64_C(61500000000));
	assert_int_equal(number(record, "destination.bytes"), INT64_C(5000000000));
	assert_int_equal(number(record, "rcstreamd.deliveries"), 7);
	assert_int_equal(number(record, "rcstreamd.unsent_bytes"), 99);
	assert_string_equal(member(record, "message"),
	                    "reader, sendq_exceeded after 61.5 s: 7 changes, 5000000000 bytes, 99 "
	                    "more were waiting");
	assert_null(json_object_get(record, "user.name"));
	assert_null(json_object_get(record, "user.full_name"));
	json_decref(record);
}

/* peer.h: a client of a socket in the file system has no address. */
static void test_client_line_of_a_unix_socket_has_no_address(void **state)
{
	const struct client_totals totals = {.reason = CLOSE_CLIENT_CLOSED};
	json_t *record = ended("::", &totals);

	(void)state;
	assert_string_equal(member(record, "source.address"), "unix");
	assert_null(json_object_get(record, "source.ip"));
	assert_string_equal(member(record, "message"),
	                    "client_closed after 0.0 s: 0 changes, 0 bytes");
	json_decref(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_client_line_tells_how_it_ended),
	    cmocka_unit_test(test_client_line_of_a_unix_socket_has_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
