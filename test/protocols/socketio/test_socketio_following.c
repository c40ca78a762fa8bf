/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_following.h"

#include "test/protocols/socketio/fake_transport.h"

#define RUN   "123456789ab"
#define FIRST "5::/rc:{\"args\":[{}],\"name\":\"change\"}\n"

static struct stage stage;

static int begin(void **state)
{
	(void)state;
	stage_init(&stage);
	return 0;
}

static int end(void **state)
{
	(void)state;
	stage_finish(&stage);
	return 0;
}

/* Emit `subscribe` or another event with this JSON for its argument, without an ack. */
static void emit(const char *name, const char *argument)
{
	struct buffer packet = {0};

	buffer_printf(&packet, "5::/rc:{\"name\":\"%s\",\"args\":[%s]}", name, argument);
	socketio_session_take(stage.session, buffer_text(&packet));
	buffer_finish(&packet);
}

/* Emit with an ack, whose answer must be this JSON. */
static void call(const char *name, const char *argument, const char *before, const char *answer)
{
	struct buffer packet = {0};

	buffer_printf(&packet, "5:7+:/rc:{\"name\":\"%s\",\"args\":[%s]}", name, argument);
	socketio_session_take(stage.session, buffer_text(&packet));
	buffer_clear(&packet);
	buffer_printf(&packet, "%s6::/rc:7+[%s]\n", before, answer);
	buffer_append_byte(&packet, '\0');
	stage_expect(&stage, packet.bytes);
	buffer_finish(&packet);
}

static void publish(const char *wiki)
{
	world_publish(&stage.world, wiki, "{}");
}

static void publish_edit(const char *wiki, bool is_bot)
{
	world_publish_parts(&stage.world, &(struct change_parts){
					      .wiki = text_of(wiki),
					      .channel = TEXT("#channel"),
					      .json = TEXT("{}"),
					      .traits = {true, 0, is_bot ? CHANGE_YES : CHANGE_NO},
					  });
}

/* The changes with these ids came, and then what is in `rest`. */
static void expect_changes(const uint64_t *ids, const char *rest)
{
	struct buffer lines = {0};

	for (; *ids != 0; ids++) {
		buffer_printf(&lines, "5::/rc:{\"args\":[{},\"" RUN "-%u\"],\"name\":\"change\"}\n",
		              (unsigned)*ids);
	}
	buffer_append(&lines, rest, strlen(rest) + 1);
	stage_expect(&stage, lines.bytes);
	buffer_finish(&lines);
}

#define IDS(...) ((const uint64_t[]){__VA_ARGS__, 0})
#define NO_IDS   ((const uint64_t[]){0})

#define REPLAYED(changes, id)                                                           \
	"5::/rc:{\"args\":[{\"changes\":" changes ",\"position\":\"" RUN "-" id "\"}]," \
	"\"name\":\"replayed\"}\n"

#define GAP(from, to, reason) \
	"{\"from\":" from ",\"reason\":\"" reason "\",\"to\":\"" RUN "-" to "\"}"

#define GAP_EVENT(from, to, reason) \
	"5::/rc:{\"args\":[" GAP(from, to, reason) "],\"name\":\"gap\"}\n"

static void pass_ticks(void)
{
	world_pass(&stage.world, 4 * (uint64_t)DEADLINE_TICK_MS);
}

/* --- live --- */

/* The answer tells what was accepted; changes carry their position; the rest is not sent. */
static void test_an_object_filters_what_comes(void **state)
{
	(void)state;
	publish("en.wikipedia.org");
	call("subscribe", "{\"wiki\":\"*.wikipedia.org\",\"bot\":false}", "",
	     "{\"accepted\":{\"bot\":false,\"wiki\":[\"*.wikipedia.org\"]},\"id\":\"1\","
	     "\"position\":\"" RUN "-1\"}");
	publish_edit("en.wikipedia.org", true);
	publish_edit("en.wikipedia.org", false);
	publish_edit("en.wiktionary.org", false);
	publish("en.wikipedia.org");
	expect_changes(IDS(3), "");
}

