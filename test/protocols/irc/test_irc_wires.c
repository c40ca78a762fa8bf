/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_wires.h"

#include "protocols/irc/irc_session.h"
#include "test/protocols/irc/harness.h"

#define LINE  ":rc-pmtpa!rc-pmtpa@" TEST_SERVER " PRIVMSG #en.wikipedia :text"
#define TIME  "time=2023-11-14T22:13:20.007Z"
#define MSGID "msgid=18bcfe56800-9"

/* Gives a delivery of a change in a channel that exists. */
static struct delivery *make_delivery(struct harness *harness, const char *line)
{
	struct change *change;

	publish(harness, "#en.wikipedia", "first");
	change = change_create(&(struct change_parts){
	    .type = CHANGE_EDIT,
	    .wiki = {"en.wikipedia.org", strlen("en.wikipedia.org")},
	    .channel = {"#en.wikipedia", strlen("#en.wikipedia")},
	    .json = {"{\"id\":5}", 8},
	    .line = {line, line != NULL ? strlen(line) : 0},
	});
	change->id = 9;
	change->arrived_ms = TEST_START * 1000 + 7;
	return delivery_create(change);
}

static void assert_wire(struct wire *wire, const char *wanted)
{
	assert_non_null(wire);
	assert_int_equal(wire->length, strlen(wanted));
	assert_memory_equal(wire->bytes, wanted, wire->length);
}

/* The plain line is the change's own wire: nothing is made or kept for it. */
static void test_irc_wires_cost_nothing_for_the_plain_line(void **state)
{
	struct harness *harness = *state;
	struct irc_wires *wires = &harness->server->wires;
	struct delivery *delivery = make_delivery(harness, "text");
	struct wire *wire = irc_wires_get(wires, delivery, 0, IRC_FRAMING_STREAM);

	assert_wire(wire, LINE "\r\n");
	assert_ptr_equal(wire, delivery_wire(delivery, &harness->server->encoder.encoder));
	assert_int_equal(wire->references, 1);
	assert_null(wires->delivery);
	delivery_unref(delivery);
}

/* However many sessions ask for a variant, it is made once. */
static void test_irc_wires_make_each_variant_once(void **state)
{
	struct harness *harness = *state;
	struct irc_wires *wires = &harness->server->wires;
	struct delivery *delivery = make_delivery(harness, "text");
	struct wire *met[IRC_FRAMINGS][IRC_TAGS_ALL + 1];

	for (enum irc_framing framing = 0; framing < IRC_FRAMINGS; framing++) {
		for (unsigned tags = 0; tags <= IRC_TAGS_ALL; tags++) {
			met[framing][tags] = irc_wires_get(wires, delivery, tags, framing);
			assert_int_equal(met[framing][tags]->references, 1);
		}
	}
	for (enum irc_framing framing = 0; framing < IRC_FRAMINGS; framing++) {
		for (unsigned tags = 0; tags <= IRC_TAGS_ALL; tags++) {
			assert_ptr_equal(irc_wires_get(wires, delivery, tags, framing),
			                 met[framing][tags]);
		}
	}
	assert_wire(met[IRC_FRAMING_STREAM][IRC_TAG_TIME], "@" TIME " " LINE "\r\n");
	assert_wire(met[IRC_FRAMING_STREAM][IRC_TAGS_ALL],
	            "@" TIME ";" MSGID ";rcstreamd.alt/change={\"id\":5} " LINE "\r\n");
	delivery_unref(delivery);
}

/* RFC 6455 §5.2, and IRCv3 WebSocket: one line a frame, without its CR LF. */
static void test_irc_wires_frame_a_line_without_its_end(void **state)
{
	struct harness *harness = *state;
	struct irc_wires *wires = &harness->server->wires;
	struct delivery *delivery = make_delivery(harness, "text");

	assert_int_equal(strlen(LINE), 0x3e);
	assert_int_equal(strlen("@" MSGID " " LINE), 0x53);
	assert_wire(irc_wires_get(wires, delivery, 0, IRC_FRAMING_TEXT_FRAME), "\x81\x3e" LINE);
	assert_wire(irc_wires_get(wires, delivery, 0, IRC_FRAMING_BINARY_FRAME), "\x82\x3e" LINE);
	assert_wire(irc_wires_get(wires, delivery, IRC_TAG_MSGID, IRC_FRAMING_TEXT_FRAME),
	            "\x81\x53@" MSGID " " LINE);
	delivery_unref(delivery);
}

