/* SPDX-License-Identifier: Apache-2.0 */
/* The connection as the source `redis` uses it, with a test at the other end. */
#include "ingest/redis_connection.h"

#include "test/ingest/redis_peer.h"

#define SUBSCRIBE  "*2\r\n$10\r\nPSUBSCRIBE\r\n$1\r\np\r\n"
#define SUBSCRIBED "*3\r\n$10\r\npsubscribe\r\n$1\r\np\r\n:1\r\n"

/* redis_connection.h: AUTH, SELECT, then the owner's commands; each waits for its answer. */
static void test_connection_logs_in_first(void **state)
{
	static const struct {
		const char *entry;
		const char *login;
	} cases[] = {
	    {"{type: redis, pattern: p, url: \"redis://127.0.0.1:PORT\"}", ""},
	    {"{type: redis, pattern: p, url: \"redis://:a%20b@127.0.0.1:PORT\"}",
	     "*2\r\n$4\r\nAUTH\r\n$3\r\na b\r\n"},
	    {"{type: redis, pattern: p, url: \"redis://u:p@127.0.0.1:PORT/12\"}",
	     "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n*2\r\n$6\r\nSELECT\r\n$2\r\n12\r\n"},
	    {"{type: redis, pattern: p, user: u, url: \"redis://:p@127.0.0.1:PORT\"}",
	     "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n"},
	    {"{type: redis, pattern: p, url: \"redis://127.0.0.1:PORT/1\"}",
	     "*2\r\n$6\r\nSELECT\r\n$1\r\n1\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct redis_peer peer;

		redis_peer_start(&peer, cases[i].entry);
		redis_peer_accept(&peer);
		redis_peer_expect(&peer, cases[i].login);
		if (strstr(cases[i].login, "AUTH") != NULL) {
			redis_peer_send(&peer, "+OK\r\n");
		}
		if (strstr(cases[i].login, "SELECT") != NULL) {
			redis_peer_turn(&peer, 5);
			redis_peer_send(&peer, "+OK\r\n");
		}
		redis_peer_expect(&peer, SUBSCRIBE);
		assert_int_equal(metric_read(&peer.rig->stats.is_up), 0);
		redis_peer_send(&peer, SUBSCRIBED);
		redis_peer_expect_up(&peer, true);
		redis_peer_finish(&peer);
	}
}

static const char plain_entry[] =
    "{type: redis, pattern: p, url: \"redis://127.0.0.1:PORT\", connect_timeout: 1, "
    "idle_timeout: 1, ping_timeout: 1}";

static void come_up(struct redis_peer *peer)
{
	redis_peer_accept(peer);
	redis_peer_expect(peer, SUBSCRIBE);
	redis_peer_send(peer, SUBSCRIBED);
	redis_peer_expect_up(peer, true);
}

/* status.h: `reconnects` counts returns of what was up before; `is_up` follows. */
static void test_connection_is_counted_when_it_comes_back(void **state)
{
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, plain_entry);
	redis_peer_accept(&peer);
	redis_peer_close(&peer); /* a loss before the first time up */
	come_up(&peer);
	assert_int_equal(metric_read(&peer.rig->stats.reconnects), 0);
	for (uint64_t i = 1; i <= 2; i++) {
		redis_peer_close(&peer);
		redis_peer_expect_up(&peer, false);
		come_up(&peer);
		assert_int_equal(metric_read(&peer.rig->stats.reconnects), i);
	}
	redis_peer_finish(&peer);
}

/* An answer that cannot be gone on with drops the connection, and another one follows. */
static void test_connection_is_tried_again_after_any_fault(void **state)
{
	static const char *const answers[] = {
	    "-NOAUTH Authentication required.\r\n",
	    "-LOADING Redis is loading\r\n",
	    "-\r\n",
	    "+OK\r\n",
	    ":1\r\n",
	    "$-1\r\n",
	    "*0\r\n",
	    "garbage\r\n",
	    "$536870912\r\n",
	    "*536870912\r\n",
	    "*3\r\n$10\r\npsubscribe\r\n",
	    SUBSCRIBED "*4\r\n$8\r\npmessage\r\n$1\r\nq\r\n$1\r\nc\r\n$1\r\nx\r\n",
	    SUBSCRIBED "*4\r\n$8\r\npmessage\r\n$1\r\np\r\n$1\r\nc\r\n:1\r\n",
	    SUBSCRIBED "*4\r\n$8\r\npmessage\r\n*0\r\n$1\r\nc\r\n:1\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct redis_peer peer;

		redis_peer_start(&peer, plain_entry);
		redis_peer_accept(&peer);
		redis_peer_expect(&peer, SUBSCRIBE);
		redis_peer_send(&peer, answers[i]);
		redis_peer_expect_closed(&peer);
		assert_int_equal(metric_read(&peer.rig->stats.is_up), 0);
		come_up(&peer);
		redis_peer_finish(&peer);
	}
}

/* A sign of life is a whole reply: one that never ends is silence. */
static void test_connection_that_dribbles_is_as_good_as_silent(void **state)
{
	struct redis_peer peer;
	uint64_t began = uv_hrtime();
	ssize_t sent = 1;

	(void)state;
	redis_peer_start(&peer, plain_entry);
	come_up(&peer);
	redis_peer_send(&peer, "$4000000\r\n");
	while (sent > 0 && metric_read(&peer.rig->stats.is_up) == 1) {
		assert_true(uv_hrtime() - began < 10000000000);
		sent = send(peer.connection, "x", 1, MSG_NOSIGNAL);
		redis_peer_turn(&peer, 10);
	}
	assert_true(uv_hrtime() - began > 1500000000);
	redis_peer_finish(&peer);
}

