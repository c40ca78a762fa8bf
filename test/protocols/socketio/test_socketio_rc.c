/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_rc.h"

#include "server/feed/subscription.h"
#include "test/protocols/socketio/fake_transport.h"

#define CHANGE "5::/rc:{\"args\":[{}],\"name\":\"change\"}\n"
#define TOO_MANY \
	"5::/rc:{\"args\":[\"subscribe_error\",\"Too many subscriptions\"],\"name\":\"error\"}\n"

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

/* Emit an event whose arguments are this JSON; `id` as in "7+", or "". */
static void emit(const char *id, const char *name, const char *arguments)
{
	struct buffer packet = {0};

	buffer_printf(&packet, "5:%s:/rc:{\"name\":\"%s\",\"args\":%s}", id, name, arguments);
	socketio_session_take(stage.session, buffer_text(&packet));
	buffer_finish(&packet);
}

static void expect_change_of(const char *wiki)
{
	world_publish(&stage.world, wiki, "{}");
	stage_expect(&stage, CHANGE);
}

static void expect_no_change_of(const char *wiki)
{
	world_publish(&stage.world, wiki, "{}");
	stage_expect(&stage, "");
}

/* --- the namespace --- */

/* A connect is echoed, a second one too; subscriptions stay. */
static void test_a_connect_is_echoed_and_keeps_the_subscriptions(void **state)
{
	(void)state;
	stage_take(&stage, "1::/rc");
	stage_expect(&stage, "1::/rc\n");
	emit("", "subscribe", "[\"en.wikipedia.org\"]");
	stage_take(&stage, "1::/rc:?a=b");
	stage_expect(&stage, "1::/rc\n");
	expect_change_of("en.wikipedia.org");
}

/* gevent-socketio made the namespace by any packet: an event need not wait for the connect. */
static void test_an_event_before_the_connect_counts(void **state)
{
	(void)state;
	emit("", "subscribe", "[\"en.wikipedia.org\"]");
	expect_change_of("en.wikipedia.org");
}

/* socket.io keeps the session when the namespace is left, and lets it come back empty. */
static void test_leaving_the_namespace_ends_its_subscriptions_only(void **state)
{
	(void)state;
	emit("", "subscribe", "[[\"en.wikipedia.org\",\"*\"]]");
	stage_take(&stage, "0::/rc:");
	expect_no_change_of("en.wikipedia.org");
	assert_false(stage.session->is_ended);
	stage_take(&stage, "1::/rc");
	stage_expect(&stage, "1::/rc\n");
	expect_no_change_of("en.wikipedia.org");
	emit("", "subscribe", "[\"en.wikipedia.org\"]");
	expect_change_of("en.wikipedia.org");
}

/* --- subscribe, unsubscribe --- */

/* A string or a list of strings; a name is that wiki and no other. */
static void test_a_subscription_is_a_name_or_a_list_of_names(void **state)
{
	(void)state;
	emit("", "subscribe", "[\"en.wikipedia.org\"]");
	emit("", "subscribe", "[[\"de.wikipedia.org\",\"fr.wikipedia.org\"]]");
	expect_change_of("en.wikipedia.org");
	expect_change_of("de.wikipedia.org");
	expect_change_of("fr.wikipedia.org");
	expect_no_change_of("en.wikipedia.org.example");
	expect_no_change_of("EN.wikipedia.org");
}

/* Python's fnmatch, which RCStream used. */
static void test_a_subscription_may_be_a_pattern(void **state)
{
	(void)state;
	emit("", "subscribe", "[[\"*.wiktionary.org\",\"[de]?.wikipedia.org\"]]");
	expect_change_of("en.wiktionary.org");
	expect_change_of("de.wikipedia.org");
	expect_change_of("en.wikipedia.org");
	expect_no_change_of("fr.wikipedia.org");
}

/* Once to each session, however many of its patterns fit. */
static void test_a_change_comes_once(void **state)
{
	(void)state;
	emit("", "subscribe", "[[\"*\",\"en.*\",\"en.wikipedia.org\"]]");
	expect_change_of("en.wikipedia.org");
}