/* Who never subscribes with an object reads what RCStream sent; who does, reads positions. */
static void test_positions_are_only_for_those_who_ask(void **state)
{
	(void)state;
	emit("subscribe", "\"a\"");
	publish("a");
	stage_expect(&stage, FIRST);
	emit("subscribe", "{\"wiki\":\"b\"}");
	publish("a");
	expect_changes(IDS(2), "");
	stage_take(&stage, "0::/rc");
	emit("subscribe", "\"a\"");
	publish("a");
	stage_expect(&stage, FIRST);
}

/* Once, however many subscriptions match, strings and objects. */
static void test_a_change_comes_once(void **state)
{
	(void)state;
	emit("subscribe", "[\"a\",\"*\"]");
	emit("subscribe", "{\"wiki\":[\"a\",\"?\"]}");
	emit("subscribe", "{}");
	publish("a");
	publish("b");
	expect_changes(IDS(1, 2), "");
}

/* By an object that asks for the same, or by the answer's id; nothing else. */
static void test_unsubscribe_ends_an_object(void **state)
{
	(void)state;
	emit("subscribe", "{\"wiki\":[\"a\",\"b\"]}");
	emit("subscribe", "{\"wiki\":\"c\"}");
	call("unsubscribe", "{\"wiki\":\"a\"}", "",
	     "{\"error\":\"No such subscription\",\"refused\":{}}");
	call("unsubscribe", "{\"id\":\"3\"}", "",
	     "{\"error\":\"No such subscription\",\"refused\":{}}");
	call("unsubscribe", "{\"id\":1}", "",
	     "{\"error\":\"No such subscription\",\"refused\":{\"id\":\"unknown member\"}}");
	emit("unsubscribe", "[\"a\",\"c\"]");
	publish("a");
	publish("c");
	expect_changes(IDS(1, 2), "");
	call("unsubscribe", "{\"wiki\":[\"b\",\"a\"],\"since\":0}", "",
	     "{\"ended\":true,\"id\":\"1\"}");
	call("unsubscribe", "{\"id\":\"2\"}", "", "{\"ended\":true,\"id\":\"2\"}");
	publish("a");
	publish("c");
	stage_expect(&stage, "");
	assert_int_equal(socketio_following_count(stage.session), 0);
}

/* Refused, with an error event and the members concerned: nothing is subscribed to. */
static void test_a_bad_object_subscribes_to_nothing(void **state)
{
	(void)state;
	call("subscribe", "{\"wiki\":\"a\",\"foo\":1,\"bot\":0}",
	     "5::/rc:{\"args\":[\"subscribe_error\",\"Bad subscription\"],\"name\":\"error\"}\n",
	     "{\"error\":\"Bad subscription\",\"refused\":{\"bot\":\"wanted true or false\","
	     "\"foo\":\"unknown member\"}}");
	publish("a");
	stage_expect(&stage, "");
	assert_int_equal(stage.world.metrics.socketio_subscriptions_refused, 0);
}

/* An object counts as one subscription, whatever its wikis; strings and objects share the limit. */
static void test_objects_count_towards_the_limit(void **state)
{
	static const char error[] = "5::/rc:{\"args\":[\"subscribe_error\",\"Too many "
				    "subscriptions\"],\"name\":\"error\"}\n";

	(void)state;
	emit("subscribe", "[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"]");
	emit("subscribe", "{\"wiki\":[\"a\",\"b\",\"c\"]}");
	emit("subscribe", "{\"wiki\":\"d\"}");
	stage_expect(&stage, "");
	emit("subscribe", "{\"wiki\":\"d\"}");
	stage_expect(&stage, "");
	call("subscribe", "{\"wiki\":\"e\"}", error,
	     "{\"error\":\"Too many subscriptions\",\"refused\":{}}");
	emit("subscribe", "\"8\"");
	stage_expect(&stage, error);
	assert_int_equal(stage.world.metrics.socketio_subscriptions_refused, 2);
	emit("unsubscribe", "{\"wiki\":\"d\"}");
	emit("subscribe", "\"8\"");
	publish("8");
	expect_changes(IDS(1), "");
}

/* --- since --- */

