/* SPDX-License-Identifier: Apache-2.0 */
/* server/feed/bus: who asked for what, and who gets it. */
#include "server/feed/bus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "server/base/memory.h"
#include "server/feed/subscription.h"

#define READERS 40

/* A subscriber that counts, and does what its test wants while it is delivered to. */
struct reader {
	struct subscriber subscriber;
	struct bus *bus;
	unsigned got;
	void (*act)(struct reader *reader);
	struct reader *other;
};

struct fixture {
	struct bus *bus;
	struct reader readers[READERS];
};

static struct text text_of(const char *bytes)
{
	return (struct text){.bytes = bytes, .length = strlen(bytes)};
}

static void deliver(struct subscriber *subscriber, struct delivery *delivery)
{
	struct reader *reader = container_of(subscriber, struct reader, subscriber);

	assert_non_null(delivery_change(delivery));
	reader->got++;
	if (reader->act != NULL) {
		reader->act(reader);
	}
}

static const struct subscriber_ops ops = {.deliver = deliver};

static int setup(void **state)
{
	struct fixture *fixture = mem_new(struct fixture);

	fixture->bus = bus_create();
	for (size_t i = 0; i < READERS; i++) {
		fixture->readers[i].subscriber.ops = &ops;
		fixture->readers[i].bus = fixture->bus;
	}
	*state = fixture;
	return 0;
}

/* bus.h: every subscriber leaves before the end, which asserts it; LeakSanitizer sees what stays.
 */
static int teardown(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < READERS; i++) {
		bus_leave(fixture->bus, &fixture->readers[i].subscriber);
		assert_int_equal(fixture->readers[i].subscriber.subscriptions, 0);
	}
	bus_destroy(fixture->bus);
	free(fixture);
	return 0;
}

static bool subscribe(struct reader *reader, enum bus_field field, const char *text)
{
	return bus_subscribe(reader->bus, &reader->subscriber, field, text_of(text));
}

static bool unsubscribe(struct reader *reader, enum bus_field field, const char *text)
{
	return bus_unsubscribe(reader->bus, &reader->subscriber, field, text_of(text));
}

static void publish(struct fixture *fixture, const char *wiki, const char *channel)
{
	struct change_parts parts = {
	    .wiki = text_of(wiki), .channel = text_of(channel), .json = text_of("{}")};
	struct delivery *delivery = delivery_create(change_create(&parts));

	bus_publish(fixture->bus, delivery);
	delivery_unref(delivery);
}

static void publish_wiki(struct fixture *fixture, const char *wiki)
{
	publish(fixture, wiki, "#none");
}

/* bus.h: what `text` names is delivered from then on, and nothing else. */
static void test_bus_delivers_an_exact_name(void **state)
{
	struct fixture *fixture = *state;
	struct reader *reader = &fixture->readers[0];

	publish_wiki(fixture, "en.wikipedia.org");
	assert_true(subscribe(reader, BUS_WIKI, "en.wikipedia.org"));
	publish_wiki(fixture, "en.wikipedia.org");
	publish_wiki(fixture, "de.wikipedia.org");
	publish_wiki(fixture, "en.wikipedia.org.");
	publish_wiki(fixture, "n.wikipedia.org");
	assert_int_equal(reader->got, 1);
}

static bool wants(struct reader *reader, const char *wiki, const char *channel)
{
	struct change *change = change_create(&(struct change_parts){
	    .wiki = text_of(wiki), .channel = text_of(channel), .json = text_of("{}")});
	bool is_wanted = bus_wants(reader->bus, &reader->subscriber, change);

	change_unref(change);
	return is_wanted;
}

