/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_batch.h"

#include "protocols/irc/irc_reply.h"
#include "test/protocols/irc/harness.h"

#define S ":" TEST_SERVER

static struct irc_session *session_of(struct harness *harness)
{
	return harness->net->all->owner;
}

/* ircv3.net, "Batch": "+" and a reference, the type, its parameters; the same with "-" ends it. */
static void test_irc_batch_has_a_beginning_and_an_end(void **state)
{
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");
	struct irc_session *session = session_of(harness);
	char first[IRC_BATCH_REFERENCE_MAX], second[IRC_BATCH_REFERENCE_MAX];

	session->capabilities = IRC_CAP_BATCH;
	irc_batch_begin(session, "chathistory", "#en.wikipedia", first);
	irc_batch_begin(session, "netsplit", NULL, second);
	irc_batch_end(session, second);
	irc_batch_end(session, first);
	irc_reply_flush(session);
	assert_string_not_equal(first, second);
	expect(harness, client,
	       S " BATCH +1 chathistory #en.wikipedia\r\n" S " BATCH +2 netsplit\r\n" S
	         " BATCH -2\r\n" S " BATCH -1\r\n");
	(void)close(client);
}

/* ibid.: a reference is not that of another open batch; here it is never used again. */
static void test_irc_batch_references_are_never_used_again(void **state)
{
	struct harness *harness = *state;
	int client = client_registered(harness, "reader");
	struct irc_session *session = session_of(harness);
	char reference[IRC_BATCH_REFERENCE_MAX];

	session->capabilities = IRC_CAP_BATCH;
	session->batches = UINT64_MAX - 1;
	irc_batch_begin(session, "a", NULL, reference);
	assert_string_equal(reference, "18446744073709551615");
	irc_batch_end(session, reference);
	irc_reply_flush(session);
	(void)close(client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_irc_batch_has_a_beginning_and_an_end),
	    TEST(test_irc_batch_references_are_never_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
