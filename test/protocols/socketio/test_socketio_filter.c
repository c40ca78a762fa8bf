/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_filter.h"

#include "server/feed/subscription.h"
#include "test/protocols/socketio/world.h"

/* Gives the filter of an object that must be one. */
static struct socketio_filter must_read(const char *json)
{
	json_t *object = json_loads(json, JSON_ALLOW_NUL, NULL);
	json_t *refused = json_object();
	struct socketio_filter filter;
	struct socketio_since since;

	assert_non_null(object);
	if (!socketio_filter_read(object, &filter, &since, refused)) {
		fail_msg("%s was refused: %s", json, json_dumps(refused, 0));
	}
	json_decref(refused);
	json_decref(object);
	return filter;
}

static void assert_accepted(const char *json, const char *wanted)
{
	struct socketio_filter filter = must_read(json);
	char *met = json_dumps(filter.accepted, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(met, wanted);
	free(met);
	socketio_filter_finish(&filter);
}

/* Of this object, these members and no others are refused. */
static void assert_refused(const char *json, const char *wanted)
{
	json_t *object = json_loads(json, JSON_ALLOW_NUL, NULL);
	json_t *refused = json_object();
	struct socketio_filter filter;
	struct socketio_since since;

	assert_non_null(object);
	if (socketio_filter_read(object, &filter, &since, refused)) {
		fail_msg("%s was accepted", json);
	}
	assert_int_equal(json_object_size(refused), 1);
	assert_true(json_string_length(json_object_get(refused, wanted)) > 0);
	json_decref(refused);
	json_decref(object);
}

static bool passes(const char *json, enum change_type type, struct change_traits traits)
{
	struct change change = {.type = type, .traits = traits};
	struct socketio_filter filter = must_read(json);
	bool does_pass = socketio_filter_passes(&filter, &change);

	socketio_filter_finish(&filter);
	return does_pass;
}

/* One form for all objects that ask for the same: lists, sorted, each value once. */
static void test_an_object_is_brought_into_one_form(void **state)
{
	(void)state;
	assert_accepted("{}", "{\"wiki\":[\"*\"]}");
	assert_accepted("{\"wiki\":\"en.wikipedia.org\"}", "{\"wiki\":[\"en.wikipedia.org\"]}");
	assert_accepted("{\"wiki\":[\"b\",\"a\",\"b\",\"*.c\"]}",
	                "{\"wiki\":[\"*.c\",\"a\",\"b\"]}");
	assert_accepted("{\"namespace\":[10,0,-1,10],\"bot\":false,\"type\":\"new\"}",
	                "{\"bot\":false,\"namespace\":[-1,0,10],\"type\":[\"new\"],"
	                "\"wiki\":[\"*\"]}");
	assert_accepted("{\"type\":[\"log\",\"edit\",\"external\",\"categorize\",\"new\"]}",
	                "{\"type\":[\"categorize\",\"edit\",\"external\",\"log\",\"new\"],"
	                "\"wiki\":[\"*\"]}");
	assert_accepted("{\"since\":0,\"bot\":true}", "{\"bot\":true,\"wiki\":[\"*\"]}");
}

/* Two objects are one subscription when they ask for the same. */
static void test_objects_that_ask_for_the_same_are_equal(void **state)
{
	struct socketio_filter one = must_read("{\"wiki\":[\"a\",\"b\"],\"since\":1}");
	struct socketio_filter same = must_read("{\"wiki\":[\"b\",\"a\",\"a\"]}");
	struct socketio_filter other = must_read("{\"wiki\":[\"a\",\"b\"],\"bot\":true}");

	(void)state;
	assert_true(socketio_filter_is_equal(&one, &same));
	assert_false(socketio_filter_is_equal(&one, &other));
	assert_int_equal(socketio_filter_wikis(&one), 2);
	assert_text_is(socketio_filter_wiki(&one, 1), "b");
	socketio_filter_finish(&one);
	socketio_filter_finish(&same);
	socketio_filter_finish(&other);
}

/* What is not understood is refused by name, and nothing is guessed or passed over. */
static void test_what_is_not_understood_is_refused_by_name(void **state)
{
	(void)state;
	assert_refused("{\"wikis\":\"a\"}", "wikis");
	assert_refused("{\"wiki\":\"a\",\"Bot\":true}", "Bot");
	assert_refused("{\"wiki\":\"\"}", "wiki");
	assert_refused("{\"wiki\":[]}", "wiki");
	assert_refused("{\"wiki\":null}", "wiki");
	assert_refused("{\"wiki\":[\"a\",1]}", "wiki");
	assert_refused("{\"wiki\":\"a\\u0000\"}", "wiki");
	assert_refused("{\"wiki\":[[\"a\"]]}", "wiki");
	assert_refused("{\"type\":\"other\"}", "type");
	assert_refused("{\"type\":\"EDIT\"}", "type");
	assert_refused("{\"type\":\"edit\\u0000\"}", "type");
	assert_refused("{\"type\":0}", "type");
	assert_refused("{\"type\":[]}", "type");
	assert_refused("{\"namespace\":\"0\"}", "namespace");
	assert_refused("{\"namespace\":0.0}", "namespace");
	assert_refused("{\"namespace\":[0,null]}", "namespace");
	assert_refused("{\"bot\":1}", "bot");
	assert_refused("{\"bot\":null}", "bot");
	assert_refused("{\"bot\":[true]}", "bot");
	assert_refused("{\"since\":\"now\"}", "since");
}

/* Gives an object with a list of so many numbers, or of names so long. */
static char *make_list(const char *member, const char *before, const char *after, unsigned count)
{
	struct buffer json = {0};

	buffer_printf(&json, "{\"%s\":[", member);
	for (unsigned i = 0; i < count; i++) {
		buffer_printf(&json, "%s%s%u%s", i > 0 ? "," : "", before, i, after);
	}
	buffer_append_text(&json, "]}");
	return buffer_take(&json, &(size_t){0});
}

/* Lists have limits, which the reason names. */
static void test_lists_have_limits(void **state)
{
	static const struct {
		const char *member, *quote;
		unsigned max;
	} cases[] = {
	    {"wiki", "\"", SOCKETIO_FILTER_WIKIS_MAX},
	    {"namespace", "", SOCKETIO_FILTER_NAMESPACES_MAX},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *quote = cases[i].quote;
		char *most = make_list(cases[i].member, quote, quote, cases[i].max);
		char *more = make_list(cases[i].member, quote, quote, cases[i].max + 1);
		struct socketio_filter filter = must_read(most);

		socketio_filter_finish(&filter);
		assert_refused(more, cases[i].member);
		free(most);
		free(more);
	}
}

/* However many members are wrong, no more than so many are told of. */
static void test_no_more_than_some_refused_members_are_told_of(void **state)
{
	json_t *object = json_object();
	json_t *refused = json_object();
	struct socketio_filter filter;
	struct socketio_since since;

	(void)state;
	for (char name[2] = "a"; name[0] <= 'z'; name[0]++) {
		json_object_set_new(object, name, json_null());
	}
	assert_false(socketio_filter_read(object, &filter, &since, refused));
	assert_int_equal(json_object_size(refused), SOCKETIO_FILTER_REFUSED_MAX);
	json_decref(refused);
	json_decref(object);
}

/* Each member narrows; without any, all passes. */
static void test_a_change_passes_when_every_member_fits(void **state)
{
	static const struct change_traits article = {true, 0, CHANGE_NO};
	static const struct change_traits by_bot = {true, 4, CHANGE_YES};

	(void)state;
	assert_true(passes("{}", CHANGE_OTHER, article));
	assert_true(passes("{\"type\":\"edit\"}", CHANGE_EDIT, article));
	assert_false(passes("{\"type\":\"edit\"}", CHANGE_NEW, article));
	assert_true(passes("{\"type\":[\"edit\",\"log\"]}", CHANGE_LOG, article));
	assert_false(passes("{\"type\":[\"edit\",\"new\",\"log\",\"categorize\",\"external\"]}",
	                    CHANGE_OTHER, article));
	assert_true(passes("{\"namespace\":0}", CHANGE_EDIT, article));
	assert_false(passes("{\"namespace\":[1,4]}", CHANGE_EDIT, article));
	assert_true(passes("{\"namespace\":[1,4]}", CHANGE_EDIT, by_bot));
	assert_true(passes("{\"bot\":true}", CHANGE_EDIT, by_bot));
	assert_false(passes("{\"bot\":false}", CHANGE_EDIT, by_bot));
	assert_true(passes("{\"bot\":false}", CHANGE_EDIT, article));
	assert_false(passes("{\"bot\":true,\"namespace\":0}", CHANGE_EDIT, by_bot));
}

/* What a change does not tell fits no filter that asks for it, neither yes nor no. */
static void test_what_is_not_known_does_not_pass(void **state)
{
	static const struct change_traits unknown = {0};

	(void)state;
	assert_true(passes("{}", CHANGE_EDIT, unknown));
	assert_true(passes("{\"type\":\"edit\"}", CHANGE_EDIT, unknown));
	assert_false(passes("{\"namespace\":0}", CHANGE_EDIT, unknown));
	assert_false(passes("{\"bot\":true}", CHANGE_EDIT, unknown));
	assert_false(passes("{\"bot\":false}", CHANGE_EDIT, unknown));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_object_is_brought_into_one_form),
	    cmocka_unit_test(test_objects_that_ask_for_the_same_are_equal),
	    cmocka_unit_test(test_what_is_not_understood_is_refused_by_name),
	    cmocka_unit_test(test_lists_have_limits),
	    cmocka_unit_test(test_no_more_than_some_refused_members_are_told_of),
	    cmocka_unit_test(test_a_change_passes_when_every_member_fits),
	    cmocka_unit_test(test_what_is_not_known_does_not_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