/* bus.h: the answer is the one that publishing gives, of names that never came too. */
static void test_bus_wants_what_it_would_deliver(void **state)
{
	struct fixture *fixture = *state;
	struct reader *reader = &fixture->readers[0];
	struct reader *other = &fixture->readers[1];

	assert_false(wants(reader, "en.wikipedia.org", "#en.wikipedia"));
	assert_true(subscribe(other, BUS_WIKI, "en.wikipedia.org"));
	assert_false(wants(reader, "en.wikipedia.org", "#en.wikipedia"));
	assert_true(wants(other, "en.wikipedia.org", "#x"));
	assert_true(subscribe(reader, BUS_WIKI, "*.wiktionary.org"));
	assert_true(subscribe(reader, BUS_CHANNEL, "#EN.wikipedia"));
	assert_true(wants(reader, "de.wiktionary.org", "#x"));
	assert_true(wants(reader, "x", "#en.Wikipedia"));
	assert_false(wants(reader, "de.wiktionary.com", "#en"));
	assert_true(unsubscribe(reader, BUS_WIKI, "*.wiktionary.org"));
	assert_false(wants(reader, "de.wiktionary.org", "#x"));
	assert_int_equal(reader->got + other->got, 0);
}

/* bus.h: a subscription brings what is published after it came, not what one before it brought. */
static void test_bus_brings_what_a_subscription_was_there_for(void **state)
{
	struct fixture *fixture = *state;
	struct reader *reader = &fixture->readers[0];
	struct change *changes[4];

	for (unsigned i = 0; i < 4; i++) {
		changes[i] = change_create(&(struct change_parts){
		    .wiki = text_of("a"), .channel = text_of("#a"), .json = text_of("{}")});
		changes[i]->id = i + 1;
	}
	for (unsigned i = 0; i < 3; i++) {
		struct delivery *delivery = delivery_create(changes[i]);

		assert_true(subscribe(reader, BUS_WIKI, i == 0 ? "a" : "?"));
		assert_true(bus_brings(fixture->bus, &reader->subscriber, changes[i]));
		bus_publish(fixture->bus, delivery);
		assert_true(unsubscribe(reader, BUS_WIKI, i == 0 ? "a" : "?"));
		change_ref(changes[i], 1);
		delivery_unref(delivery);
	}
	assert_true(subscribe(reader, BUS_WIKI, "?"));
	assert_false(bus_brings(fixture->bus, &reader->subscriber, changes[2]));
	assert_true(bus_wants(fixture->bus, &reader->subscriber, changes[2]));
	assert_true(bus_brings(fixture->bus, &reader->subscriber, changes[3]));
	for (unsigned i = 0; i < 4; i++) {
		change_unref(changes[i]);
	}
}

static void is_before_other(struct reader *reader)
{
	assert_int_equal(reader->got, reader->other->got + 1);
}

/*
 * bus.h: patterns before names, the first pattern first.  The IRC server hears of a channel's first
 * change before whoever waits in that channel.
 */
static void test_bus_delivers_to_patterns_before_names(void **state)
{
	struct fixture *fixture = *state;
	struct reader *readers = fixture->readers;

	assert_true(subscribe(&readers[0], BUS_CHANNEL, "#a"));
	assert_true(subscribe(&readers[1], BUS_CHANNEL, "*"));
	assert_true(subscribe(&readers[2], BUS_CHANNEL, "#*"));
	assert_true(subscribe(&readers[3], BUS_CHANNEL, "#A"));
	readers[1].act = is_before_other;
	readers[1].other = &readers[2];
	readers[2].act = is_before_other;
	readers[2].other = &readers[0];
	for (unsigned i = 1; i <= 3; i++) {
		publish(fixture, "a", "#a");
		for (unsigned k = 0; k < 4; k++) {
			assert_int_equal(readers[k].got, i);
		}
		/* The receivers are put together anew. */
		assert_true(subscribe(&readers[4 + i], BUS_CHANNEL, "#a"));
	}
}