/* What came behind a position, and what comes meanwhile, in order and once. */
static void test_a_replay_joins_what_is_live(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		publish(i % 2 == 0 ? "a" : "b");
	}
	call("subscribe", "{\"wiki\":\"a\",\"since\":\"" RUN "-1\"}", "",
	     "{\"accepted\":{\"since\":\"" RUN "-1\",\"wiki\":[\"a\"]},\"from\":\"" RUN
	     "-1\",\"id\":\"1\",\"position\":\"" RUN "-6\"}");
	publish("a");
	publish("b");
	stage_expect(&stage, "");
	pass_ticks();
	expect_changes(IDS(3, 5, 7), REPLAYED("3", "8"));
	publish("a");
	pass_ticks();
	expect_changes(IDS(9), "");
	assert_int_equal(stage.world.metrics.socketio_replayed, 3);
}

/* A time is that of arrival: then or later. */
static void test_a_replay_begins_at_a_time(void **state)
{
	char object[64];

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		publish("a");
	}
	(void)snprintf(object, sizeof(object), "{\"since\":%llu}",
	               (unsigned long long)WORLD_STARTED_MS + 3000);
	emit("subscribe", object);
	pass_ticks();
	expect_changes(IDS(3, 4), REPLAYED("2", "4"));
}

/* What the session has had by another subscription, or has in the replay of one, is not repeated.
 */
static void test_two_replays_bring_a_change_once(void **state)
{
	(void)state;
	publish("a");
	publish("b");
	emit("subscribe", "\"a\"");
	publish("a");
	stage_expect(&stage, FIRST);
	emit("subscribe", "{\"wiki\":[\"a\",\"b\"],\"since\":\"" RUN "-0\"}");
	emit("subscribe", "{\"wiki\":\"*\",\"since\":\"" RUN "-0\"}");
	publish("c");
	publish("a");
	pass_ticks();
	expect_changes(IDS(1, 2, 4, 5), REPLAYED("4", "5"));
	emit("subscribe", "{\"wiki\":\"?\",\"since\":\"" RUN "-0\"}");
	pass_ticks();
	expect_changes(NO_IDS, REPLAYED("0", "5"));
}

/* What a string has brought is not repeated, whatever strings came after it; what it has not is. */
static void test_a_replay_knows_what_each_string_has_brought(void **state)
{
	(void)state;
	publish("b");
	emit("subscribe", "\"a\"");
	publish("a");
	publish("b");
	stage_expect(&stage, FIRST);
	emit("subscribe", "\"b\"");
	publish("a");
	publish("b");
	stage_expect(&stage, FIRST FIRST);
	emit("subscribe", "{\"since\":\"" RUN "-0\"}");
	pass_ticks();
	expect_changes(IDS(1, 3), REPLAYED("2", "5"));
}

/* Nor is it when another string comes in the middle of the replay, which brings nothing older. */
static void test_a_string_in_a_replay_brings_what_is_new(void **state)
{
	(void)state;
	publish("b");
	emit("subscribe", "\"a\"");
	publish("a");
	stage_expect(&stage, FIRST);
	emit("subscribe", "{\"wiki\":[\"a\",\"b\"],\"since\":\"" RUN "-0\"}");
	publish("c");
	emit("subscribe", "\"c\"");
	publish("c");
	publish("a");
	pass_ticks();
	expect_changes(IDS(1, 4, 5), REPLAYED("3", "5"));
}

/* Asked for again with a position, it is sent again from there. */
static void test_the_same_object_is_replayed_again(void **state)
{
	(void)state;
	publish("a");
	publish("a");
	emit("subscribe", "{\"wiki\":\"a\",\"since\":\"" RUN "-0\"}");
	pass_ticks();
	expect_changes(IDS(1, 2), REPLAYED("2", "2"));
	call("subscribe", "{\"wiki\":\"a\",\"since\":\"" RUN "-1\"}", "",
	     "{\"accepted\":{\"since\":\"" RUN "-1\",\"wiki\":[\"a\"]},\"from\":\"" RUN
	     "-1\",\"id\":\"1\",\"position\":\"" RUN "-2\"}");
	pass_ticks();
	expect_changes(IDS(2), REPLAYED("1", "2"));
}

