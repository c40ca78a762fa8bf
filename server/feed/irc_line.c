/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First the frame, by its separators from left to right: titles may begin with
 * digits, names and comments may hold " * ", "(+1)", "]]" and colours, so only a
 * whole separator counts, the first one for each field and the last ^C for the
 * comment.  Then the fields, by what they are.
 */
#include "server/feed/irc_line.h"

#include <string.h>

#include "server/feed/wiki_name.h"

struct frame {
	struct text title;
	struct text flags;
	struct text url;
	struct text user;
	struct text size;
	struct text comment;
};

/* A literal with its length, which the compiler knows. */
#define LITERAL(string) ((struct text){string, sizeof(string) - 1})

/* Step over `literal` if `rest` begins with it. */
static bool take(struct text *rest, struct text literal)
{
	if (rest->length < literal.length ||
	    memcmp(rest->bytes, literal.bytes, literal.length) != 0) {
		return false;
	}
	rest->bytes += literal.length;
	rest->length -= literal.length;
	return true;
}

/*
 * Take what is before the first `separator` and step over that.  Separators begin with a byte
 * that is rare in texts, so looking for this byte is faster than memmem(), which prepares a search.
 */
static bool take_until(struct text *rest, struct text separator, struct text *taken)
{
	struct text at = *rest;
	const char *found;

	while ((found = memchr(at.bytes, separator.bytes[0], at.length)) != NULL) {
		at = (struct text){found, at.length - (size_t)(found - at.bytes)};
		if (take(&at, separator)) {
			*taken = (struct text){rest->bytes, (size_t)(found - rest->bytes)};
			*rest = at;
			return true;
		}
		at.bytes++;
		at.length--;
	}
	return false;
}

/* An interwiki prefix, "^C03de:", stands before the title where a wiki is set up so. */
static bool skip_interwiki_prefix(struct text *rest)
{
	struct text prefix;

	return !take(rest, LITERAL("\00303")) || take_until(rest, LITERAL(":"), &prefix);
}

static bool parse_frame(struct text rest, struct frame *frame)
{
	const char *end;

	if (!take(&rest, LITERAL("\00314[[")) || !skip_interwiki_prefix(&rest) ||
	    !take(&rest, LITERAL("\00307")) ||
	    !take_until(&rest, LITERAL("\00314]]\0034 "), &frame->title) ||
	    !take_until(&rest, LITERAL("\00310 \00302"), &frame->flags) ||
	    !take_until(&rest, LITERAL("\003 \0035*\003 \00303"), &frame->url) ||
	    !take_until(&rest, LITERAL("\003 \0035*\003 "), &frame->user) ||
	    !take_until(&rest, LITERAL(" \00310"), &frame->size)) {
		return false;
	}
	end = memrchr(rest.bytes, '\003', rest.length);
	if (end == NULL) {
		return false;
	}
	frame->comment = (struct text){rest.bytes, (size_t)(end - rest.bytes)};
	return true;
}

/* Take a decimal number of at most 18 digits, which 64 bits hold. */
static bool take_number(struct text *rest, long long *value)
{
	size_t digits = 0;

	*value = 0;
	while (digits < rest->length && rest->bytes[digits] >= '0' && rest->bytes[digits] <= '9') {
		if (digits == 18) {
			return false;
		}
		*value = *value * 10 + (rest->bytes[digits] - '0');
		digits++;
	}
	rest->bytes += digits;
	rest->length -= digits;
	return digits > 0;
}

/* "!", "N", "M" and "B", each if it applies. */
static bool parse_flags(struct text rest, struct irc_line *line)
{
	line->is_unpatrolled = take(&rest, LITERAL("!"));
	line->type = take(&rest, LITERAL("N")) ? CHANGE_NEW : CHANGE_EDIT;
	line->is_minor = take(&rest, LITERAL("M"));
	line->is_bot = take(&rest, LITERAL("B"));
	return rest.length == 0;
}

/* "(+10)", "(-10)", "(^B-1000^B)" or, where a length is not known, nothing. */
static bool parse_size(struct text rest, struct irc_line_number *size)
{
	bool is_bold;
	bool is_negative;

	if (rest.length == 0) {
		return true;
	}
	if (!take(&rest, LITERAL("("))) {
		return false;
	}
	is_bold = take(&rest, LITERAL("\002"));
	is_negative = take(&rest, LITERAL("-"));
	if ((!is_negative && !take(&rest, LITERAL("+"))) || !take_number(&rest, &size->value)) {
		return false;
	}
	size->value = is_negative ? -size->value : size->value;
	size->is_known = true;
	return (!is_bold || take(&rest, LITERAL("\002"))) && take(&rest, LITERAL(")")) &&
	       rest.length == 0;
}

