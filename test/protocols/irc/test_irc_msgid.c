/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_msgid.h"

#include "protocols/irc/irc_server.h"
#include "test/server/feed/records.h"

#define STARTED_MS UINT64_C(0x18bcfe56800)

/* A server that has nothing but its start. */
struct run {
	struct status status;
	struct front_end_env env;
	struct irc_server server;
};

static const struct irc_server *run_since(struct run *run, uint64_t started_ms)
{
	run->status = (struct status){.started_ms = started_ms};
	run->env = (struct front_end_env){.status = &run->status};
	run->server = (struct irc_server){.env = &run->env};
	return &run->server;
}

static void assert_msgid(const struct irc_server *server, uint64_t id, const char *wanted)
{
	struct buffer out = {0};
	uint64_t parsed = 0;

	irc_msgid_append(&out, server, id);
	buffer_append_byte(&out, '\0');
	assert_string_equal(out.bytes, wanted);
	assert_true(out.length <= IRC_MSGID_MAX);
	assert_true(irc_msgid_parse(server, out.bytes, &parsed));
	assert_int_equal(parsed, id);
	buffer_finish(&out);
}

/* What was written is read again, up to the largest. */
static void test_irc_msgid_is_the_run_and_the_id(void **state)
{
	struct run run;

	(void)state;
	assert_msgid(run_since(&run, STARTED_MS), 1, "18bcfe56800-1");
	assert_msgid(run_since(&run, STARTED_MS), UINT64_MAX, "18bcfe56800-18446744073709551615");
	assert_msgid(run_since(&run, UINT64_MAX), UINT64_MAX,
	             "ffffffffffffffff-18446744073709551615");
}

/* ircv3.net, "Message IDs": unique on the network; the ids of changes begin anew with a run. */
static void test_irc_msgid_of_another_run_names_no_change(void **state)
{
	struct run run, next;
	uint64_t id = 0;

	(void)state;
	(void)run_since(&run, STARTED_MS);
	(void)run_since(&next, STARTED_MS + 1);
	assert_false(irc_msgid_parse(&next.server, "18bcfe56800-1", &id));
	assert_true(irc_msgid_parse(&next.server, "18bcfe56801-1", &id));
}

/* A client may send anything. */
static void test_irc_msgid_takes_nothing_else(void **state)
{
	static const char *const others[] = {
	    "",
	    "-",
	    "1",
	    "18bcfe56800",
	    "18bcfe56800-",
	    "18bcfe56800-0",
	    "18bcfe56800-01",
	    "18bcfe56800--1",
	    "18bcfe56800-+1",
	    "18bcfe56800- 1",
	    "18bcfe56800-1 ",
	    "18bcfe56800-1x",
	    "18bcfe56800-x",
	    "18BCFE56800-1",
	    "018bcfe56800-1",
	    "18bcfe5680-1",
	    "18bcfe56800-18446744073709551616",
	    "18bcfe56800-99999999999999999999999999999999999999999",
	};
	struct run run;
	uint64_t id = 0;

	(void)state;
	(void)run_since(&run, STARTED_MS);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_false(irc_msgid_parse(&run.server, others[i], &id));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_msgid_is_the_run_and_the_id),
	    cmocka_unit_test(test_irc_msgid_of_another_run_names_no_change),
	    cmocka_unit_test(test_irc_msgid_takes_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
