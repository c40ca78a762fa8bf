/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/line_json.h"

#include "test/server/feed/records.h"

static void assert_written(const struct irc_line *line, const char *wanted)
{
	struct buffer out = {0};

	line_json_write(line, TEXT("x.org"), &out);
	assert_texts_equal(buffer_text(&out), (struct text){wanted, strlen(wanted)});
	buffer_finish(&out);
}

/* RCFeed's members in RCFeed's order; an edit's lengths are not told, only how they differ, for
 * which there is a member of our own behind them. */
static void test_line_json_writes_an_edit(void **state)
{
	(void)state;
	assert_written(
	    &(struct irc_line){.type = CHANGE_EDIT,
	                       .title = TEXT("P & Q"),
	                       .user = TEXT("\303\211"),
	                       .comment = TEXT(""),
	                       .is_unpatrolled = true,
	                       .is_minor = true,
	                       .size = {true, 5},
	                       .rcid = {true, 3},
	                       .revision_old = {true, 1},
	                       .revision_new = {true, 2},
	                       .url = TEXT("https://x.org/w/index.php?diff=2&oldid=1&rcid=3"),
	                       .server_url = TEXT("https://x.org"),
	                       .script_path = TEXT("/w")},
	    "{\"id\":3,\"type\":\"edit\",\"namespace\":null,\"title\":\"P \\u0026 Q\","
	    "\"title_url\":null,\"comment\":\"\",\"timestamp\":null,\"user\":\"\\u00c9\","
	    "\"bot\":false,\"notify_url\":"
	    "\"https://x.org/w/index.php?diff=2\\u0026oldid=1\\u0026rcid=3\","
	    "\"minor\":true,\"patrolled\":false,\"length\":{\"old\":null,\"new\":null},"
	    "\"revision\":{\"old\":1,\"new\":2},\"log_id\":null,\"log_type\":null,"
	    "\"log_action\":null,\"log_params\":null,\"log_action_comment\":null,"
	    "\"server_url\":\"https://x.org\",\"server_name\":\"x.org\","
	    "\"server_script_path\":\"/w\",\"wiki\":null,\"length_difference\":5}");
}

/* The size of a new page is its length; without rcid nothing tells whether it is patrolled. */
static void test_line_json_writes_a_new_page(void **state)
{
	(void)state;
	assert_written(&(struct irc_line){.type = CHANGE_NEW,
	                                  .title = TEXT("P"),
	                                  .user = TEXT("U"),
	                                  .comment = TEXT("c"),
	                                  .is_bot = true,
	                                  .size = {true, 5},
	                                  .revision_new = {true, 2},
	                                  .url = TEXT("u")},
	               "{\"id\":null,\"type\":\"new\",\"namespace\":null,\"title\":\"P\","
	               "\"title_url\":null,\"comment\":\"c\",\"timestamp\":null,\"user\":\"U\","
	               "\"bot\":true,\"notify_url\":\"u\",\"minor\":false,\"patrolled\":null,"
	               "\"length\":{\"old\":null,\"new\":5},\"revision\":{\"old\":null,\"new\":2},"
	               "\"log_id\":null,\"log_type\":null,\"log_action\":null,\"log_params\":null,"
	               "\"log_action_comment\":null,\"server_url\":null,\"server_name\":\"x.org\","
	               "\"server_script_path\":null,\"wiki\":null,\"length_difference\":5}");
}

/* Of a log entry the line has the action's comment, not the bare one, and no flags. */
static void test_line_json_writes_a_log_entry(void **state)
{
	(void)state;
	assert_written(&(struct irc_line){.type = CHANGE_LOG,
	                                  .title = TEXT("A"),
	                                  .user = TEXT("U"),
	                                  .comment = TEXT("moved [[\00302A\00310]] to [[B]]"),
	                                  .log_type = TEXT("move"),
	                                  .log_action = TEXT("move_redir")},
	               "{\"id\":null,\"type\":\"log\",\"namespace\":null,\"title\":\"A\","
	               "\"title_url\":null,\"comment\":null,\"timestamp\":null,\"user\":\"U\","
	               "\"bot\":null,\"notify_url\":null,\"minor\":null,\"patrolled\":null,"
	               "\"length\":null,\"revision\":null,\"log_id\":null,\"log_type\":\"move\","
	               "\"log_action\":\"move_redir\",\"log_params\":null,"
	               "\"log_action_comment\":\"moved [[A]] to [[B]]\",\"server_url\":null,"
	               "\"server_name\":\"x.org\",\"server_script_path\":null,\"wiki\":null,"
	               "\"length_difference\":null}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_line_json_writes_an_edit),
	    cmocka_unit_test(test_line_json_writes_a_new_page),
	    cmocka_unit_test(test_line_json_writes_a_log_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
