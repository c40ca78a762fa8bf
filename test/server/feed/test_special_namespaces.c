/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/special_namespaces.h"

#include "test/server/feed/records.h"

static const char *const languages[] = {
#define SPECIAL_NAMESPACE(language, name) language,
#include "server/feed/special_namespaces.def"
#undef SPECIAL_NAMESPACE
};

static const char *const odd_wikis[] = {
#define SPECIAL_LANGUAGE(server_name, language) server_name,
#include "server/feed/special_languages.def"
#undef SPECIAL_LANGUAGE
};

static void assert_sorted(const char *const *names, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (strcmp(names[i - 1], names[i]) >= 0) {
			fail_msg("\"%s\" stands before \"%s\"", names[i - 1], names[i]);
		}
	}
}

/* bsearch() needs it. */
static void test_special_namespaces_are_sorted(void **state)
{
	(void)state;
	assert_sorted(languages, sizeof(languages) / sizeof(languages[0]));
	assert_sorted(odd_wikis, sizeof(odd_wikis) / sizeof(odd_wikis[0]));
}

/* The first label of a server name is the wiki's language. */
static void test_special_namespaces_are_found_by_language(void **state)
{
	json_t *wanted = json_load_file(TEST_DATA "/rcfeed/special-namespaces.json", 0, NULL);
	const char *language;
	json_t *name;
	char server_name[64];

	(void)state;
	assert_non_null(wanted);
	json_object_foreach(wanted, language, name)
	{
		(void)snprintf(server_name, sizeof(server_name), "%s.example.org", language);
		assert_string_equal(
		    special_namespaces_find((struct text){server_name, strlen(server_name)}),
		    json_string_value(name));
	}
	json_decref(wanted);
}

/* Codes in Wikimedia's server names that are not those of the languages. */
static void test_special_namespaces_know_the_odd_codes_of_old_wikis(void **state)
{
	static const struct {
		const char *code;
		const char *language;
	} codes[] = {
	    {"simple", "en"},      {"no", "nb"},       {"als", "gsw"},
	    {"bat-smg", "sgs"},    {"bh", "bho"},      {"be-x-old", "be-tarask"},
	    {"fiu-vro", "vro"},    {"roa-rup", "rup"}, {"zh-classical", "lzh"},
	    {"zh-min-nan", "nan"}, {"zh-yue", "yue"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct text code = {codes[i].code, strlen(codes[i].code)};
		struct text language = {codes[i].language, strlen(codes[i].language)};

		assert_string_equal(special_namespaces_find(code),
		                    special_namespaces_find(language));
	}
}

/* Each language that special_languages.def names is one that has a name. */
static void test_special_namespaces_have_a_name_for_every_chapter(void **state)
{
	static const struct {
		const char *server_name;
		const char *language;
	} rows[] = {
#define SPECIAL_LANGUAGE(server_name, language) {server_name, language},
#include "server/feed/special_languages.def"
#undef SPECIAL_LANGUAGE
	};
	json_t *names = json_load_file(TEST_DATA "/rcfeed/special-namespaces.json", 0, NULL);

	(void)state;
	assert_non_null(names);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text server_name = {rows[i].server_name, strlen(rows[i].server_name)};
		const char *wanted = json_string_value(json_object_get(names, rows[i].language));

		assert_non_null(wanted);
		assert_string_equal(special_namespaces_find(server_name), wanted);
	}
	json_decref(names);
}

/* ar.wikimedia.org is Argentina's, in Spanish; ar.wikipedia.org is in Arabic. */
static void test_special_namespaces_take_chapters_for_countries(void **state)
{
	(void)state;
	assert_string_equal(special_namespaces_find(TEXT("ar.wikimedia.org")), "Especial");
	assert_string_equal(special_namespaces_find(TEXT("es.wikipedia.org")), "Especial");
	assert_string_not_equal(special_namespaces_find(TEXT("ar.wikipedia.org")), "Especial");
}

/* A wiki without a language in its name: most of these are in English. */
static void test_special_namespaces_are_special_where_no_language_is_told(void **state)
{
	static const char *const server_names[] = {"commons.wikimedia.org",
	                                           "www.wikidata.org",
	                                           "meta.wikimedia.org",
	                                           "species.wikimedia.org",
	                                           "test.wikipedia.org",
	                                           "wiki.example.org",
	                                           "localhost",
	                                           ".",
	                                           "[::1]",
	                                           "simple.wikipedia.org"};

	(void)state;
	for (size_t i = 0; i < sizeof(server_names) / sizeof(server_names[0]); i++) {
		struct text server_name = {server_names[i], strlen(server_names[i])};

		assert_string_equal(special_namespaces_find(server_name), "Special");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_special_namespaces_are_sorted),
	    cmocka_unit_test(test_special_namespaces_are_found_by_language),
	    cmocka_unit_test(test_special_namespaces_know_the_odd_codes_of_old_wikis),
	    cmocka_unit_test(test_special_namespaces_have_a_name_for_every_chapter),
	    cmocka_unit_test(test_special_namespaces_take_chapters_for_countries),
	    cmocka_unit_test(test_special_namespaces_are_special_where_no_language_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