/* Equal strings only: a pattern takes nothing away but itself. */
static void test_unsubscribe_takes_equal_strings_away(void **state)
{
	(void)state;
	emit("", "subscribe", "[[\"en.wikipedia.org\",\"de.*\",\"fr.wikipedia.org\"]]");
	emit("", "unsubscribe", "[\"*\"]");
	emit("", "unsubscribe", "[\"de.wikipedia.org\"]");
	expect_change_of("en.wikipedia.org");
	expect_change_of("de.wikipedia.org");
	emit("", "unsubscribe", "[[\"en.wikipedia.org\",\"unknown\",1,\"de.*\"]]");
	expect_no_change_of("en.wikipedia.org");
	expect_no_change_of("de.wikipedia.org");
	expect_change_of("fr.wikipedia.org");
}

/* The eleventh subscription is refused by an event; what was there stays. */
static void test_the_eleventh_subscription_is_refused(void **state)
{
	(void)state;
	emit("", "subscribe", "[[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]]");
	stage_expect(&stage, "");
	emit("", "subscribe", "[\"10\"]");
	stage_expect(&stage, TOO_MANY);
	expect_no_change_of("10");
	expect_change_of("9");
	assert_int_equal(stage.session->subscriber.subscriptions, 10);
	assert_int_equal(stage.world.metrics.socketio_subscriptions_refused, 1);
	emit("", "unsubscribe", "[\"0\"]");
	emit("", "subscribe", "[\"10\"]");
	expect_change_of("10");
}

/* One error a call, nothing taken after it, and the ack behind it. */
static void test_a_call_over_the_limit_has_one_error_and_then_its_ack(void **state)
{
	(void)state;
	emit("", "subscribe", "[[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"]]");
	emit("7+", "subscribe", "[[\"8\",\"9\",\"a\",\"b\",\"c\"]]");
	stage_expect(&stage, TOO_MANY "6::/rc:7+[null]\n");
	expect_change_of("9");
	expect_no_change_of("b");
}

/* What is there already is no further one, at the limit too. */
static void test_duplicates_are_no_error_at_the_limit(void **state)
{
	(void)state;
	emit("", "subscribe", "[[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]]");
	emit("", "subscribe", "[[\"9\",\"0\",\"5\"]]");
	stage_expect(&stage, "");
	emit("", "subscribe", "[[\"9\",\"new\",\"0\"]]");
	stage_expect(&stage, TOO_MANY);
	assert_int_equal(stage.session->subscriber.subscriptions, 10);
}

/* Each session has ten of its own. */
static void test_each_session_has_a_limit_of_its_own(void **state)
{
	struct fake_transport fake = {0};
	struct socketio_session *other = socketio_session_create(&stage.sessions);

	(void)state;
	emit("", "subscribe", "[[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]]");
	socketio_session_open(other, &fake_transport, &fake, 60);
	socketio_session_take(other, text_of("5::/rc:{\"name\":\"subscribe\",\"args\":[\"z\"]}"));
	assert_text_is(buffer_text(&fake.sent), "1::\n");
	world_publish(&stage.world, "z", "{}");
	assert_text_is(buffer_text(&fake.sent), "1::\n" CHANGE);
	socketio_session_end(other, CLOSE_CLIENT_CLOSED);
	buffer_finish(&fake.sent);
}

/* What is no name is passed over: other types, nothing, NUL inside, longer than any pattern. */
static void test_what_is_no_name_is_passed_over(void **state)
{
	struct buffer arguments = {0};

	(void)state;
	emit("", "subscribe", "[[1,null,{},[\"*\"],\"\",\"a\\u0000\",true,\"en.wikipedia.org\"]]");
	stage_expect(&stage, "");
	assert_int_equal(stage.session->subscriber.subscriptions, 1);
	assert_int_equal(stage.world.metrics.socketio_bad_packets, 1);
	expect_change_of("en.wikipedia.org");
	buffer_append_text(&arguments, "[\"");
	for (unsigned i = 0; i < SUBSCRIPTION_TEXT_MAX; i++) {
		buffer_append_byte(&arguments, '*');
	}
	buffer_append(&arguments, "\"]", 3);
	emit("", "subscribe", arguments.bytes);
	assert_int_equal(stage.session->subscriber.subscriptions, 2);
	buffer_clear(&arguments);
	buffer_append_text(&arguments, "[\"");
	for (unsigned i = 0; i <= SUBSCRIPTION_TEXT_MAX; i++) {
		buffer_append_byte(&arguments, 'x');
	}
	buffer_append(&arguments, "\"]", 3);
	emit("", "subscribe", arguments.bytes);
	assert_int_equal(stage.session->subscriber.subscriptions, 2);
	buffer_finish(&arguments);
}

