/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_manual.h"

#include "conf/conf_schema.h"
#include "test/conf/conf_test.h"

/* STYLE C11: the checked-in page is the one that options.def yields. */
static void test_page_is_the_printed_one(void **state)
{
	(void)state;
	assert_file(SOURCES "docs/rcstreamd.yaml.5", "conf_docs manual >docs/rcstreamd.yaml.5",
	            conf_manual);
}

/* Every section and every key has its entry. */
static void test_every_option_has_an_entry(void **state)
{
	char *page = read_source(SOURCES "docs/rcstreamd.yaml.5");

	(void)state;
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		const struct conf_section *section = &conf_schema_sections[i];
		char *at = page;

		if (section->kind != CONF_KIND_ROOT) {
			char title[64];

			(void)snprintf(title, sizeof(title), "\n.Ss %s\n", section->path);
			at = strstr(page, title);
			assert_non_null(at);
		}
		for (size_t k = 0; k < section->option_count; k++) {
			char entry[64];

			(void)snprintf(entry, sizeof(entry), "\n.It Ic %s\n",
			               section->options[k].key);
			at = strstr(at, entry);
			assert_non_null(at);
		}
	}
	free(page);
}

/* roff(7): nothing of an option's help is read as a request or an escape. */
static void test_no_line_begins_a_request_by_chance(void **state)
{
	char *page = read_source(SOURCES "docs/rcstreamd.yaml.5");

	(void)state;
	assert_null(strstr(page, "\n'"));
	for (char *line = page; *line != '\0'; line += strcspn(line, "\n") + 1) {
		assert_true(line[0] != '.' || (line[1] >= 'A' && line[1] <= 'Z') ||
		            strncmp(line, ".br", 3) == 0 || strncmp(line, ".\\\"", 3) == 0);
	}
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_page_is_the_printed_one),
	    cmocka_unit_test(test_every_option_has_an_entry),
	    cmocka_unit_test(test_no_line_begins_a_request_by_chance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
