/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_schema.h"

#include "test/conf/conf_test.h"

/* The whole point of the table: a member and its row cannot name different places. */
static void test_offsets_are_those_of_the_structs(void **state)
{
	const struct conf_section *replay = conf_schema_ingest("replay");

	(void)state;
	assert_int_equal(conf_schema_sections[0].kind, CONF_KIND_ROOT);
	assert_int_equal(conf_schema_sections[0].offset, offsetof(struct conf, root));
	assert_int_equal(replay->offset, offsetof(struct conf_ingest, as));
	assert_string_equal(replay->options[1].key, "rate");
	assert_int_equal(replay->options[1].offset, offsetof(struct conf_replay, rate));
}

/* The reader and the dump find `present` at the beginning of every struct of a section. */
static void test_present_is_the_first_member(void **state)
{
	(void)state;
#define SECTION_BEGIN(section, path, kind, help) \
	assert_int_equal(offsetof(struct conf_##section, present), 0);
#define OPTION(section, key, type, default_text, min, max, reload, help)
#define SECTION_END(section)
#include "conf/options.def"
#undef SECTION_BEGIN
#undef OPTION
#undef SECTION_END
}

/* Names of types are exact: no case, no underscore; what is planned is not there yet. */
static void test_ingest_types_are_exact(void **state)
{
	static const char *const unknown[] = {"Redis",  "redis_stream", "event-streams", "kafka",
	                                      "RC2UDP", "rcfeed_udp",   "irc",           ""};
	struct conf_names types;

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_null(conf_schema_ingest(unknown[i]));
	}
	conf_schema_ingest_types(&types);
	assert_int_equal(types.count, 6);
	for (size_t i = 0; i < types.count; i++) {
		assert_string_equal(conf_schema_ingest(types.items[i])->path, types.items[i]);
	}
}

static const struct conf_section *find_section(const char *path)
{
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		if (strcmp(conf_schema_sections[i].path, path) == 0) {
			return &conf_schema_sections[i];
		}
	}
	fail();
	return NULL;
}

/* Sections nest by the dots of their paths: socketio is http's, and nobody else's. */
static void test_sections_nest_by_path(void **state)
{
	const struct conf_section *root = &conf_schema_sections[0];
	const struct conf_section *http = find_section("http");
	const struct conf_section *socketio = find_section("http.socketio");

	(void)state;
	assert_string_equal(conf_schema_child_key(http, root), "http");
	assert_string_equal(conf_schema_child_key(socketio, http), "socketio");
	assert_null(conf_schema_child_key(socketio, root));
	assert_null(conf_schema_child_key(http, http));
	assert_null(conf_schema_child_key(root, root));
	assert_null(conf_schema_child_key(http, find_section("irc")));
	assert_null(conf_schema_child_key(find_section("rc2udp"), root));
}

static bool has_name(const struct conf_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->items[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* The keys a section may hold are its options, its child sections and what its kind adds. */
static void test_keys_are_options_and_children(void **state)
{
	struct conf_names names;

	(void)state;
	conf_schema_keys(&conf_schema_sections[0], &names);
	assert_true(has_name(&names, "workers") && has_name(&names, "http"));
	assert_true(has_name(&names, "ingest"));
	assert_false(has_name(&names, "socketio") || has_name(&names, "rc2udp"));
	conf_schema_keys(find_section("http"), &names);
	assert_true(has_name(&names, "listen") && has_name(&names, "socketio"));
	assert_false(has_name(&names, "type"));
	conf_schema_keys(find_section("replay"), &names);
	assert_true(has_name(&names, "type") && has_name(&names, "name"));
	assert_true(has_name(&names, "file"));
}

/* options.def: "" with a minimum above 0 is a key that must be given. */
static void test_only_what_has_no_default_is_required(void **state)
{
	static const char *const required[] = {"eventstreams.url", "redis.url", "redis-stream.url",
	                                       "redis-stream.streams", "replay.file"};
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		const struct conf_section *section = &conf_schema_sections[i];

		for (size_t k = 0; k < section->option_count; k++) {
			char name[64];

			if (conf_schema_is_required(&section->options[k])) {
				(void)snprintf(name, sizeof(name), "%s.%s", section->path,
				               section->options[k].key);
				assert_true(count < sizeof(required) / sizeof(required[0]));
				assert_string_equal(name, required[count++]);
			}
		}
	}
	assert_int_equal(count, sizeof(required) / sizeof(required[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_offsets_are_those_of_the_structs),
	    cmocka_unit_test(test_present_is_the_first_member),
	    cmocka_unit_test(test_ingest_types_are_exact),
	    cmocka_unit_test(test_sections_nest_by_path),
	    cmocka_unit_test(test_keys_are_options_and_children),
	    cmocka_unit_test(test_only_what_has_no_default_is_required),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
