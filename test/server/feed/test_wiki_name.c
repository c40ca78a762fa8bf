/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/wiki_name.h"

#include "test/server/feed/records.h"

static void assert_channel(const struct wiki_names *names, struct text server_name,
                           struct text database, const char *wanted)
{
	char channel[WIKI_CHANNEL_MAX + 1];
	bool is_joinable = wiki_channel(names, server_name, database, channel);

	assert_string_equal(channel, wanted);
	assert_int_equal(is_joinable, strcmp(wanted, "#") != 0);
}

static void assert_server_name(const struct wiki_names *names, struct text channel,
                               const char *wanted)
{
	char server_name[WIKI_NAME_MAX + 1];

	wiki_server_name(names, channel, server_name);
	assert_string_equal(server_name, wanted);
}

/* irc.wikimedia.org has always named channels so: #en.wikipedia. */
static void test_wiki_channel_drops_a_final_org_only(void **state)
{
	struct wiki_names *names = wiki_names_create(NULL, 0);

	(void)state;
	assert_channel(names, TEXT("en.wikipedia.org"), TEXT("enwiki"), "#en.wikipedia");
	assert_channel(names, TEXT("wiki.example.com"), TEXT("wiki"), "#wiki.example.com");
	assert_channel(names, TEXT("www.organ.org.uk"), TEXT("wiki"), "#www.organ.org.uk");
	assert_channel(names, TEXT("x.org.org"), TEXT("wiki"), "#x.org");
	assert_channel(names, TEXT(".org"), TEXT("wiki"), "#.org");
	assert_channel(names, TEXT("org"), TEXT("wiki"), "#org");
	wiki_names_destroy(names);
}

/* Wikimedia's configuration of the feed, by database name. */
static void test_wiki_channel_knows_wikimedias_exceptions(void **state)
{
	struct wiki_names *names = wiki_names_create(NULL, 0);

	(void)state;
	assert_channel(names, TEXT("www.wikidata.org"), TEXT("wikidatawiki"),
	               "#wikidata.wikipedia");
	assert_channel(names, TEXT("foundation.wikimedia.org"), TEXT("foundationwiki"),
	               "#wikimediafoundation.org");
	assert_channel(names, TEXT("wikimania2005.wikimedia.org"), TEXT("wikimania2005wiki"),
	               "#wikimania.wikimedia");
	/* Another wiki at the same address is not it. */
	assert_channel(names, TEXT("www.wikidata.org"), TEXT("otherwiki"), "#www.wikidata");
	/* Nor is one whose name goes on behind a NUL. */
	assert_channel(names, TEXT("www.wikidata.org"), TEXT("wikidatawiki\0"), "#www.wikidata");
	wiki_names_destroy(names);
}

/* A change without `wiki` is still known by its server name. */
static void test_wiki_channel_finds_an_exception_by_server_name_without_a_database(void **state)
{
	struct wiki_names *names = wiki_names_create(NULL, 0);
	struct text none = {.bytes = NULL};

	(void)state;
	assert_channel(names, TEXT("www.wikidata.org"), none, "#wikidata.wikipedia");
	assert_channel(names, TEXT("en.wikipedia.org"), none, "#en.wikipedia");
	wiki_names_destroy(names);
}

/* `channel_names` of the configuration comes before the built-in exceptions; the first of two wins.
 */
static void test_wiki_channel_asks_the_configuration_first(void **state)
{
	const struct wiki_name_exception exceptions[] = {
	    {"wikidatawiki", "#data"}, {"enwiki", "#english"}, {"enwiki", "#british"}};
	struct wiki_names *names = wiki_names_create(exceptions, 3);

	(void)state;
	assert_channel(names, TEXT("www.wikidata.org"), TEXT("wikidatawiki"), "#data");
	assert_channel(names, TEXT("en.wikipedia.org"), TEXT("enwiki"), "#english");
	assert_channel(names, TEXT("de.wikipedia.org"), TEXT("dewiki"), "#de.wikipedia");
	assert_server_name(names, TEXT("#data"), "www.wikidata.org");
	assert_server_name(names, TEXT("#wikidata.wikipedia"), "www.wikidata.org");
	assert_server_name(names, TEXT("#english"), "english.org");
	wiki_names_destroy(names);
}

