/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_fault.h"

#include "test/conf/conf_test.h"

static char *print(struct conf_faults *faults)
{
	struct buffer out = {0};

	conf_fault_print(faults, &out);
	conf_fault_finish(faults);
	return text_of(&out);
}

/* The form conf_load() promises: file:line:column: key: sentence. */
static void test_fault_names_place_and_path(void **state)
{
	struct conf_faults faults = {.file = "a.yaml"};
	size_t irc = conf_fault_enter(&faults, "irc", 3);
	size_t listen = conf_fault_enter(&faults, "listen", 6);
	size_t index = conf_fault_enter_index(&faults, 1);
	char *text;

	(void)state;
	conf_fault_add(&faults, (struct conf_mark){3, 7}, "%d is wrong", 5);
	conf_fault_leave(&faults, index);
	conf_fault_leave(&faults, listen);
	conf_fault_add(&faults, (struct conf_mark){4, 1}, "too");
	conf_fault_leave(&faults, irc);
	conf_fault_add(&faults, (struct conf_mark){5, 2}, "no key");
	conf_fault_add(&faults, (struct conf_mark){0}, "no place");
	text = print(&faults);
	assert_string_equal(text, "a.yaml: no place\n"
	                          "a.yaml:3:7: irc.listen[1]: 5 is wrong\n"
	                          "a.yaml:4:1: irc: too\n"
	                          "a.yaml:5:2: no key\n");
	free(text);
}

/* People go through a file from its top; faults of one place stay as they were found. */
static void test_faults_come_in_the_order_of_the_file(void **state)
{
	struct conf_faults faults = {.file = "f"};
	char *text;

	(void)state;
	conf_fault_add(&faults, (struct conf_mark){2, 5}, "c");
	conf_fault_add(&faults, (struct conf_mark){10, 1}, "e");
	conf_fault_add(&faults, (struct conf_mark){2, 1}, "b");
	conf_fault_add(&faults, (struct conf_mark){2, 5}, "d");
	conf_fault_add(&faults, (struct conf_mark){1, 9}, "a");
	text = print(&faults);
	assert_string_equal(text, "f:1:9: a\nf:2:1: b\nf:2:5: c\nf:2:5: d\nf:10:1: e\n");
	free(text);
}

/* A limit on all that grows: of more than 200 faults the rest is counted. */
static void test_faults_over_the_limit_are_counted(void **state)
{
	struct conf_faults faults = {.file = "f"};
	char *text;

	(void)state;
	for (size_t i = 1; i <= CONF_FAULTS_MAX + 3; i++) {
		conf_fault_add(&faults, (struct conf_mark){i, 1}, "x");
	}
	text = print(&faults);
	assert_non_null(
	    strstr(text, "f:200:1: x\nf:201:1: more faults than 200, 3 are not shown\n"));
	assert_null(strstr(text, "f:201:1: x"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fault_names_place_and_path),
	    cmocka_unit_test(test_faults_come_in_the_order_of_the_file),
	    cmocka_unit_test(test_faults_over_the_limit_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
