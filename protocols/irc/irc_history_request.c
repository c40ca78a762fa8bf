/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_history_request.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MSGID     "msgid="
#define TIMESTAMP "timestamp="

#define LIMIT_DIGITS_MAX 9 /* more than any limit that can be set */
#define MS_DIGITS        3

static const struct subcommand {
	const char *name;
	unsigned references;
	bool has_target;
} subcommands[] = {
    [IRC_HISTORY_AFTER] = {"AFTER", 1, true},   [IRC_HISTORY_AROUND] = {"AROUND", 1, true},
    [IRC_HISTORY_BEFORE] = {"BEFORE", 1, true}, [IRC_HISTORY_BETWEEN] = {"BETWEEN", 2, true},
    [IRC_HISTORY_LATEST] = {"LATEST", 1, true}, [IRC_HISTORY_TARGETS] = {"TARGETS", 2, false},
};

#define SUBCOMMANDS (sizeof(subcommands) / sizeof(subcommands[0]))

static bool refuse(struct irc_history_refusal *refusal, const char *code, const char *what,
                   const char *text)
{
	refusal->code = code;
	refusal->context[1] = what;
	refusal->text = text;
	return false;
}

/* --- times -------------------------------------------------------------- */

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Read exactly `digits` digits; false when something else is there, or more than `max`. */
static bool take_number(const char **text, unsigned digits, int max, int *number)
{
	*number = 0;
	for (unsigned i = 0; i < digits; i++, (*text)++) {
		if (!is_digit(**text)) {
			return false;
		}
		*number = *number * 10 + (**text - '0');
	}
	return *number <= max;
}

static bool take_character(const char **text, char character)
{
	if (**text != character) {
		return false;
	}
	(*text)++;
	return true;
}

/* ".5" and ".123456" are taken too; what is finer than a millisecond is left out. */
static bool take_fraction(const char **text, int *milliseconds)
{
	int digits = 0;

	*milliseconds = 0;
	if (**text != '.') {
		return true;
	}
	for ((*text)++; is_digit(**text); (*text)++, digits++) {
		if (digits < MS_DIGITS) {
			*milliseconds = *milliseconds * 10 + (**text - '0');
		}
	}
	for (int i = digits; i < MS_DIGITS; i++) {
		*milliseconds *= 10;
	}
	return digits > 0;
}

/* As server-time writes it: ISO 8601 in UTC.  31 February is the 3 March it would be. */
static bool parse_time(const char *text, uint64_t *unix_ms)
{
	struct tm parts = {0};
	int milliseconds;
	time_t seconds;

	if (!take_number(&text, 4, 9999, &parts.tm_year) || !take_character(&text, '-') ||
	    !take_number(&text, 2, 12, &parts.tm_mon) || !take_character(&text, '-') ||
	    !take_number(&text, 2, 31, &parts.tm_mday) || !take_character(&text, 'T') ||
	    !take_number(&text, 2, 23, &parts.tm_hour) || !take_character(&text, ':') ||
	    !take_number(&text, 2, 59, &parts.tm_min) || !take_character(&text, ':') ||
	    !take_number(&text, 2, 60, &parts.tm_sec) || !take_fraction(&text, &milliseconds) ||
	    strcmp(text, "Z") != 0 || parts.tm_mon == 0 || parts.tm_mday == 0) {
		return false;
	}
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	seconds = timegm(&parts);
	if (seconds < 0) {
		return false;
	}
	*unix_ms = (uint64_t)seconds * 1000 + (uint64_t)milliseconds;
	return true;
}

/* --- parameters --------------------------------------------------------- */

static bool parse_reference(const char *text, const struct irc_history_request *request,
                            struct irc_reference *reference, struct irc_history_refusal *refusal)
{
	enum irc_history_subcommand subcommand = request->subcommand;
	const char *target = request->target;

	*reference = (struct irc_reference){.type = IRC_REFERENCE_NONE};
	if (subcommand == IRC_HISTORY_LATEST && strcmp(text, "*") == 0) {
		return true;
	}
	if (subcommand != IRC_HISTORY_TARGETS && strncmp(text, MSGID, strlen(MSGID)) == 0) {
		reference->type = IRC_REFERENCE_MSGID;
		reference->msgid = text + strlen(MSGID);
		return true;
	}
	if (strncmp(text, TIMESTAMP, strlen(TIMESTAMP)) != 0) {
		refusal->context[2] = text;
		return refuse(refusal, "INVALID_MSGREFTYPE", target,
		              "Not a message reference of a type that is known here");
	}
	reference->type = IRC_REFERENCE_TIME;
	return parse_time(text + strlen(TIMESTAMP), &reference->time_ms) ||
	       refuse(refusal, "INVALID_PARAMS", text, "Invalid timestamp");
}

static bool parse_limit(const char *text, unsigned *limit, struct irc_history_refusal *refusal)
{
	size_t length = strlen(text);

	*limit = 0;
	for (size_t i = 0; i < length && is_digit(text[i]) && i < LIMIT_DIGITS_MAX; i++) {
		*limit = *limit * 10 + (unsigned)(text[i] - '0');
	}
	if (*limit == 0 || strspn(text, "0123456789") != length || length > LIMIT_DIGITS_MAX) {
		return refuse(refusal, "INVALID_PARAMS", text, "Invalid limit");
	}
	return true;
}

static const struct subcommand *find(const char *name)
{
	for (size_t i = 0; i < SUBCOMMANDS; i++) {
		if (strcasecmp(subcommands[i].name, name) == 0) {
			return &subcommands[i];
		}
	}
	return NULL;
}

static bool has_count(const struct irc_message *message, const struct subcommand *subcommand,
                      struct irc_history_refusal *refusal)
{
	unsigned count = 2 + subcommand->references + (subcommand->has_target ? 1 : 0);

	if (message->param_count < count) {
		return refuse(refusal, "INVALID_PARAMS", NULL, "Insufficient parameters");
	}
	if (message->param_count > count) {
		return refuse(refusal, "INVALID_PARAMS", NULL, "Too many parameters");
	}
	return true;
}

bool irc_history_request_parse(const struct irc_message *message,
                               struct irc_history_request *request,
                               struct irc_history_refusal *refusal)
{
	const char *const *next = message->params;
	const struct subcommand *subcommand;

	*refusal = (struct irc_history_refusal){.context = {"*"}};
	if (message->param_count == 0) {
		return refuse(refusal, "INVALID_PARAMS", NULL, "Insufficient parameters");
	}
	refusal->context[0] = *next;
	subcommand = find(*next++);
	if (subcommand == NULL) {
		return refuse(refusal, "INVALID_PARAMS", NULL, "Unknown command");
	}
	if (!has_count(message, subcommand, refusal)) {
		return false;
	}
	request->subcommand = (enum irc_history_subcommand)(subcommand - subcommands);
	request->name = subcommand->name;
	request->target = subcommand->has_target ? *next++ : "*";
	for (unsigned i = 0; i < subcommand->references; i++) {
		if (!parse_reference(*next++, request, &request->references[i], refusal)) {
			return false;
		}
	}
	return parse_limit(*next, &request->limit, refusal);
}
