/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/irc/irc_history_request: the parameters of CHATHISTORY. */
#include "protocols/irc/irc_history_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define T0    "timestamp=2026-01-31T12:00:00.123Z"
#define T0_MS UINT64_C(1769860800123)

static struct text text_of(const char *bytes)
{
	return (struct text){.bytes = bytes, .length = strlen(bytes)};
}

static bool parse(const char *parameters, struct irc_message *message,
                  struct irc_history_request *request, struct irc_history_refusal *refusal)
{
	char line[512] = "CHATHISTORY ";

	strncat(line, parameters, sizeof(line) - strlen(line) - 1);
	assert_true(irc_message_parse(message, text_of(line)));
	return irc_history_request_parse(message, request, refusal);
}

static void assert_taken(const char *parameters, struct irc_message *message,
                         struct irc_history_request *request)
{
	struct irc_history_refusal refusal;

	if (!parse(parameters, message, request, &refusal)) {
		fail_msg("%s: %s %s", parameters, refusal.code, refusal.text);
	}
}

static uint64_t time_of(const char *timestamp)
{
	struct irc_message message;
	struct irc_history_request request;
	char parameters[128] = "AFTER #c ";

	strncat(parameters, timestamp, sizeof(parameters) - 16);
	strcat(parameters, " 1");
	assert_taken(parameters, &message, &request);
	assert_int_equal(request.references[0].type, IRC_REFERENCE_TIME);
	return request.references[0].time_ms;
}

/* ircv3.net, "chathistory Extension": the six subcommands, each with its parameters, in any case.
 */
static void test_irc_history_request_reads_every_subcommand(void **state)
{
	struct irc_message message;
	struct irc_history_request request;

	(void)state;
	assert_taken("LATEST #c * 50", &message, &request);
	assert_int_equal(request.subcommand, IRC_HISTORY_LATEST);
	assert_string_equal(request.name, "LATEST");
	assert_string_equal(request.target, "#c");
	assert_int_equal(request.references[0].type, IRC_REFERENCE_NONE);
	assert_int_equal(request.limit, 50);

	assert_taken("latest #c " T0 " 999999999", &message, &request);
	assert_int_equal(request.references[0].type, IRC_REFERENCE_TIME);
	assert_int_equal(request.references[0].time_ms, T0_MS);
	assert_int_equal(request.limit, 999999999);

	assert_taken("BEFORE #c msgid=a-1 1", &message, &request);
	assert_int_equal(request.subcommand, IRC_HISTORY_BEFORE);
	assert_int_equal(request.references[0].type, IRC_REFERENCE_MSGID);
	assert_string_equal(request.references[0].msgid, "a-1");

	assert_taken("AFTER #c msgid= 1", &message, &request);
	assert_int_equal(request.subcommand, IRC_HISTORY_AFTER);
	assert_string_equal(request.references[0].msgid, "");

	assert_taken("Around #c " T0 " :7", &message, &request);
	assert_int_equal(request.subcommand, IRC_HISTORY_AROUND);
	assert_int_equal(request.limit, 7);

	assert_taken("BETWEEN #*.wikipedia msgid=x " T0 " 2", &message, &request);
	assert_int_equal(request.subcommand, IRC_HISTORY_BETWEEN);
	assert_string_equal(request.target, "#*.wikipedia");
	assert_string_equal(request.references[0].msgid, "x");
	assert_int_equal(request.references[1].time_ms, T0_MS);

	assert_taken("TARGETS " T0 " timestamp=2026-01-31T12:00:01Z 3", &message, &request);
	assert_int_equal(request.subcommand, IRC_HISTORY_TARGETS);
	assert_string_equal(request.target, "*");
	assert_int_equal(request.references[0].time_ms, T0_MS);
	assert_int_equal(request.references[1].time_ms, T0_MS + 877);
	assert_int_equal(request.limit, 3);
}

