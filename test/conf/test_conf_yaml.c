/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_yaml.h"

#include "test/conf/conf_test.h"

static struct conf_node *parse(const char *text, size_t length, char **faults_told)
{
	struct conf_faults faults = {.file = "t"};
	struct conf_node *root = conf_yaml_parse(text, length, &faults);
	struct buffer out = {0};

	conf_fault_print(&faults, &out);
	conf_fault_finish(&faults);
	*faults_told = text_of(&out);
	return root;
}

static struct conf_node *parse_good(const char *text)
{
	char *told;
	struct conf_node *root = parse(text, strlen(text), &told);

	assert_string_equal(told, "");
	assert_non_null(root);
	free(told);
	return root;
}

static void assert_mark(struct conf_mark mark, size_t line, size_t column)
{
	assert_int_equal(mark.line, line);
	assert_int_equal(mark.column, column);
}

/* The tree keeps order, kinds and places; lines and columns count from 1, as editors do. */
static void test_tree_knows_kinds_and_places(void **state)
{
	struct conf_node *root = parse_good("a: 1\nb:\n  - x\n  - {ä: \"y\", c: z}\n");
	const struct conf_node *b = conf_yaml_find(root, "b");
	const struct conf_node *second;

	(void)state;
	assert_int_equal(root->kind, CONF_NODE_MAPPING);
	assert_int_equal(root->child_count, 2);
	assert_string_equal(root->children->key, "a");
	assert_string_equal(root->children->text, "1");
	assert_mark(root->children->mark, 1, 4);
	assert_ptr_equal(root->children->next, b);
	assert_int_equal(b->kind, CONF_NODE_LIST);
	assert_int_equal(b->child_count, 2);
	assert_mark(b->key_mark, 2, 1);
	assert_mark(b->mark, 3, 3);
	second = b->children->next;
	assert_null(second->next);
	assert_null(second->key);
	assert_int_equal(second->kind, CONF_NODE_MAPPING);
	assert_mark(conf_yaml_find(second, "c")->mark, 4, 17);
	conf_yaml_destroy(root);
}

/* YAML 1.1's null is unquoted; a quoted one is the word. */
static void test_null_is_told_from_text(void **state)
{
	static const struct {
		const char *text;
		enum conf_node_kind kind;
	} cases[] = {
	    {"a:", CONF_NODE_NULL},          {"a: ~", CONF_NODE_NULL},
	    {"a: null", CONF_NODE_NULL},     {"a: \"\"", CONF_NODE_SCALAR},
	    {"a: 'null'", CONF_NODE_SCALAR}, {"a: \"~\"", CONF_NODE_SCALAR},
	    {"a: nil", CONF_NODE_SCALAR},    {"a: |\n", CONF_NODE_SCALAR},
	    {"a: []", CONF_NODE_LIST},       {"a: {}", CONF_NODE_MAPPING},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf_node *root = parse_good(cases[i].text);

		assert_int_equal(conf_yaml_find(root, "a")->kind, cases[i].kind);
		conf_yaml_destroy(root);
	}
}

/* A file with nothing in it is a root with nothing in it. */
static void test_empty_text_is_null(void **state)
{
	static const char *const texts[] = {"",      "\n\n",       "# a comment\n",
	                                    "---\n", "---\n...\n", "\xef\xbb\xbf"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct conf_node *root = parse_good(texts[i]);

		assert_int_equal(root->kind, CONF_NODE_NULL);
		assert_null(conf_yaml_find(root, "a"));
		conf_yaml_destroy(root);
	}
}

/* A byte order mark is not part of the first key, and does not move its column. */
static void test_byte_order_mark_is_passed_over(void **state)
{
	struct conf_node *root = parse_good("\xef\xbb\xbf"
	                                    "a: 1\r\nb: 2\r\n");

	(void)state;
	assert_string_equal(conf_yaml_find(root, "a")->text, "1");
	assert_mark(conf_yaml_find(root, "b")->mark, 2, 4);
	conf_yaml_destroy(root);
}

/* Lesser faults leave a tree, so that the reader can tell its own beside them. */
static void test_lesser_faults_leave_the_tree(void **state)
{
	char *told;
	const char *text = "a: &x 1\nb: *x\na: 2\n? [k]\n: {v: 1}\nc: !t 3\n";
	struct conf_node *root = parse(text, strlen(text), &told);

	(void)state;
	assert_non_null(root);
	assert_string_equal(told, "t:1:4: a: the anchor x is not taken (want the value alone)\n"
	                          "t:2:4: b: the alias x is not taken (want the value itself)\n"
	                          "t:3:1: a: is given twice, first on line 1 (want it once)\n"
	                          "t:4:3: a key is a list (want text)\n"
	                          "t:6:4: c: the tag \"!t\" is not taken (want the value alone)\n");
	free(told);
	assert_string_equal(conf_yaml_find(root, "a")->text, "1");
	assert_int_equal(conf_yaml_find(root, "b")->kind, CONF_NODE_FAULTY);
	assert_string_equal(conf_yaml_find(root, "c")->text, "3");
	assert_int_equal(root->child_count, 5);
	conf_yaml_destroy(root);
}