/* bus.h: a pattern takes what fits, names that came before it and after it. */
static void test_bus_delivers_what_a_pattern_fits(void **state)
{
	struct fixture *fixture = *state;
	struct reader *reader = &fixture->readers[0];

	publish_wiki(fixture, "en.wikipedia.org");
	assert_true(subscribe(reader, BUS_WIKI, "*.wikipedia.org"));
	publish_wiki(fixture, "en.wikipedia.org");
	publish_wiki(fixture, "de.wikipedia.org");
	publish_wiki(fixture, "www.wikidata.org");
	assert_int_equal(reader->got, 2);
}

/* bus.h: once however many of your subscriptions match, of one field or of both. */
static void test_bus_delivers_once_when_several_subscriptions_match(void **state)
{
	struct fixture *fixture = *state;
	struct reader *reader = &fixture->readers[0];

	assert_true(subscribe(reader, BUS_WIKI, "en.wikipedia.org"));
	assert_true(subscribe(reader, BUS_WIKI, "en.*"));
	assert_true(subscribe(reader, BUS_WIKI, "*"));
	publish(fixture, "en.wikipedia.org", "#en.wikipedia");
	assert_int_equal(reader->got, 1);
	assert_true(subscribe(reader, BUS_CHANNEL, "#en.wikipedia"));
	assert_true(subscribe(reader, BUS_CHANNEL, "#*"));
	publish(fixture, "en.wikipedia.org", "#en.wikipedia");
	assert_int_equal(reader->got, 2);
	publish(fixture, "en.wikipedia.org", "#other");
	publish(fixture, "other", "#en.wikipedia");
	assert_int_equal(reader->got, 4);
}

/* bus.h: asking twice for the same text is refused and changes nothing. */
static void test_bus_refuses_a_subscription_it_has(void **state)
{
	struct fixture *fixture = *state;
	struct reader *reader = &fixture->readers[0];

	assert_true(subscribe(reader, BUS_WIKI, "a"));
	assert_false(subscribe(reader, BUS_WIKI, "a"));
	assert_true(subscribe(reader, BUS_CHANNEL, "#A"));
	assert_false(subscribe(reader, BUS_CHANNEL, "#a"));
	assert_int_equal(reader->subscriber.subscriptions, 2);
	assert_true(subscribe(&fixture->readers[1], BUS_WIKI, "a"));
	assert_true(unsubscribe(reader, BUS_WIKI, "a"));
	assert_false(unsubscribe(reader, BUS_WIKI, "a"));
	publish_wiki(fixture, "a");
	assert_int_equal(reader->got, 0);
	assert_int_equal(fixture->readers[1].got, 1);
}

/* bus.h: the text is copied. */
static void test_bus_copies_the_text(void **state)
{
	struct fixture *fixture = *state;
	char text[] = "abc";

	assert_true(subscribe(&fixture->readers[0], BUS_WIKI, text));
	memset(text, 'x', 3);
	publish_wiki(fixture, "abc");
	assert_int_equal(fixture->readers[0].got, 1);
	assert_false(unsubscribe(&fixture->readers[0], BUS_WIKI, text));
	assert_true(unsubscribe(&fixture->readers[0], BUS_WIKI, "abc"));
}

/* bus.h: channels compare without ASCII case (CASEMAPPING=ascii), wikis with it; others stay apart.
 */
static void test_bus_folds_channels_and_not_wikis(void **state)
{
	struct fixture *fixture = *state;
	struct reader *reader = &fixture->readers[0];

	assert_true(subscribe(reader, BUS_CHANNEL, "#En.Wikipedia"));
	publish(fixture, "x", "#EN.wikipedia");
	publish(fixture, "x", "#en.wikipedia");
	assert_int_equal(reader->got, 2);
	assert_true(subscribe(reader, BUS_CHANNEL, "#a[x]"));
	publish(fixture, "x", "#AX");
	assert_int_equal(reader->got, 3);
	assert_true(unsubscribe(reader, BUS_CHANNEL, "#eN.wikipediA"));
	assert_true(subscribe(reader, BUS_WIKI, "En"));
	publish(fixture, "en", "#y");
	assert_int_equal(reader->got, 3);
	/* RFC 1459's casemapping is not ours: '[' and '{' differ. */
	assert_true(subscribe(reader, BUS_CHANNEL, "#{"));
	publish(fixture, "x", "#[");
	assert_int_equal(reader->got, 3);
}