/* A slow client gets no more than it takes, and all of it in the end, with what came meanwhile. */
static void test_a_replay_waits_for_a_slow_client(void **state)
{
	(void)state;
	emit("subscribe", "\"b\"");
	publish("a");
	emit("subscribe", "{\"wiki\":\"a\",\"since\":\"" RUN "-0\"}");
	stage.fake.waiting = NET_CHOKE + 1;
	publish("b");
	pass_ticks();
	stage_expect(&stage, "");
	stage.fake.waiting = NET_CHOKE;
	pass_ticks();
	expect_changes(IDS(1, 2), REPLAYED("2", "2"));
}

/* A position that another worker gave may be ahead of this one: nothing comes twice. */
static void test_a_position_may_be_ahead_of_this_worker(void **state)
{
	(void)state;
	publish("a");
	emit("subscribe", "{\"since\":\"" RUN "-3\"}");
	pass_ticks();
	expect_changes(NO_IDS, REPLAYED("0", "1"));
	for (unsigned i = 0; i < 3; i++) {
		publish("a");
	}
	expect_changes(IDS(4), "");
}

/* Where nothing is to be replayed nothing is held back, and so nothing lost without a memory. */
static void test_an_empty_replay_holds_nothing_back(void **state)
{
	struct world *world = &stage.world;

	(void)state;
	history_destroy(world->history);
	world->history = history_create(&(struct history_options){.changes_max = 0});
	world->env.history = world->history;
	emit("subscribe", "\"b\"");
	publish("a");
	emit("subscribe", "{\"wiki\":\"a\",\"since\":\"" RUN "-1\"}");
	publish("a");
	publish("b");
	expect_changes(IDS(2, 3), "");
	pass_ticks();
	stage_expect(&stage, REPLAYED("0", "3"));
	pass_ticks();
	publish("a");
	expect_changes(IDS(4), "");
}

/* All sessions together look at so many changes a turn; the rest waits for the next. */
static void test_a_turn_has_a_bound(void **state)
{
	(void)state;
	publish("a");
	emit("subscribe", "{\"since\":\"" RUN "-0\"}");
	stage.sessions.effort.turn = stage.world.net->turn;
	stage.sessions.effort.spent = SOCKETIO_LOOKS_TURN;
	pass_ticks();
	stage_expect(&stage, "");
	stage.world.net->turn++;
	pass_ticks();
	expect_changes(IDS(1), REPLAYED("1", "1"));
}

/* --- gaps --- */

/* What is forgotten is told of, in the answer and by an event; the rest is sent. */
static void test_what_is_forgotten_is_a_gap(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WORLD_CHANGES_MAX + 3; i++) {
		publish(i == WORLD_CHANGES_MAX ? "a" : "b");
	}
	call("subscribe", "{\"wiki\":\"b\",\"since\":\"" RUN "-2\"}",
	     GAP_EVENT("\"" RUN "-2\"", "3", "forgotten"),
	     "{\"accepted\":{\"since\":\"" RUN "-2\",\"wiki\":[\"b\"]},\"from\":\"" RUN
	     "-3\",\"gap\":" GAP("\"" RUN "-2\"", "3",
	                         "forgotten") ",\"id\":\"1\",\"position\":\"" RUN "-23\"}");
	emit("unsubscribe", "{\"wiki\":\"b\"}");
	pass_ticks();
	stage_expect(&stage, REPLAYED("0", "23"));
	/* None of this wiki was forgotten: no gap. */
	emit("subscribe", "{\"wiki\":\"a\",\"since\":\"" RUN "-2\"}");
	pass_ticks();
	expect_changes(IDS(21), REPLAYED("1", "23"));
	assert_int_equal(stage.world.metrics.socketio_gaps, 1);
}