/* Graver ones end the reading with one line. */
static void test_grave_faults_leave_nothing(void **state)
{
	static const struct {
		const char *text;
		const char *expected;
	} cases[] = {
	    {"a: 1\n---\nb: 2\n", "t:2:1: a second document begins (want one)\n"},
	    {"a: \xff", "t:1:4: the byte 0xff is not UTF-8 (want a file in UTF-8)\n"},
	    {"é\r\na: \xc3", "t:2:4: the byte 0xc3 is not UTF-8 (want a file in UTF-8)\n"},
	    {"a: [1\n", "t:2:1: did not find expected ',' or ']' while parsing a flow sequence\n"},
	    {"a: \"\\ud800\"",
	     "t:1:7: found invalid Unicode character escape code while parsing a quoted scalar\n"},
	    {"é: \x01", "t:1:4: control characters are not allowed: U+0001\n"},
	    {"%YAML 3.0\n---\na: 1\n", "t:1:1: found incompatible YAML document\n"},
	    {"? [a]\n: {c: [d", "t:1:3: a key is a list (want text)\n"
	                        "t:3:1: did not find expected ',' or ']' while parsing a flow "
	                        "sequence\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *told;

		assert_null(parse(cases[i].text, strlen(cases[i].text), &told));
		assert_string_equal(told, cases[i].expected);
		free(told);
	}
}

/* CONF_DEPTH_MAX levels are taken, one more is not: in lists, in mappings, in keys. */
static void test_depth_is_limited(void **state)
{
	static const struct {
		const char *head; /* `head_levels` of them */
		size_t head_levels;
		const char *opening;
		const char *closing;
	} cases[] = {{"", 0, "[", "]"}, {"", 0, "{a: ", "}"}, {"? ", 1, "[", "]"}};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		size_t which = i / 2;
		size_t levels = CONF_DEPTH_MAX + i % 2;
		struct buffer text = {0};
		char *told;
		struct conf_node *root;

		buffer_append_text(&text, cases[which].head);
		for (size_t k = cases[which].head_levels; k < levels; k++) {
			buffer_append_text(&text, cases[which].opening);
		}
		for (size_t k = cases[which].head_levels; k < levels; k++) {
			buffer_append_text(&text, cases[which].closing);
		}
		root = parse(text.bytes, text.length, &told);
		assert_int_equal(root != NULL, levels == CONF_DEPTH_MAX);
		assert_int_equal(strstr(told, "nested too deep") != NULL, levels > CONF_DEPTH_MAX);
		free(told);
		conf_yaml_destroy(root);
		buffer_finish(&text);
	}
}

/* Nothing between a NUL and the end of a value is lost; a raw NUL is a fault of syntax. */
static void test_nul_is_kept_when_escaped(void **state)
{
	struct conf_node *root = parse_good("\"k\\0\": \"a\\0b\"");
	char *told;

	(void)state;
	assert_int_equal(root->children->length, 3);
	assert_memory_equal(root->children->text, "a\0b", 4);
	assert_int_equal(root->children->key_length, 2);
	assert_null(conf_yaml_find(root, "k"));
	conf_yaml_destroy(root);
	root = parse("a: b\0c", 6, &told);
	assert_null(root);
	assert_string_equal(told, "t:1:5: control characters are not allowed: U+0000\n");
	free(told);
}

/* Marks of our own texts would name a place in a file that has none. */
static void test_constant_has_no_marks(void **state)
{
	struct conf_node *root = conf_yaml_parse_constant("a: [1]");

	(void)state;
	assert_mark(root->mark, 0, 0);
	assert_mark(root->children->mark, 0, 0);
	assert_mark(root->children->key_mark, 0, 0);
	conf_yaml_destroy(root);
	conf_yaml_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tree_knows_kinds_and_places),
	    cmocka_unit_test(test_null_is_told_from_text),
	    cmocka_unit_test(test_empty_text_is_null),
	    cmocka_unit_test(test_byte_order_mark_is_passed_over),
	    cmocka_unit_test(test_lesser_faults_leave_the_tree),
	    cmocka_unit_test(test_grave_faults_leave_nothing),
	    cmocka_unit_test(test_depth_is_limited),
	    cmocka_unit_test(test_nul_is_kept_when_escaped),
	    cmocka_unit_test(test_constant_has_no_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