/* bus.h: 1 to SUBSCRIPTION_TEXT_MAX bytes; a change with a longer name is nobody's. */
static void test_bus_takes_texts_up_to_the_limit(void **state)
{
	struct fixture *fixture = *state;
	struct reader *reader = &fixture->readers[0];
	char name[SUBSCRIPTION_TEXT_MAX + 2];

	memset(name, 'a', sizeof(name));
	name[SUBSCRIPTION_TEXT_MAX + 1] = '\0';
	assert_true(subscribe(reader, BUS_WIKI, "*"));
	assert_true(subscribe(reader, BUS_CHANNEL, "*"));
	assert_false(unsubscribe(reader, BUS_CHANNEL, name));
	publish(fixture, name, name);
	assert_int_equal(reader->got, 0);
	name[SUBSCRIPTION_TEXT_MAX] = '\0';
	assert_true(subscribe(reader, BUS_CHANNEL, name));
	publish(fixture, name, name);
	assert_int_equal(reader->got, 1);
}

/* --- during a delivery ---------------------------------------------------- */

static void leave_self(struct reader *reader)
{
	bus_leave(reader->bus, &reader->subscriber);
}

static void leave_other(struct reader *reader)
{
	bus_leave(reader->bus, &reader->other->subscriber);
}

static void unsubscribe_self(struct reader *reader)
{
	(void)unsubscribe(reader, BUS_WIKI, "a");
}

static void subscribe_other(struct reader *reader)
{
	(void)subscribe(reader->other, BUS_WIKI, "a");
}

static void subscribe_pattern(struct reader *reader)
{
	(void)subscribe(reader, BUS_WIKI, "?");
	(void)subscribe(reader, BUS_CHANNEL, "#n*");
}

/* Three readers of "a", of which each does `act` to the one that comes next. */
static void subscribe_ring(struct fixture *fixture, void (*act)(struct reader *reader))
{
	for (size_t i = 0; i < 3; i++) {
		fixture->readers[i].act = act;
		fixture->readers[i].other = &fixture->readers[(i + 1) % 3];
		assert_true(subscribe(&fixture->readers[i], BUS_WIKI, "a"));
	}
}

static unsigned got_by_all(const struct fixture *fixture)
{
	unsigned got = 0;

	for (size_t i = 0; i < READERS; i++) {
		got += fixture->readers[i].got;
	}
	return got;
}

/* bus.h: deliver() may unsubscribe oneself; the others get the change all the same. */
static void test_bus_lets_a_subscriber_go_while_it_is_delivered_to(void **state)
{
	struct fixture *fixture = *state;

	subscribe_ring(fixture, leave_self);
	publish_wiki(fixture, "a");
	assert_int_equal(got_by_all(fixture), 3);
	publish_wiki(fixture, "a");
	assert_int_equal(got_by_all(fixture), 3);
	subscribe_ring(fixture, unsubscribe_self);
	publish_wiki(fixture, "a");
	publish_wiki(fixture, "a");
	assert_int_equal(got_by_all(fixture), 6);
}

/* bus.h: one that has left gets nothing more, even of the change being delivered. */
static void test_bus_does_not_deliver_to_one_that_another_made_leave(void **state)
{
	struct fixture *fixture = *state;

	subscribe_ring(fixture, leave_other);
	publish_wiki(fixture, "a");
	/* Each that gets it takes it from the next: the first and the third, who took the first's.
	 */
	assert_int_equal(got_by_all(fixture), 2);
	publish_wiki(fixture, "a");
	assert_int_equal(got_by_all(fixture), 3);
}

