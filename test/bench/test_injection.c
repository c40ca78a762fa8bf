/* SPDX-License-Identifier: Apache-2.0 */
/* bench/injection: every form of a change holds its serial, and rcstreamd can read it. */
#include "bench/injection.h"

#include <jansson.h>

#include "test/bench/listener.h"

static const struct injection *find(const char *name)
{
	const struct injection *injection = injection_find(name, strlen(name));

	assert_non_null(injection);
	return injection;
}

/* Gives what is written for a serial, NUL-terminated. */
static char *write_change(const char *name, uint32_t serial)
{
	struct buffer out = {0};
	size_t length;

	find(name)->write(&listener_subject, serial, &out);
	return buffer_take(&out, &length);
}

/* injection.h: the serial is found in each form; an unmarked change has none. */
static void test_every_form_holds_the_serial(void **state)
{
	static const char *const names[] = {"rc2udp", "rcfeed-udp", "irc", "post", "redis"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *change = write_change(names[i], 4711);
		char *unmarked = write_change(names[i], PROTOCOL_UNMARKED);
		uint32_t serial = 0;

		assert_true(protocol_serial(&listener_subject, change, strlen(change), &serial));
		assert_int_equal(serial, 4711);
		assert_false(
		    protocol_serial(&listener_subject, unmarked, strlen(unmarked), &serial));
		free(change);
		free(unmarked);
	}
}

/* RCFeed: an object with the wiki it is of; ids differ by serial and are exact in a double. */
static void test_json_is_a_change_of_the_wiki(void **state)
{
	char *text = write_change("rcfeed-udp", 5);
	json_t *change = json_loads(text, 0, NULL);

	(void)state;
	assert_non_null(change);
	assert_string_equal(json_string_value(json_object_get(change, "server_name")),
	                    "bench.example.org");
	assert_string_equal(json_string_value(json_object_get(change, "title")),
	                    "Serial 0123abcd.0000000005");
	assert_int_equal(json_integer_value(json_object_get(change, "id")), 1000000000000005);
	json_decref(change);
	free(text);
}

/* RC2UDP: "#channel TAB text LF"; a line that IRC's 512 bytes hold, as PRIVMSG too. */
static void test_lines_are_for_the_channel(void **state)
{
	char *datagram = write_change("rc2udp", 5), *line = write_change("irc", 5);

	(void)state;
	assert_memory_equal(datagram, "#bench.example\t\00314[[", 19);
	assert_int_equal(datagram[strlen(datagram) - 1], '\n');
	assert_memory_equal(line, "PRIVMSG #bench.example :\00314[[", 29);
	assert_in_range(strlen(line), 200, 400);
	free(datagram);
	free(line);
}

/* A length in front says how long the change is, in HTTP and in RESP. */
static void test_lengths_are_right(void **state)
{
	char *json = write_change("rcfeed-udp", 5);
	char *post = write_change("post", 5), *publish = write_change("redis", 5);
	char expected[128];

	(void)state;
	(void)snprintf(expected, sizeof(expected),
	               "POST /post HTTP/1.1\r\nHost: host.example\r\nContent-Length: %zu\r\n\r\n",
	               strlen(json));
	assert_memory_equal(post, expected, strlen(expected));
	assert_string_equal(post + strlen(expected), json);
	(void)snprintf(expected, sizeof(expected),
	               "*3\r\n$7\r\nPUBLISH\r\n$14\r\n#bench.example\r\n$%zu\r\n", strlen(json));
	assert_memory_equal(publish, expected, strlen(expected));
	assert_memory_equal(publish + strlen(expected), json, strlen(json));
	assert_string_equal(publish + strlen(expected) + strlen(json), "\r\n");
	free(json);
	free(post);
	free(publish);
}

/* injection.h: datagrams need no connection; methods are found by their whole name. */
static void test_methods_are_found_by_name(void **state)
{
	(void)state;
	assert_null(find("rc2udp")->connection);
	assert_null(find("rcfeed-udp")->connection);
	assert_ptr_equal(find("irc")->connection, &protocol_irc);
	assert_non_null(find("post")->connection);
	assert_null(injection_find("rc2ud", 5));
	assert_null(injection_find("none", 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_form_holds_the_serial),
	    cmocka_unit_test(test_json_is_a_change_of_the_wiki),
	    cmocka_unit_test(test_lines_are_for_the_channel),
	    cmocka_unit_test(test_lengths_are_right),
	    cmocka_unit_test(test_methods_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