/* A PING that is answered is no loss, in either form of the answer. */
static void test_connection_that_answers_pings_stays(void **state)
{
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, plain_entry);
	come_up(&peer);
	for (int i = 0; i < 2; i++) {
		redis_peer_expect(&peer, "*1\r\n$4\r\nPING\r\n");
		redis_peer_send(&peer, i == 0 ? "*2\r\n$4\r\npong\r\n$0\r\n\r\n" : "+PONG\r\n");
	}
	redis_peer_turn(&peer, 500);
	assert_int_equal(metric_read(&peer.rig->stats.is_up), 1);
	assert_int_equal(metric_read(&peer.rig->stats.reconnects), 0);
	redis_peer_finish(&peer);
}

/* source.h: what comes during a pause waits outside, however long; nobody is late for it. */
static void test_connection_that_pauses_reads_nothing_and_blames_nobody(void **state)
{
	static const char push[] = "*4\r\n$8\r\npmessage\r\n$1\r\np\r\n$1\r\nc\r\n$23\r\n"
				   "{\"server_name\":\"a.org\"}\r\n";
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, plain_entry);
	come_up(&peer);
	peer.rig->type->pause(peer.rig->source);
	redis_peer_send(&peer, push);
	redis_peer_turn(&peer, 2500); /* longer than both time-outs */
	assert_int_equal(peer.rig->count, 0);
	assert_int_equal(metric_read(&peer.rig->stats.received), 0);
	redis_peer_expect_nothing(&peer);
	peer.rig->type->resume(peer.rig->source);
	peer.rig->type->resume(peer.rig->source);
	rig_turn(peer.rig, 1000, 1);
	assert_int_equal(peer.rig->count, 1);
	assert_int_equal(metric_read(&peer.rig->stats.is_up), 1);
	redis_peer_finish(&peer);
}

/* Paused while it connects, it goes on from there. */
static void test_connection_may_pause_before_it_is_there(void **state)
{
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, plain_entry);
	peer.rig->type->pause(peer.rig->source);
	redis_peer_accept(&peer);
	redis_peer_expect(&peer, SUBSCRIBE);
	redis_peer_send(&peer, SUBSCRIBED);
	redis_peer_turn(&peer, 1500); /* longer than connect_timeout */
	assert_int_equal(metric_read(&peer.rig->stats.is_up), 0);
	peer.rig->type->resume(peer.rig->source);
	redis_peer_expect_up(&peer, true);
	redis_peer_finish(&peer);
}

/* Stopped in any state nothing is left behind, which the loop of the rig sees to. */
static void test_connection_ends_in_any_state(void **state)
{
	(void)state;
	for (int stage = 0; stage < 4; stage++) {
		struct redis_peer peer;

		redis_peer_start(&peer, plain_entry);
		if (stage >= 1) {
			redis_peer_accept(&peer);
		}
		if (stage >= 2) {
			redis_peer_expect(&peer, SUBSCRIBE);
		}
		if (stage >= 3) {
			redis_peer_close(&peer); /* it waits for the next attempt */
			redis_peer_turn(&peer, 50);
		}
		redis_peer_finish(&peer);
	}
}

static void write_password(const char *text)
{
	FILE *file = fopen("redis-password.txt", "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* options.def: the first line of the file, whatever ends it; one must be there. */
static void test_connection_takes_its_password_from_a_file(void **state)
{
	static const char entry[] = "{type: redis, pattern: p, url: \"redis://127.0.0.1:PORT\", "
				    "password_file: redis-password.txt}";
	static const char *const good[] = {"a b", "a b\n", "a b\r\nmore\n"};
	static const char *const bad[] = {"", "\n", "\na b\n"};
	struct error error = {""};
	struct rig *rig;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct redis_peer peer;

		write_password(good[i]);
		redis_peer_start(&peer, entry);
		redis_peer_accept(&peer);
		redis_peer_expect(&peer, "*2\r\n$4\r\nAUTH\r\n$3\r\na b\r\n");
		redis_peer_finish(&peer);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_password(bad[i]);
		rig = rig_create("{type: redis, url: \"redis://127.0.0.1:1\", "
		                 "password_file: redis-password.txt}");
		assert_false(rig_start(rig, &error));
		assert_non_null(strstr(error.text, "holds no password"));
		rig_destroy(rig);
	}
	(void)unlink("redis-password.txt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_connection_logs_in_first),
	    cmocka_unit_test(test_connection_is_counted_when_it_comes_back),
	    cmocka_unit_test(test_connection_is_tried_again_after_any_fault),
	    cmocka_unit_test(test_connection_that_dribbles_is_as_good_as_silent),
	    cmocka_unit_test(test_connection_that_answers_pings_stays),
	    cmocka_unit_test(test_connection_that_pauses_reads_nothing_and_blames_nobody),
	    cmocka_unit_test(test_connection_may_pause_before_it_is_there),
	    cmocka_unit_test(test_connection_ends_in_any_state),
	    cmocka_unit_test(test_connection_takes_its_password_from_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