/* bus.h: who has left may be freed at once, within the delivery too. */
static void test_bus_forgets_a_subscriber_that_is_freed_while_delivering(void **state)
{
	struct fixture *fixture = *state;
	struct reader *freed = mem_new(struct reader);

	assert_true(subscribe(&fixture->readers[0], BUS_WIKI, "a"));
	assert_true(subscribe(&fixture->readers[0], BUS_CHANNEL, "#none"));
	freed->subscriber.ops = &ops;
	freed->bus = fixture->bus;
	assert_true(subscribe(freed, BUS_WIKI, "a"));
	assert_true(subscribe(freed, BUS_CHANNEL, "#none"));
	publish_wiki(fixture, "a");
	assert_int_equal(freed->got, 1);
	fixture->readers[0].act = leave_other;
	fixture->readers[0].other = freed;
	publish_wiki(fixture, "a");
	assert_int_equal(freed->got, 1);
	free(freed);
	fixture->readers[0].act = NULL;
	publish_wiki(fixture, "a");
	assert_int_equal(fixture->readers[0].got, 3);
}

/* bus.h: deliver() may subscribe anyone; from the next change on each gets it once. */
static void test_bus_takes_subscriptions_while_delivering(void **state)
{
	struct fixture *fixture = *state;

	assert_true(subscribe(&fixture->readers[0], BUS_WIKI, "a"));
	fixture->readers[0].act = subscribe_other;
	fixture->readers[0].other = &fixture->readers[1];
	publish_wiki(fixture, "a");
	assert_int_equal(fixture->readers[0].got, 1);
	assert_in_range(fixture->readers[1].got, 0, 1);
	fixture->readers[0].act = subscribe_pattern;
	fixture->readers[1].got = 0;
	publish_wiki(fixture, "a");
	publish_wiki(fixture, "a");
	assert_int_equal(fixture->readers[0].got, 3);
	assert_int_equal(fixture->readers[1].got, 2);
}

/* --- what is remembered ---------------------------------------------------- */

/* bus.c: names that came are forgotten when there are too many; nobody notices, nothing takes long.
 */
static void test_bus_survives_more_names_than_it_remembers(void **state)
{
	struct fixture *fixture = *state;
	const unsigned names = 150000;
	clock_t start = clock();
	char name[32];

	for (size_t i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof(name), "*%.*s", (int)i, "********************");
		assert_true(subscribe(&fixture->readers[0], BUS_WIKI, name));
	}
	assert_true(subscribe(&fixture->readers[1], BUS_WIKI, "wiki-77"));
	assert_true(subscribe(&fixture->readers[2], BUS_WIKI, "*-149999"));
	for (unsigned i = 0; i < names; i++) {
		(void)snprintf(name, sizeof(name), "wiki-%u", i);
		publish_wiki(fixture, name);
	}
	publish_wiki(fixture, "wiki-77");
	assert_int_equal(fixture->readers[0].got, names + 1);
	assert_int_equal(fixture->readers[1].got, 2);
	assert_int_equal(fixture->readers[2].got, 1);
	assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 30);
}

/*
 * bus.c: clients that subscribe to ever new patterns that fit everything, and leave, cost no more
 * when they leave than when they came (a walk over all patterns for each would).
 */
static void test_bus_lets_thousands_of_patterns_go(void **state)
{
	struct fixture *fixture = *state;
	const unsigned names = 500, patterns = 100;
	clock_t start, subscribed, left;
	char text[64];

	assert_true(subscribe(&fixture->readers[0], BUS_WIKI, "*"));
	for (unsigned i = 0; i < names; i++) {
		(void)snprintf(text, sizeof(text), "wiki-%u", i);
		publish_wiki(fixture, text);
	}
	start = clock();
	for (unsigned i = 0; i < READERS * patterns; i++) {
		(void)snprintf(text, sizeof(text), "w*[!%u]*", i + 1000);
		assert_true(subscribe(&fixture->readers[i % READERS], BUS_WIKI, text));
	}
	subscribed = clock();
	publish_wiki(fixture, "wiki-7");
	for (size_t i = 0; i < READERS; i++) {
		assert_int_equal(fixture->readers[i].got, i == 0 ? names + 1 : 1);
		bus_leave(fixture->bus, &fixture->readers[i].subscriber);
	}
	left = clock();
	assert_true(left - subscribed < subscribed - start + CLOCKS_PER_SEC / 2);
}

