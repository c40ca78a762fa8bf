/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_help.h"

#include "conf/conf_schema.h"
#include "test/conf/conf_test.h"

/* STYLE C11: the checked-in files are those that options.def yields. */
static void test_manual_is_the_printed_one(void **state)
{
	(void)state;
	assert_file(SOURCES "docs/configuration.md", "conf_docs markdown >docs/configuration.md",
	            conf_help_markdown);
}

static void test_sample_is_the_printed_one(void **state)
{
	(void)state;
	assert_file(SOURCES "conf/rcstreamd.yaml", "conf_docs yaml >conf/rcstreamd.yaml",
	            conf_help_yaml);
}

/* The sample shows the defaults: running it is running without a file. */
static void test_sample_is_the_default_configuration(void **state)
{
	char *text = read_source(SOURCES "conf/rcstreamd.yaml");
	struct conf *sample = conf_of(text);
	struct conf *built_in = conf_create_default(NULL);
	char *sample_dump = dump_of(sample);
	char *built_in_dump = dump_of(built_in);

	(void)state;
	assert_string_equal(sample_dump, built_in_dump);
	free(text);
	free(sample_dump);
	free(built_in_dump);
	conf_destroy(sample);
	conf_destroy(built_in);
}

/* Every option is in all three, with its key and its help. */
static void test_every_option_is_told(void **state)
{
	struct buffer out = {0};
	char *help;
	char *manual = read_source(SOURCES "docs/configuration.md");
	char *sample = read_source(SOURCES "conf/rcstreamd.yaml");

	(void)state;
	conf_help(&out);
	help = text_of(&out);
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		for (size_t k = 0; k < conf_schema_sections[i].option_count; k++) {
			const struct conf_option *option = &conf_schema_sections[i].options[k];
			char key[64];

			(void)snprintf(key, sizeof(key), "  %s: ", option->key);
			assert_non_null(strstr(help, key));
			(void)snprintf(key, sizeof(key), "%s: ", option->key);
			assert_non_null(strstr(sample, key));
			(void)snprintf(key, sizeof(key), "| `%s` | ", option->key);
			assert_non_null(strstr(manual, key));
			assert_non_null(strstr(manual, option->help));
		}
	}
	free(help);
	free(manual);
	free(sample);
}

/* --help is read in a terminal of 80 columns; only a line of limits may be longer. */
static void test_help_keeps_to_its_columns(void **state)
{
	struct buffer out = {0};

	(void)state;
	conf_help(&out);
	buffer_append_byte(&out, '\0');
	for (const char *line = out.bytes; *line != '\0'; line += strcspn(line, "\n") + 1) {
		assert_true(strcspn(line, "\n") <= 80 || strstr(line, "default") != NULL);
		assert_true(strcspn(line, "\n") <= 120);
	}
	buffer_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_manual_is_the_printed_one),
	    cmocka_unit_test(test_sample_is_the_printed_one),
	    cmocka_unit_test(test_sample_is_the_default_configuration),
	    cmocka_unit_test(test_every_option_is_told),
	    cmocka_unit_test(test_help_keeps_to_its_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
