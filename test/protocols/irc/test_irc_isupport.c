/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_isupport.h"

#include "test/protocols/irc/harness.h"

#define TOKENS_MAX 64

/* What VERSION says in its 005, each token once and NUL-terminated. */
struct tokens {
	struct buffer bytes;
	const char *items[TOKENS_MAX];
	size_t count;
	size_t longest_line; /* in tokens */
};

static void read_tokens(struct harness *harness, struct tokens *tokens)
{
	int client = client_registered(harness, "reader");
	char *line, *lines = NULL;

	*tokens = (struct tokens){0};
	say(client, "VERSION\r\nPING end");
	read_until(harness, client, " :end\r\n", &tokens->bytes);
	buffer_append_byte(&tokens->bytes, '\0');
	for (line = strtok_r(tokens->bytes.bytes, "\r\n", &lines); line != NULL;
	     line = strtok_r(NULL, "\r\n", &lines)) {
		char *end = strstr(line, " :are supported by this server");
		char *words = NULL;
		size_t count = 0;

		if (strncmp(line, ":" TEST_SERVER " 005 reader ", 28) != 0) {
			continue;
		}
		assert_non_null(end);
		*end = '\0';
		for (char *word = strtok_r(line + 28, " ", &words); word != NULL;
		     word = strtok_r(NULL, " ", &words)) {
			tokens->items[tokens->count++] = word;
			count++;
		}
		tokens->longest_line = count > tokens->longest_line ? count : tokens->longest_line;
	}
	(void)close(client);
}

static bool has(const struct tokens *tokens, const char *wanted)
{
	for (size_t i = 0; i < tokens->count; i++) {
		if (strcmp(tokens->items[i], wanted) == 0) {
			return true;
		}
	}
	return false;
}

static size_t name_length(const char *token)
{
	return strcspn(token, "=");
}

/* modern.ircdocs.horse, "RPL_ISUPPORT": at most thirteen tokens a line, each name once. */
static void test_irc_isupport_has_at_most_thirteen_tokens_a_line(void **state)
{
	struct tokens tokens;

	read_tokens(*state, &tokens);
	assert_true(tokens.count > IRC_ISUPPORT_TOKENS);
	assert_int_equal(tokens.longest_line, IRC_ISUPPORT_TOKENS);
	for (size_t i = 0; i < tokens.count; i++) {
		size_t length = name_length(tokens.items[i]);

		assert_true(length > 0);
		assert_int_equal(strspn(tokens.items[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
		                 length);
		for (size_t k = 0; k < i; k++) {
			assert_false(name_length(tokens.items[k]) == length &&
			             memcmp(tokens.items[k], tokens.items[i], length) == 0);
		}
	}
	buffer_finish(&tokens.bytes);
}

/* The note, section 3; CVNBot joins 800 channels: no CHANLIMIT unless one is configured. */
static void test_irc_isupport_says_what_is_true(void **state)
{
	static const char *const wanted[] = {
	    "NETWORK=Example", "CASEMAPPING=ascii",
	    "CHANTYPES=#",     "CHANMODES=b,k,l,mnst",
	    "NICKLEN=30",      "CHANNELLEN=50",
	    "SAFELIST",        "PREFIX=(ov)@+",
	    "ELIST=MNU",       "WHOX",
	    "UTF8ONLY",        "MASKJOIN=3",
	};
	struct tokens tokens;

	read_tokens(*state, &tokens);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		assert_true(has(&tokens, wanted[i]));
	}
	for (size_t i = 0; i < tokens.count; i++) {
		assert_int_not_equal(strncmp(tokens.items[i], "CHANLIMIT", 9), 0);
	}
	buffer_finish(&tokens.bytes);
}

/* Limits of the configuration are told; a server without wildcard channels says nothing of them. */
static void test_irc_isupport_tells_the_limits(void **state)
{
	struct harness *harness = *state;
	struct tokens tokens;

	harness->conf.irc.max_joined = 40;
	harness->conf.irc.max_masks = 0;
	read_tokens(harness, &tokens);
	assert_true(has(&tokens, "CHANLIMIT=#:40"));
	for (size_t i = 0; i < tokens.count; i++) {
		assert_int_not_equal(strncmp(tokens.items[i], "MASKJOIN", 8), 0);
	}
	buffer_finish(&tokens.bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_irc_isupport_has_at_most_thirteen_tokens_a_line),
	    TEST(test_irc_isupport_says_what_is_true),
	    TEST(test_irc_isupport_tells_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