/* --- against a model --------------------------------------------------------- */

#define TEXTS 12

static const char *const texts[TEXTS] = {"a",  "b",  "ab", "ba",   "abc",   "*",
                                         "a*", "*b", "?",  "[ab]", "[!a]*", "*b*"};
static const char *const names[] = {"a", "b", "c", "ab", "ba", "abc", "cab", "zz"};

/* The bus as anyone would write it: for each reader and text, whether it was asked for. */
struct naive {
	bool has[READERS][BUS_FIELDS][TEXTS];
	unsigned got[READERS];
};

static bool naive_matches(const struct naive *model, size_t reader, const char *wiki,
                          const char *channel)
{
	for (size_t i = 0; i < TEXTS; i++) {
		if ((model->has[reader][BUS_WIKI][i] &&
		     subscription_matches(text_of(texts[i]), text_of(wiki))) ||
		    (model->has[reader][BUS_CHANNEL][i] &&
		     subscription_matches(text_of(texts[i]), text_of(channel)))) {
			return true;
		}
	}
	return false;
}

static void step_subscription(struct fixture *fixture, struct naive *model, size_t reader)
{
	enum bus_field field = rand() % 2 == 0 ? BUS_WIKI : BUS_CHANNEL;
	size_t text = (size_t)rand() % TEXTS;
	bool *has = &model->has[reader][field][text];

	if (rand() % 2 == 0) {
		assert_int_equal(subscribe(&fixture->readers[reader], field, texts[text]), !*has);
		*has = true;
	} else {
		assert_int_equal(unsubscribe(&fixture->readers[reader], field, texts[text]), *has);
		*has = false;
	}
}

static void step_publish(struct fixture *fixture, struct naive *model)
{
	const char *wiki = names[(size_t)rand() % (sizeof(names) / sizeof(names[0]))];
	const char *channel = names[(size_t)rand() % (sizeof(names) / sizeof(names[0]))];

	publish(fixture, wiki, channel);
	for (size_t i = 0; i < READERS; i++) {
		model->got[i] += naive_matches(model, i, wiki, channel);
		assert_int_equal(fixture->readers[i].got, model->got[i]);
	}
}

/* bus.h, all of it: random subscriptions and changes, against a matcher that remembers nothing. */
static void test_bus_does_what_a_naive_matcher_does(void **state)
{
	struct fixture *fixture = *state;
	struct naive *model = mem_new(struct naive);
	unsigned seed = (unsigned)time(NULL);

	print_message("seed %u\n", seed);
	srand(seed);
	for (int i = 0; i < 20000; i++) {
		size_t reader = (size_t)rand() % READERS;
		int choice = rand() % 100;

		if (choice < 60) {
			step_subscription(fixture, model, reader);
		} else if (choice < 97) {
			step_publish(fixture, model);
		} else {
			bus_leave(fixture->bus, &fixture->readers[reader].subscriber);
			memset(model->has[reader], 0, sizeof(model->has[reader]));
		}
	}
	free(model);
}

static void assert_counts(const struct fixture *fixture, size_t wikis, size_t wiki_patterns,
                          size_t channels, size_t channel_patterns)
{
	assert_int_equal(bus_count(fixture->bus, BUS_WIKI, false), wikis);
	assert_int_equal(bus_count(fixture->bus, BUS_WIKI, true), wiki_patterns);
	assert_int_equal(bus_count(fixture->bus, BUS_CHANNEL, false), channels);
	assert_int_equal(bus_count(fixture->bus, BUS_CHANNEL, true), channel_patterns);
}