/* Missing or odd arguments do no harm, and the ack comes. */
static void test_odd_arguments_do_no_harm(void **state)
{
	(void)state;
	emit("1+", "subscribe", "[]");
	emit("2+", "subscribe", "{}");
	emit("3+", "subscribe", "\"*\"");
	emit("4+", "unsubscribe", "null");
	stage_take(&stage, "5:5+:/rc:{\"name\":\"subscribe\"}");
	stage_expect(&stage, "6::/rc:1+[null]\n6::/rc:2+[null]\n6::/rc:3+[null]\n"
	                     "6::/rc:4+[null]\n6::/rc:5+[null]\n");
	assert_int_equal(stage.session->subscriber.subscriptions, 0);
}

/* --- acks --- */

/* The handlers return nothing: [null], with the endpoint, for socket.io-client keeps its
 * callbacks by namespace. */
static void test_an_event_with_a_plus_is_acknowledged_with_null(void **state)
{
	(void)state;
	emit("7+", "subscribe", "[\"*\"]");
	stage_expect(&stage, "6::/rc:7+[null]\n");
	emit("12345678901234567890+", "unsubscribe", "[\"*\"]");
	stage_expect(&stage, "6::/rc:12345678901234567890+[null]\n");
	emit("", "subscribe", "[\"*\"]");
	stage_expect(&stage, "");
}

/* socket.io: an id without "+" is acknowledged as received. */
static void test_an_id_without_a_plus_is_acknowledged_as_received(void **state)
{
	(void)state;
	stage_take(&stage, "3:7:/rc:hello");
	stage_take(&stage, "4:8+:/rc:{}");
	emit("9", "subscribe", "[\"*\"]");
	stage_take(&stage, "3::/rc:hello");
	stage_expect(&stage, "6::/rc:7\n6::/rc:8+[null]\n6::/rc:9\n");
}

/* --- events that are not there --- */

/* gevent-socketio names the method it looked for. */
static void test_an_unknown_event_is_an_error_event_and_acknowledged(void **state)
{
	(void)state;
	emit("7+", "dance", "[]");
	stage_expect(&stage,
	             "5::/rc:{\"args\":[\"no_such_method\",\"The method \\\"on_dance\\\" was "
	             "not found\"],\"name\":\"error\"}\n6::/rc:7+[null]\n");
	emit("", "two big steps", "[]");
	stage_expect(&stage, "5::/rc:{\"args\":[\"no_such_method\",\"The method "
	                     "\\\"on_two_big_steps\\\" was not found\"],\"name\":\"error\"}\n");
	emit("", "Subscribe", "[\"*\"]");
	stage_expect(&stage, "5::/rc:{\"args\":[\"no_such_method\",\"The method "
	                     "\\\"on_Subscribe\\\" was not found\"],\"name\":\"error\"}\n");
}

/* gevent-socketio: names outside [A-Za-z][A-Za-z0-9_ ]*. */
static void test_an_event_with_another_name_is_refused(void **state)
{
	static const char wanted[] =
	    "5::/rc:{\"args\":[\"unallowed_event_name\",\"name must only contains alpha numerical "
	    "characters\"],\"name\":\"error\"}\n";
	static const char *const names[] = {
	    "",
	    "_x",
	    "1x",
	    "x-y",
	    "\\u00e9",
	    "x\\u0000",
	    "__class__",
	    "x.y",
	    " x",
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", /* 65 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		emit("", names[i], "[]");
		stage_expect(&stage, wanted);
	}
}

/* --- JSON of the peer's --- */