/* From before the server's start, and from another run of it, nobody knows. */
static void test_another_run_is_a_gap(void **state)
{
	(void)state;
	publish("a");
	emit("subscribe", "{\"since\":0}");
	stage_expect(&stage, GAP_EVENT("0", "0", "forgotten"));
	pass_ticks();
	expect_changes(IDS(1), REPLAYED("1", "1"));
	emit("unsubscribe", "{}");
	emit("subscribe", "{\"wiki\":\"a\",\"since\":\"123456789ac-1\"}");
	stage_expect(&stage, GAP_EVENT("\"123456789ac-1\"", "0", "unknown position"));
	pass_ticks();
	expect_changes(IDS(1), REPLAYED("1", "1"));
	emit("unsubscribe", "{\"wiki\":\"a\"}");
	emit("subscribe", "{\"since\":\"" RUN "-18446744073709551615\"}");
	stage_expect(&stage,
	             GAP_EVENT("\"" RUN "-18446744073709551615\"", "0", "unknown position"));
}

/* max_replay bounds how far back a replay goes; the newest are sent. */
static void test_a_replay_has_a_limit(void **state)
{
	(void)state;
	stage.world.conf.socketio.max_replay = 2;
	for (unsigned i = 0; i < 5; i++) {
		publish("a");
	}
	emit("subscribe", "{\"since\":\"" RUN "-1\"}");
	stage_expect(&stage, GAP_EVENT("\"" RUN "-1\"", "3", "max_replay"));
	pass_ticks();
	expect_changes(IDS(4, 5), REPLAYED("2", "5"));
}

/* What is forgotten while the client takes its time is told of too. */
static void test_what_is_forgotten_during_a_replay_is_a_gap(void **state)
{
	(void)state;
	publish("a");
	emit("subscribe", "{\"wiki\":\"a\",\"since\":\"" RUN "-0\"}");
	for (unsigned i = 0; i < WORLD_CHANGES_MAX + 3; i++) {
		publish(i == WORLD_CHANGES_MAX ? "a" : "b");
	}
	pass_ticks();
	stage_expect(&stage,
	             GAP_EVENT("\"" RUN "-0\"", "4",
	                       "forgotten") "5::/rc:{\"args\":[{},\"" RUN
	                                    "-22\"],\"name\":\"change\"}\n" REPLAYED("1", "24"));
}

/* --- ends --- */

/* A transport that ends the session in the middle of a replay. */
static void test_a_session_may_end_in_a_replay(void **state)
{
	(void)state;
	publish("a");
	publish("a");
	emit("subscribe", "{\"since\":\"" RUN "-0\"}");
	stage.fake.ends_on_delivery = true;
	pass_ticks();
	stage_expect(&stage, "");
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
}

/* And one that ends it while a change is delivered to an object. */
static void test_a_session_may_end_in_a_delivery(void **state)
{
	(void)state;
	emit("subscribe", "{\"wiki\":\"a\"}");
	emit("subscribe", "{\"wiki\":\"*\"}");
	stage.fake.ends_on_delivery = true;
	publish("a");
	publish("a");
	stage_expect(&stage, "");
	assert_int_equal(stage.world.metrics.socketio_sessions, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	    TEST(test_an_object_filters_what_comes),
	    TEST(test_positions_are_only_for_those_who_ask),
	    TEST(test_a_change_comes_once),
	    TEST(test_unsubscribe_ends_an_object),
	    TEST(test_a_bad_object_subscribes_to_nothing),
	    TEST(test_objects_count_towards_the_limit),
	    TEST(test_a_replay_joins_what_is_live),
	    TEST(test_a_replay_begins_at_a_time),
	    TEST(test_two_replays_bring_a_change_once),
	    TEST(test_a_replay_knows_what_each_string_has_brought),
	    TEST(test_a_string_in_a_replay_brings_what_is_new),
	    TEST(test_the_same_object_is_replayed_again),
	    TEST(test_a_replay_waits_for_a_slow_client),
	    TEST(test_a_position_may_be_ahead_of_this_worker),
	    TEST(test_an_empty_replay_holds_nothing_back),
	    TEST(test_a_turn_has_a_bound),
	    TEST(test_what_is_forgotten_is_a_gap),
	    TEST(test_another_run_is_a_gap),
	    TEST(test_a_replay_has_a_limit),
	    TEST(test_what_is_forgotten_during_a_replay_is_a_gap),
	    TEST(test_a_session_may_end_in_a_replay),
	    TEST(test_a_session_may_end_in_a_delivery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