/* The value of one parameter, when it is a number. */
static struct irc_line_number parse_parameter(struct text query, struct text name)
{
	struct irc_line_number number = {.is_known = false};

	while (query.length > 0) {
		struct text parameter = query;

		if (!take_until(&query, LITERAL("&"), &parameter)) {
			query.length = 0;
		}
		if (take(&parameter, name)) {
			number.is_known =
			    take_number(&parameter, &number.value) && parameter.length == 0;
			return number;
		}
	}
	return number;
}

/* "?oldid=NEW" for a new page, "?diff=NEW&oldid=OLD" for an edit, "&rcid=ID" behind either. */
static void parse_query(struct text query, struct irc_line *line)
{
	struct irc_line_number oldid = parse_parameter(query, LITERAL("oldid="));

	line->rcid = parse_parameter(query, LITERAL("rcid="));
	if (line->type == CHANGE_NEW) {
		line->revision_new = oldid;
		return;
	}
	line->revision_new = parse_parameter(query, LITERAL("diff="));
	if (line->revision_new.is_known) {
		line->revision_old = oldid;
	}
}

/* The host of "host" or "host:port"; an address of IPv6 has colons inside its brackets. */
static struct text host_of(struct text authority)
{
	const char *colon = memrchr(authority.bytes, ':', authority.length);
	const char *bracket = memrchr(authority.bytes, ']', authority.length);

	if (colon != NULL && (bracket == NULL || colon > bracket)) {
		authority.length = (size_t)(colon - authority.bytes);
	}
	return authority;
}

/* The script is index.php at the script path; extensions may put another path there. */
static struct text script_path_of(struct text path)
{
	static const char script[] = "/index.php";
	size_t length = sizeof(script) - 1;

	if (path.length < length ||
	    memcmp(path.bytes + path.length - length, script, length) != 0) {
		return (struct text){.bytes = NULL};
	}
	return (struct text){path.bytes, path.length > length ? path.length - length : 1};
}

static bool ends_authority(char byte)
{
	return byte == '/' || byte == '?' || byte == '#';
}

/* The canonical server, the script and the query. */
static bool parse_url(struct text url, struct irc_line *line)
{
	struct text rest = url;
	struct text authority;
	struct text path;

	if (!take(&rest, LITERAL("https://")) && !take(&rest, LITERAL("http://"))) {
		return false;
	}
	authority = rest;
	while (rest.length > 0 && !ends_authority(rest.bytes[0])) {
		rest.bytes++;
		rest.length--;
	}
	authority.length -= rest.length;
	line->url = url;
	line->server_url = (struct text){url.bytes, url.length - rest.length};
	line->server_name = host_of(authority);
	if (take_until(&rest, LITERAL("?"), &path)) {
		parse_query(rest, line);
		line->script_path = script_path_of(path);
	}
	return wiki_server_name_is_valid(line->server_name.bytes, line->server_name.length);
}

/*
 * A log entry tells its target by the colour in "[[^C02TARGET^C10]]".  Titles have
 * no control characters: other colours in between were in somebody's reason.
 */
static struct text coloured_target(struct text comment)
{
	struct text before;
	struct text target;

	if (!take_until(&comment, LITERAL("[[\00302"), &before) ||
	    !take_until(&comment, LITERAL("\00310]]"), &target) ||
	    memchr(target.bytes, '\003', target.length) != NULL) {
		return (struct text){.bytes = NULL};
	}
	return target;
}

/* A log entry has no URL; its title is "Special:Log/TYPE", in any language but for "Log". */
static bool parse_log(const struct frame *frame, struct irc_line *line)
{
	struct text log_type = frame->title;
	struct text namespace;

	if (!take_until(&log_type, LITERAL(":Log/"), &namespace) || frame->size.length > 0) {
		return false;
	}
	line->type = CHANGE_LOG;
	line->log_type = log_type;
	line->log_action = frame->flags;
	line->title = coloured_target(frame->comment);
	return true;
}

static bool parse_fields(const struct frame *frame, struct irc_line *line)
{
	line->user = frame->user;
	line->comment = frame->comment;
	if (frame->url.length == 0) {
		return parse_log(frame, line);
	}
	line->title = frame->title;
	return parse_flags(frame->flags, line) && parse_url(frame->url, line) &&
	       parse_size(frame->size, &line->size);
}

bool irc_line_parse(struct text text, struct irc_line *line)
{
	struct frame frame;
	bool is_parsed;

	*line = (struct irc_line){.type = CHANGE_OTHER};
	is_parsed = parse_frame(text, &frame) && parse_fields(&frame, line);
	if (!is_parsed) {
		*line = (struct irc_line){.type = CHANGE_OTHER};
	}
	return is_parsed;
}