/* Not JSON, no object, no name: counted, no answer, and the session lives. */
static void test_an_event_that_is_no_event_is_counted(void **state)
{
	static const char *const bad[] = {
	    "5:1+:/rc:",
	    "5:1+:/rc",
	    "5:1+:/rc:{",
	    "5:1+:/rc:[]",
	    "5:1+:/rc:{}",
	    "5:1+:/rc:{\"name\":1}",
	    "5:1+:/rc:{\"name\":\"subscribe\"} x",
	    "5:1+:/rc:{\"name\":\"subscribe\",\"args\":[1e999]}",
	    "5:1+:/rc:{\"name\":\"subscribe\",\"args\":[\"\\ud800\"]}",
	    "5:1+:/rc:\"",
	    "5:1+:/rc:\"\\",
	};
	const size_t count = sizeof(bad) / sizeof(bad[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		stage_take(&stage, bad[i]);
	}
	stage_expect(&stage, "");
	assert_int_equal(stage.world.metrics.socketio_bad_packets, count);
	assert_false(stage.session->is_ended);
}

/* Adds an event nested this deep, its object and its list of arguments included. */
static void nest(struct buffer *packet, size_t depth)
{
	buffer_append_text(packet, "5:1+:/rc:{\"name\":\"subscribe\",\"args\":[\"[[[{\\\"\"");
	for (size_t i = 2; i < depth; i++) {
		buffer_append_text(packet, i == 2 ? ",[" : "[");
	}
	for (size_t i = 2; i < depth; i++) {
		buffer_append_byte(packet, ']');
	}
	buffer_append_text(packet, "]}");
}

/* Jansson's parser recurses, so the depth is counted before; brackets in strings do not count. */
static void test_deep_nesting_is_refused_before_it_is_parsed(void **state)
{
	struct buffer packet = {0};

	(void)state;
	nest(&packet, SOCKETIO_JSON_DEPTH_MAX);
	socketio_session_take(stage.session, buffer_text(&packet));
	stage_expect(&stage, "6::/rc:1+[null]\n");
	buffer_clear(&packet);
	nest(&packet, SOCKETIO_JSON_DEPTH_MAX + 1);
	socketio_session_take(stage.session, buffer_text(&packet));
	stage_expect(&stage, "");
	assert_int_equal(stage.world.metrics.socketio_bad_packets, 1);
	buffer_finish(&packet);
}

/* Random damage behind an event's type: the session lives. */
static void test_damaged_events_do_no_harm(void **state)
{
	static const char whole[] =
	    "5:7+:/rc:{\"name\":\"subscribe\",\"args\":[[\"a\\u00e9\",{}]]}";
	unsigned seed = (unsigned)getpid();

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (unsigned round = 0; round < 5000; round++) {
		char *copy = malloc(sizeof(whole));
		size_t length = (size_t)rand() % sizeof(whole);

		memcpy(copy, whole, sizeof(whole));
		copy[1 + (size_t)rand() % (sizeof(whole) - 1)] =
		    whole[(size_t)rand() % sizeof(whole)];
		copy = realloc(copy, length > 0 ? length : 1);
		socketio_session_take(stage.session, (struct text){copy, length});
		assert_false(stage.session->is_ended);
		free(copy);
	}
	buffer_clear(&stage.fake.sent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	    TEST(test_a_connect_is_echoed_and_keeps_the_subscriptions),
	    TEST(test_an_event_before_the_connect_counts),
	    TEST(test_leaving_the_namespace_ends_its_subscriptions_only),
	    TEST(test_a_subscription_is_a_name_or_a_list_of_names),
	    TEST(test_a_subscription_may_be_a_pattern),
	    TEST(test_a_change_comes_once),
	    TEST(test_unsubscribe_takes_equal_strings_away),
	    TEST(test_the_eleventh_subscription_is_refused),
	    TEST(test_a_call_over_the_limit_has_one_error_and_then_its_ack),
	    TEST(test_duplicates_are_no_error_at_the_limit),
	    TEST(test_each_session_has_a_limit_of_its_own),
	    TEST(test_what_is_no_name_is_passed_over),
	    TEST(test_odd_arguments_do_no_harm),
	    TEST(test_an_event_with_a_plus_is_acknowledged_with_null),
	    TEST(test_an_id_without_a_plus_is_acknowledged_as_received),
	    TEST(test_an_unknown_event_is_an_error_event_and_acknowledged),
	    TEST(test_an_event_with_another_name_is_refused),
	    TEST(test_an_event_that_is_no_event_is_counted),
	    TEST(test_deep_nesting_is_refused_before_it_is_parsed),
	    TEST(test_damaged_events_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