/* bus.h: subscriptions are counted by field and kind, all but the server's own. */
static void test_bus_counts_subscriptions(void **state)
{
	struct fixture *fixture = *state;
	struct reader *readers = fixture->readers;

	readers[2].subscriber.is_uncounted = true;
	(void)subscribe(&readers[0], BUS_WIKI, "en.wikipedia.org");
	(void)subscribe(&readers[1], BUS_WIKI, "en.wikipedia.org");
	(void)subscribe(&readers[1], BUS_WIKI, "en.wikipedia.org");
	(void)subscribe(&readers[1], BUS_WIKI, "*.org");
	(void)subscribe(&readers[1], BUS_CHANNEL, "#a");
	(void)subscribe(&readers[0], BUS_CHANNEL, "#a*");
	(void)subscribe(&readers[2], BUS_CHANNEL, "*");
	assert_counts(fixture, 2, 1, 1, 1);
	assert_true(unsubscribe(&readers[1], BUS_WIKI, "*.org"));
	assert_false(unsubscribe(&readers[1], BUS_WIKI, "*.org"));
	assert_counts(fixture, 2, 0, 1, 1);
	bus_leave(fixture->bus, &readers[1].subscriber);
	bus_leave(fixture->bus, &readers[2].subscriber);
	assert_counts(fixture, 1, 0, 0, 1);
	bus_leave(fixture->bus, &readers[0].subscriber);
	assert_counts(fixture, 0, 0, 0, 0);
}

static bool on_text(void *context, enum bus_field field, struct text text)
{
	char *list = context;

	(void)sprintf(list + strlen(list), "%u%.*s ", (unsigned)field, (int)text.length,
	              text.bytes);
	return strlen(list) < 20;
}

/* bus.h: a subscriber's texts, in the order they were asked for, until there are enough. */
static void test_bus_lists_subscriptions(void **state)
{
	struct fixture *fixture = *state;
	struct reader *reader = &fixture->readers[0];
	char list[128] = "";

	bus_each(&reader->subscriber, on_text, list);
	assert_string_equal(list, "");
	(void)subscribe(reader, BUS_WIKI, "Wiki");
	(void)subscribe(reader, BUS_CHANNEL, "#Channel");
	(void)subscribe(reader, BUS_WIKI, "second");
	(void)subscribe(reader, BUS_WIKI, "third");
	bus_each(&reader->subscriber, on_text, list);
	assert_string_equal(list, "0Wiki 1#channel 0second ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_bus_delivers_an_exact_name),
	    TEST(test_bus_wants_what_it_would_deliver),
	    TEST(test_bus_brings_what_a_subscription_was_there_for),
	    TEST(test_bus_delivers_to_patterns_before_names),
	    TEST(test_bus_delivers_what_a_pattern_fits),
	    TEST(test_bus_delivers_once_when_several_subscriptions_match),
	    TEST(test_bus_refuses_a_subscription_it_has),
	    TEST(test_bus_copies_the_text),
	    TEST(test_bus_folds_channels_and_not_wikis),
	    TEST(test_bus_takes_texts_up_to_the_limit),
	    TEST(test_bus_lets_a_subscriber_go_while_it_is_delivered_to),
	    TEST(test_bus_does_not_deliver_to_one_that_another_made_leave),
	    TEST(test_bus_forgets_a_subscriber_that_is_freed_while_delivering),
	    TEST(test_bus_takes_subscriptions_while_delivering),
	    TEST(test_bus_survives_more_names_than_it_remembers),
	    TEST(test_bus_lets_thousands_of_patterns_go),
	    TEST(test_bus_counts_subscriptions),
	    TEST(test_bus_lists_subscriptions),
	    TEST(test_bus_does_what_a_naive_matcher_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