/* ircv3.net, "server-time": UTC with milliseconds; a fraction of other lengths is read too. */
static void test_irc_history_request_reads_times(void **state)
{
	(void)state;
	assert_int_equal(time_of("timestamp=1970-01-01T00:00:00.000Z"), 0);
	assert_int_equal(time_of("timestamp=1970-01-01T00:00:00.001Z"), 1);
	assert_int_equal(time_of("timestamp=2024-02-29T23:59:59.999Z"), 1709251199999);
	assert_int_equal(time_of("timestamp=2026-01-31T12:00:00Z"), T0_MS - 123);
	assert_int_equal(time_of("timestamp=2026-01-31T12:00:00.1Z"), T0_MS - 23);
	assert_int_equal(time_of("timestamp=2026-01-31T12:00:00.12Z"), T0_MS - 3);
	assert_int_equal(time_of("timestamp=2026-01-31T12:00:00.1239999Z"), T0_MS);
	assert_int_equal(time_of("timestamp=2016-12-31T23:59:60.000Z"), 1483228800000);
	assert_int_equal(time_of("timestamp=9999-12-31T23:59:59.999Z"), 253402300799999);
}

static void assert_same(const char *met, const char *wanted)
{
	assert_true((met == NULL) == (wanted == NULL));
	if (wanted != NULL) {
		assert_string_equal(met, wanted);
	}
}

