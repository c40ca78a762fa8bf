/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis_stream.h"

#include "test/ingest/redis_peer.h"

#define ENTRY(id, field) \
	"*2\r\n$3\r\n" id "\r\n*2\r\n$4\r\n" field "\r\n$25\r\n{\"server_name\":\"ab.org\" }\r\n"
#define INFO(id)                                                            \
	"*6\r\n$6\r\nlength\r\n:1\r\n$17\r\nlast-generated-id\r\n$3\r\n" id \
	"\r\n$13\r\nentries-added\r\n:9\r\n"
#define NO_KEY "-ERR no such key\r\n"
#define ASK    "*3\r\n$5\r\nXINFO\r\n$6\r\nSTREAM\r\n$1\r\ns\r\n"
#define READ(id)                                                                                \
	"*8\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n$3\r\n100\r\n$5\r\nBLOCK\r\n$5\r\n30000\r\n$7\r\n" \
	"STREAMS\r\n$1\r\ns\r\n$3\r\n" id "\r\n"

static const char entry[] = "{type: redis-stream, streams: s, url: \"redis://127.0.0.1:PORT\"}";

/* "$" is turned into an id at once: what is added during an outage is behind it. */
static void test_stream_begins_at_the_end_and_goes_on_there(void **state)
{
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, entry);
	redis_peer_accept(&peer);
	redis_peer_expect(&peer, ASK);
	redis_peer_send(&peer, INFO("5-0"));
	redis_peer_expect(&peer, READ("5-0"));
	redis_peer_expect_up(&peer, true);
	redis_peer_accept(&peer); /* lost before anything came */
	redis_peer_expect(&peer, ASK);
	redis_peer_send(&peer, INFO("7-0"));
	redis_peer_expect(&peer, READ("5-0"));
	redis_peer_send(&peer,
	                "*1\r\n*2\r\n$1\r\ns\r\n*2\r\n" ENTRY("6-0", "json") ENTRY("7-0", "json"));
	redis_peer_expect(&peer, READ("7-0"));
	assert_int_equal(peer.rig->count, 2);
	redis_peer_send(&peer, "*-1\r\n");
	redis_peer_expect(&peer, READ("7-0"));
	assert_int_equal(metric_read(&peer.rig->stats.reconnects), 1);
	redis_peer_finish(&peer);
}

/* source.h: entries without the field, or that are no change, are dropped with their reason. */
static void test_stream_counts_drops_by_reason(void **state)
{
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, entry);
	redis_peer_accept(&peer);
	redis_peer_expect(&peer, ASK);
	redis_peer_send(&peer, NO_KEY);
	redis_peer_expect(&peer, READ("0-0"));
	redis_peer_send(&peer,
	                "*1\r\n*2\r\n$1\r\ns\r\n*3\r\n" ENTRY(
			    "1-0", "text") "*2\r\n$3\r\n2-0\r\n*-1\r\n"
	                                   "*2\r\n$3\r\n3-0\r\n*2\r\n$4\r\njson\r\n$1\r\n{\r\n");
	redis_peer_expect(&peer, READ("3-0"));
	assert_int_equal(peer.rig->count, 0);
	assert_int_equal(rig_dropped(peer.rig, DROP_NO_FIELD), 2);
	assert_int_equal(rig_dropped(peer.rig, DROP_JSON_SYNTAX), 1);
	assert_int_equal(metric_read(&peer.rig->stats.received), 3);
	redis_peer_finish(&peer);
}

/* status.h: a gap is counted; what Redis 7 says tells that there is one. */
static void test_stream_counts_gaps(void **state)
{
	static const char trimmed[] =
	    "*8\r\n$6\r\nlength\r\n:1\r\n$17\r\nlast-generated-id\r\n$3\r\n9-0\r\n"
	    "$13\r\nentries-added\r\n:12\r\n$11\r\nfirst-entry\r\n"
	    "*2\r\n$3\r\n9-0\r\n*0\r\n";
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, entry);
	redis_peer_accept(&peer);
	redis_peer_expect(&peer, ASK);
	redis_peer_send(&peer, INFO("5-0"));
	redis_peer_expect(&peer, READ("5-0"));
	assert_int_equal(metric_read(&peer.rig->stats.gaps), 0);
	redis_peer_accept(&peer);
	redis_peer_expect(&peer, ASK);
	redis_peer_send(&peer, trimmed);
	redis_peer_expect(&peer, READ("5-0"));
	assert_int_equal(metric_read(&peer.rig->stats.gaps), 1);
	redis_peer_finish(&peer);
}