/* One who still has to send it keeps one; the others go with the next change. */
static void test_irc_wires_keep_the_variants_of_one_change(void **state)
{
	struct harness *harness = *state;
	struct irc_wires *wires = &harness->server->wires;
	struct delivery *first = make_delivery(harness, "text");
	struct delivery *second = make_delivery(harness, "next");
	struct wire *kept = irc_wires_get(wires, first, IRC_TAG_TIME, IRC_FRAMING_STREAM);

	(void)wire_ref(kept);
	(void)irc_wires_get(wires, first, IRC_TAG_MSGID, IRC_FRAMING_STREAM);
	delivery_unref(first);
	assert_wire(irc_wires_get(wires, second, IRC_TAG_TIME, IRC_FRAMING_STREAM),
	            "@" TIME " :rc-pmtpa!rc-pmtpa@" TEST_SERVER " PRIVMSG #en.wikipedia :next\r\n");
	assert_ptr_equal(wires->delivery, second);
	assert_null(wires->variants[IRC_FRAMING_STREAM][IRC_TAG_MSGID]);
	assert_int_equal(kept->references, 1);
	assert_wire(kept, "@" TIME " " LINE "\r\n");
	wire_unref(kept);
	delivery_unref(second);
	irc_wires_finish(wires);
	assert_null(wires->delivery);
	irc_wires_finish(wires);
}

/* DESIGN, rule 5: a line is at most 512 bytes, and tags do not count. */
static void test_irc_wires_do_not_count_tags(void **state)
{
	struct harness *harness = *state;
	struct irc_wires *wires = &harness->server->wires;
	char text[1000];
	struct delivery *delivery;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	delivery = make_delivery(harness, text);
	assert_int_equal(irc_wires_get(wires, delivery, IRC_TAG_TIME, IRC_FRAMING_STREAM)->length,
	                 strlen("@" TIME " ") + IRC_LINE_MAX);
	assert_int_equal(irc_wires_get(wires, delivery, 0, IRC_FRAMING_TEXT_FRAME)->length,
	                 4 + IRC_LINE_MAX - 2);
	delivery_unref(delivery);
}

/* A categorisation has no line, in no variant. */
static void test_irc_wires_have_nothing_for_what_is_not_for_irc(void **state)
{
	struct harness *harness = *state;
	struct delivery *delivery = make_delivery(harness, NULL);

	assert_null(
	    irc_wires_get(&harness->server->wires, delivery, IRC_TAGS_ALL, IRC_FRAMING_STREAM));
	assert_null(irc_wires_get(&harness->server->wires, delivery, 0, IRC_FRAMING_TEXT_FRAME));
	delivery_unref(delivery);
}

/* The capabilities say which tags; one that was switched off takes its tag along. */
static void test_irc_wires_follow_the_capabilities_of_each_session(void **state)
{
	struct harness *harness = *state;
	struct delivery *delivery = make_delivery(harness, "text");
	int plain = client_registered(harness, "plain");
	int timed = client_registered(harness, "timed");
	int whole = client_registered(harness, "whole");

	say(timed, "CAP REQ server-time");
	say(whole, "CAP REQ rcstreamd.alt/change");
	expect(harness, timed, ":" TEST_SERVER " CAP timed ACK :server-time\r\n");
	expect(harness, whole, ":" TEST_SERVER " CAP whole ACK :rcstreamd.alt/change\r\n");
	client_join(harness, plain, "#en.wikipedia");
	client_join(harness, timed, "#en.wikipedia");
	client_join(harness, whole, "#en.wikipedia");
	bus_publish(harness->bus, delivery);
	expect(harness, plain, LINE "\r\n");
	expect(harness, timed, "@" TIME " " LINE "\r\n");
	expect(harness, whole, "@" MSGID ";rcstreamd.alt/change={\"id\":5} " LINE "\r\n");
	assert_int_equal(metric_read(&metrics_of(harness)->irc_deliveries), 3);
	say(timed, "CAP REQ -server-time");
	expect(harness, timed,
	       "@time=2023-11-14T22:30:00.000Z :" TEST_SERVER " CAP timed ACK :-server-time\r\n");
	bus_publish(harness->bus, delivery);
	expect(harness, timed, LINE "\r\n");
	delivery_unref(delivery);
	(void)close(plain);
	(void)close(timed);
	(void)close(whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_irc_wires_cost_nothing_for_the_plain_line),
	    TEST(test_irc_wires_make_each_variant_once),
	    TEST(test_irc_wires_frame_a_line_without_its_end),
	    TEST(test_irc_wires_keep_the_variants_of_one_change),
	    TEST(test_irc_wires_do_not_count_tags),
	    TEST(test_irc_wires_have_nothing_for_what_is_not_for_irc),
	    TEST(test_irc_wires_follow_the_capabilities_of_each_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