/* ircv3.net, "chathistory Extension", "Errors and Warnings". */
static void test_irc_history_request_refuses_what_is_none(void **state)
{
	static const struct {
		const char *parameters;
		const char *code;
		const char *context[3];
		const char *text;
	} cases[] = {
	    {"", "INVALID_PARAMS", {"*", NULL}, "Insufficient parameters"},
	    {"FIRST #c * 1", "INVALID_PARAMS", {"FIRST", NULL}, "Unknown command"},
	    {"LATES #c * 1", "INVALID_PARAMS", {"LATES", NULL}, "Unknown command"},
	    {"LATEST", "INVALID_PARAMS", {"LATEST", NULL}, "Insufficient parameters"},
	    {"latest #c *", "INVALID_PARAMS", {"latest", NULL}, "Insufficient parameters"},
	    {"LATEST #c * 1 2", "INVALID_PARAMS", {"LATEST", NULL}, "Too many parameters"},
	    {"BETWEEN #c msgid=1 5",
	     "INVALID_PARAMS",
	     {"BETWEEN", NULL},
	     "Insufficient parameters"},
	    {"TARGETS " T0 " 5", "INVALID_PARAMS", {"TARGETS", NULL}, "Insufficient parameters"},
	    {"TARGETS #c " T0 " " T0 " 5",
	     "INVALID_PARAMS",
	     {"TARGETS", NULL},
	     "Too many parameters"},
	    {"LATEST #c * 0", "INVALID_PARAMS", {"LATEST", "0"}, "Invalid limit"},
	    {"LATEST #c * 00", "INVALID_PARAMS", {"LATEST", "00"}, "Invalid limit"},
	    {"LATEST #c * -1", "INVALID_PARAMS", {"LATEST", "-1"}, "Invalid limit"},
	    {"LATEST #c * 1x", "INVALID_PARAMS", {"LATEST", "1x"}, "Invalid limit"},
	    {"LATEST #c * :", "INVALID_PARAMS", {"LATEST", ""}, "Invalid limit"},
	    {"LATEST #c * 1000000000", "INVALID_PARAMS", {"LATEST", "1000000000"}, "Invalid limit"},
	    {"LATEST #c * 18446744073709551617",
	     "INVALID_PARAMS",
	     {"LATEST", "18446744073709551617"},
	     "Invalid limit"},
	    {"AFTER #c * 1", "INVALID_MSGREFTYPE", {"AFTER", "#c", "*"}, NULL},
	    {"LATEST #c ** 1", "INVALID_MSGREFTYPE", {"LATEST", "#c", "**"}, NULL},
	    {"AFTER #c id=1 1", "INVALID_MSGREFTYPE", {"AFTER", "#c", "id=1"}, NULL},
	    {"AFTER #c MSGID=1 1", "INVALID_MSGREFTYPE", {"AFTER", "#c", "MSGID=1"}, NULL},
	    {"BETWEEN #c msgid=1 * 1", "INVALID_MSGREFTYPE", {"BETWEEN", "#c", "*"}, NULL},
	    {"TARGETS msgid=1 " T0 " 1", "INVALID_MSGREFTYPE", {"TARGETS", "*", "msgid=1"}, NULL},
	    {"TARGETS * " T0 " 1", "INVALID_MSGREFTYPE", {"TARGETS", "*", "*"}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct irc_message message;
		struct irc_history_request request;
		struct irc_history_refusal refusal;

		assert_false(parse(cases[i].parameters, &message, &request, &refusal));
		assert_string_equal(refusal.code, cases[i].code);
		for (size_t word = 0; word < 3; word++) {
			assert_same(refusal.context[word], cases[i].context[word]);
		}
		if (cases[i].text != NULL) {
			assert_string_equal(refusal.text, cases[i].text);
		}
	}
}

/* Of a time every character counts: with one more, one less or another it is none. */
static void test_irc_history_request_refuses_bad_times(void **state)
{
	static const char *const times[] = {
	    "",
	    "2026-01-31",
	    "2026-01-31T12:00:00.123",
	    "2026-01-31T12:00:00.Z",
	    "2026-01-31T12:00:00,123Z",
	    "2026-01-31T12:00:00.123z",
	    "2026-01-31T12:00:00.123ZZ",
	    "2026-01-31T12:00:00.123+00:00",
	    "2026-01-31t12:00:00.123Z",
	    "2026-1-31T12:00:00.123Z",
	    "2026-00-31T12:00:00.123Z",
	    "2026-13-31T12:00:00.123Z",
	    "2026-01-00T12:00:00.123Z",
	    "2026-01-32T12:00:00.123Z",
	    "2026-01-31T24:00:00.123Z",
	    "2026-01-31T12:60:00.123Z",
	    "2026-01-31T12:00:61.123Z",
	    "1969-12-31T23:59:59.999Z",
	    "+026-01-31T12:00:00.123Z",
	    "1769860800",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char parameters[128] = "AFTER #c timestamp=";
		struct irc_message message;
		struct irc_history_request request;
		struct irc_history_refusal refusal;

		strcat(parameters, times[i]);
		strcat(parameters, " 1");
		if (parse(parameters, &message, &request, &refusal)) {
			fail_msg("taken: %s", times[i]);
		}
		assert_string_equal(refusal.code, "INVALID_PARAMS");
		assert_string_equal(refusal.text, "Invalid timestamp");
		assert_string_equal(refusal.context[1] + strlen("timestamp="), times[i]);
	}
}

/* Whatever stands there, it is taken or refused with all that FAIL needs. */
static void test_irc_history_request_takes_any_text_or_says_why_not(void **state)
{
	static const char *const words[] = {"LATEST", "BETWEEN", "TARGETS", "#c",        "*",
	                                    "msgid=", "msgid=a", T0,        "50",        "0",
	                                    ":",      ": x",     "=",       "timestamp="};
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (unsigned round = 0; round < 20000; round++) {
		char parameters[400] = "";
		struct irc_message message;
		struct irc_history_request request;
		struct irc_history_refusal refusal;

		for (int i = rand() % 7; i > 0; i--) {
			strcat(parameters, words[rand() % 14]);
			strcat(parameters, " ");
		}
		if (parse(parameters, &message, &request, &refusal)) {
			assert_true(request.limit >= 1 && request.target != NULL);
		} else {
			assert_non_null(refusal.code);
			assert_non_null(refusal.text);
			assert_non_null(refusal.context[0]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_irc_history_request_reads_every_subcommand),
	    cmocka_unit_test(test_irc_history_request_reads_times),
	    cmocka_unit_test(test_irc_history_request_refuses_what_is_none),
	    cmocka_unit_test(test_irc_history_request_refuses_bad_times),
	    cmocka_unit_test(test_irc_history_request_takes_any_text_or_says_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