/* What an answer holds before it goes wrong is taken, and is not asked for again. */
static void test_stream_keeps_what_was_good_of_an_answer(void **state)
{
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, entry);
	redis_peer_accept(&peer);
	redis_peer_expect(&peer, ASK);
	redis_peer_send(&peer, INFO("5-0"));
	redis_peer_expect(&peer, READ("5-0"));
	redis_peer_send(&peer,
	                "*1\r\n*2\r\n$1\r\ns\r\n*2\r\n" ENTRY("6-0", "json") ENTRY("6-0", "json"));
	redis_peer_expect_closed(&peer);
	assert_int_equal(peer.rig->count, 1);
	redis_peer_accept(&peer);
	redis_peer_expect(&peer, ASK);
	redis_peer_send(&peer, INFO("6-0"));
	redis_peer_expect(&peer, READ("6-0"));
	redis_peer_finish(&peer);
}

/* redis_stream.c: half as many at a time when an answer broke a limit, and only then. */
static void test_stream_asks_for_less_after_too_long_an_answer(void **state)
{
	static const char read_50[] =
	    "*8\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n$2\r\n50\r\n$5\r\nBLOCK\r\n$5\r\n30000\r\n$7\r\n"
	    "STREAMS\r\n$1\r\ns\r\n$3\r\n5-0\r\n";
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, entry);
	for (int i = 0; i < 4; i++) {
		redis_peer_accept(&peer);
		redis_peer_expect(&peer, ASK);
		redis_peer_send(&peer, INFO("5-0"));
		redis_peer_expect(&peer, i < 2 ? READ("5-0") : read_50);
		if (i == 1) {
			redis_peer_send(&peer, "*1\r\n$4194305\r\n");
			redis_peer_expect_closed(&peer);
		}
	}
	redis_peer_finish(&peer);
}

/* Several streams are read in one command, each from its own place. */
static void test_stream_reads_several(void **state)
{
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, "{type: redis-stream, streams: [s, tt], start: 1-1, field: f, "
	                        "idle_timeout: 2, url: \"redis://127.0.0.1:PORT\"}");
	redis_peer_accept(&peer);
	redis_peer_expect(&peer, ASK "*3\r\n$5\r\nXINFO\r\n$6\r\nSTREAM\r\n$2\r\ntt\r\n");
	redis_peer_send(&peer, INFO("5-0"));
	redis_peer_send(&peer, NO_KEY);
	redis_peer_expect(&peer, "*10\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n$3\r\n100\r\n$5\r\nBLOCK\r\n"
	                         "$4\r\n1000\r\n$7\r\nSTREAMS\r\n$1\r\ns\r\n$2\r\ntt\r\n"
	                         "$3\r\n1-1\r\n$3\r\n1-1\r\n");
	redis_peer_send(&peer, "*1\r\n*2\r\n$2\r\ntt\r\n*1\r\n*2\r\n$3\r\n9-9\r\n*2\r\n$1\r\nf\r\n"
	                       "$24\r\n{\"server_name\":\"ab.org\"}\r\n");
	redis_peer_expect(&peer, "*10\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n$3\r\n100\r\n$5\r\nBLOCK\r\n"
	                         "$4\r\n1000\r\n$7\r\nSTREAMS\r\n$1\r\ns\r\n$2\r\ntt\r\n"
	                         "$3\r\n1-1\r\n$3\r\n9-9\r\n");
	assert_int_equal(peer.rig->count, 1);
	redis_peer_finish(&peer);
}

/* source.h: NULL with a sentence, and nothing left behind. */
static void test_stream_is_refused_a_state_file_it_cannot_use(void **state)
{
	struct rig *rig = rig_create("{type: redis-stream, streams: s, url: \"redis://h\", "
	                             "state_file: /nonexistent/state.json}");
	struct error error = {""};

	(void)state;
	assert_false(rig_start(rig, &error));
	assert_non_null(strstr(error.text, "/nonexistent/state.json"));
	rig_destroy(rig);
	/* The file is good, but another is not: what was made for it goes as well. */
	rig = rig_create("{type: redis-stream, streams: s, url: \"redis://h\", "
	                 "state_file: redis-state.json, password_file: /nonexistent/p}");
	assert_false(rig_start(rig, &error));
	assert_non_null(strstr(error.text, "/nonexistent/p"));
	rig_destroy(rig);
	(void)unlink("redis-state.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stream_begins_at_the_end_and_goes_on_there),
	    cmocka_unit_test(test_stream_counts_drops_by_reason),
	    cmocka_unit_test(test_stream_counts_gaps),
	    cmocka_unit_test(test_stream_keeps_what_was_good_of_an_answer),
	    cmocka_unit_test(test_stream_asks_for_less_after_too_long_an_answer),
	    cmocka_unit_test(test_stream_reads_several),
	    cmocka_unit_test(test_stream_is_refused_a_state_file_it_cannot_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