/* CHANNELLEN is 50: 49 bytes behind "#" fit, 50 do not; and an address is no name to join. */
static void test_wiki_channel_refuses_what_nobody_could_join(void **state)
{
	const struct wiki_name_exception exceptions[] = {{"badwiki", "#a,b"}};
	struct wiki_names *names = wiki_names_create(exceptions, 1);
	char name[WIKI_NAME_MAX];
	char wanted[51] = "#";

	(void)state;
	memset(name, 'a', sizeof(name));
	memset(wanted + 1, 'a', 49);
	assert_channel(names, (struct text){name, 49}, TEXT("wiki"), wanted);
	assert_channel(names, (struct text){name, 50}, TEXT("wiki"), "#");
	assert_channel(names, (struct text){name, sizeof(name)}, TEXT("wiki"), "#");
	assert_channel(names, TEXT("[::1]"), TEXT("wiki"), "#");
	assert_channel(names, TEXT("localhost:8080"), TEXT("wiki"), "#");
	assert_channel(names, TEXT("x.org"), TEXT("badwiki"), "#");
	wiki_names_destroy(names);
}

/* A line from RC2UDP has no server name but the one its channel stands for. */
static void test_wiki_server_name_reverses_the_channel(void **state)
{
	struct wiki_names *names = wiki_names_create(NULL, 0);

	(void)state;
	assert_server_name(names, TEXT("#en.wikipedia"), "en.wikipedia.org");
	assert_server_name(names, TEXT("#wikidata.wikipedia"), "www.wikidata.org");
	assert_server_name(names, TEXT("#wikimediafoundation.org"), "foundation.wikimedia.org");
	assert_server_name(names, TEXT("#donate.wikimedia.org"), "donate.wikimedia.org");
	/* The channel of 2005's wiki too, but that one is closed. */
	assert_server_name(names, TEXT("#wikimania.wikimedia"), "wikimania.wikimedia.org");
	assert_server_name(names, TEXT("#x.org"), "x.org");
	assert_server_name(names, TEXT("#x"), "x.org");
	wiki_names_destroy(names);
}

/* RFC 2812 allows more in a channel; a wiki's name has no more. */
static void test_wiki_channel_is_valid_takes_names_of_hosts_only(void **state)
{
	const struct {
		struct text channel;
		bool is_valid;
	} cases[] = {
	    {TEXT("#a"), true},
	    {TEXT("#En.wiki-pedia_0"), true},
	    {TEXT("#"), false},
	    {TEXT(""), false},
	    {TEXT("a"), false},
	    {TEXT("&a"), false},
	    {TEXT("##a"), false},
	    {TEXT("#a b"), false},
	    {TEXT("#a,b"), false},
	    {TEXT("#a:b"), false},
	    {TEXT("#a\007"), false},
	    {TEXT("#a\0"), false},
	    {TEXT("#a\r\n"), false},
	    {TEXT("#\303\251"), false},
	    {TEXT("#4567890123456789012345678901234567890123456789abc"), true},
	    {TEXT("#4567890123456789012345678901234567890123456789abcd"), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text channel = cases[i].channel;

		if (wiki_channel_is_valid(channel.bytes, channel.length) != cases[i].is_valid) {
			fail_msg("\"%s\" was judged wrongly", channel.bytes);
		}
	}
}

/* RFC 1035's length, and the bytes that a host with a port or an address has. */
static void test_wiki_server_name_is_valid_takes_hosts_and_addresses(void **state)
{
	char name[WIKI_NAME_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_true(wiki_server_name_is_valid(name, WIKI_NAME_MAX));
	assert_false(wiki_server_name_is_valid(name, WIKI_NAME_MAX + 1));
	assert_true(wiki_server_name_is_valid("[2001:db8::1]", 13));
	assert_true(wiki_server_name_is_valid("my_wiki.local-net:80", 20));
	assert_false(wiki_server_name_is_valid("", 0));
	assert_false(wiki_server_name_is_valid("a b", 3));
	assert_false(wiki_server_name_is_valid("a/b", 3));
	assert_false(wiki_server_name_is_valid("a\r\nb", 4));
	assert_false(wiki_server_name_is_valid("a\0b", 3));
}

static void test_wiki_names_destroy_accepts_null(void **state)
{
	(void)state;
	wiki_names_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wiki_channel_drops_a_final_org_only),
	    cmocka_unit_test(test_wiki_channel_knows_wikimedias_exceptions),
	    cmocka_unit_test(
		test_wiki_channel_finds_an_exception_by_server_name_without_a_database),
	    cmocka_unit_test(test_wiki_channel_asks_the_configuration_first),
	    cmocka_unit_test(test_wiki_channel_refuses_what_nobody_could_join),
	    cmocka_unit_test(test_wiki_server_name_reverses_the_channel),
	    cmocka_unit_test(test_wiki_channel_is_valid_takes_names_of_hosts_only),
	    cmocka_unit_test(test_wiki_server_name_is_valid_takes_hosts_and_addresses),
	    cmocka_unit_test(test_wiki_names_destroy_accepts_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
