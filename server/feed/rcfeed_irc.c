/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From JSON to the line for sources of JSON; from the line to JSON for RC2UDP.
 * In C's octal escapes "\00314" is ^C and then "14", "\0034" ^C and then "4".
 */
#include "server/feed/rcfeed_irc.h"

#include <string.h>
#include <unistr.h>

#include "server/base/memory.h"
#include "server/base/utf8.h"
#include "server/feed/irc_clean.h"
#include "server/feed/irc_line.h"
#include "server/feed/irc_link.h"
#include "server/feed/line_json.h"
#include "server/feed/special_namespaces.h"

/* A change of more bytes than this is shown in bold. */
#define SIZE_BOLD_BELOW (-500)

static void append(struct text text, struct buffer *out)
{
	buffer_append(out, text.bytes, text.length);
}

static struct text text_of(const struct buffer *buffer)
{
	return (struct text){buffer->bytes, buffer->length};
}

/* Delete CR, LF and NUL from what was added behind `start`: they would end the line. */
static void delete_line_ends(struct buffer *out, size_t start)
{
	size_t kept = start;

	for (size_t i = start; i < out->length; i++) {
		char byte = out->bytes[i];

		if (byte != '\r' && byte != '\n' && byte != '\0') {
			out->bytes[kept++] = byte;
		}
	}
	out->length = kept;
}

static bool has_url(const struct rcfeed_fields *fields)
{
	return fields->notify_url.bytes != NULL ||
	       (fields->server_url.bytes != NULL && fields->script_path.bytes != NULL &&
	        fields->has_revision);
}

static bool can_render(const struct rcfeed_fields *fields)
{
	switch (fields->type) {
	case CHANGE_EDIT:
	case CHANGE_NEW:
		return fields->title.bytes != NULL && fields->user.bytes != NULL &&
		       fields->comment.bytes != NULL && has_url(fields);
	case CHANGE_LOG:
		return fields->user.bytes != NULL && fields->log_type.bytes != NULL &&
		       fields->log_action.bytes != NULL;
	default:
		return false;
	}
}

/* MediaWiki makes a title of the log's type, which turns underscores into spaces. */
static void append_log_title(const struct rcfeed_fields *fields, struct buffer *out)
{
	struct buffer log_type = {0};

	buffer_append_text(out, special_namespaces_find(fields->server_name));
	buffer_append_text(out, ":Log/");
	append(fields->log_type, &log_type);
	for (size_t i = 0; i < log_type.length; i++) {
		if (log_type.bytes[i] == '_') {
			log_type.bytes[i] = ' ';
		}
	}
	irc_clean_text(text_of(&log_type), out);
	buffer_finish(&log_type);
}

static void append_flags(const struct rcfeed_fields *fields, struct buffer *out)
{
	if (fields->has_patrolled && !fields->is_patrolled) {
		buffer_append_byte(out, '!');
	}
	if (fields->type == CHANGE_NEW) {
		buffer_append_byte(out, 'N');
	}
	if (fields->is_minor) {
		buffer_append_byte(out, 'M');
	}
	if (fields->is_bot) {
		buffer_append_byte(out, 'B');
	}
}

static void append_url(const struct rcfeed_fields *fields, struct buffer *out)
{
	bool is_at_root = fields->script_path.length == 1 && fields->script_path.bytes[0] == '/';

	if (fields->notify_url.bytes != NULL) {
		append(fields->notify_url, out);
		return;
	}
	append(fields->server_url, out);
	if (!is_at_root) {
		append(fields->script_path, out);
	}
	buffer_append_text(out, "/index.php");
	if (fields->type == CHANGE_NEW) {
		buffer_printf(out, "?oldid=%lld", fields->revision_new);
	} else {
		buffer_printf(out, "?diff=%lld&oldid=%lld", fields->revision_new,
		              fields->revision_old);
	}
	if (fields->has_patrolled && fields->has_id) {
		buffer_printf(out, "&rcid=%lld", fields->id);
	}
}

/* A difference that 64 bits do not hold is none that MediaWiki sent. */
static void append_size(const struct rcfeed_fields *fields, struct buffer *out)
{
	long long size;

	if (!fields->has_length ||
	    __builtin_sub_overflow(fields->length_new, fields->length_old, &size)) {
		return;
	}
	buffer_printf(out, size < SIZE_BOLD_BELOW ? "(\002%+lld\002)" : "(%+lld)", size);
}

/* The action's text is complete; the target is coloured before references are decoded. */
static void append_log_comment(const struct rcfeed_fields *fields, struct buffer *out)
{
	struct buffer coloured = {0};

	if (fields->log_action_comment.bytes == NULL) {
		return;
	}
	if (fields->title.bytes == NULL) {
		irc_clean_text(fields->log_action_comment, out);
		return;
	}
	irc_link_colour(fields->log_action_comment, fields->title, &coloured);
	irc_clean_text(text_of(&coloured), out);
	buffer_finish(&coloured);
}

static void append_log(const struct rcfeed_fields *fields, struct buffer *out)
{
	buffer_append_text(out, "\00314[[\00307");
	append_log_title(fields, out);
	buffer_append_text(out, "\00314]]\0034 ");
	append(fields->log_action, out);
	buffer_append_text(out, "\00310 \00302\003 \0035*\003 \00303");
	irc_clean_text(fields->user, out);
	buffer_append_text(out, "\003 \0035*\003  \00310");
	append_log_comment(fields, out);
	buffer_append_text(out, "\003");
}

static void append_edit(const struct rcfeed_fields *fields, struct buffer *out)
{
	buffer_append_text(out, "\00314[[\00307");
	irc_clean_text(fields->title, out);
	buffer_append_text(out, "\00314]]\0034 ");
	append_flags(fields, out);
	buffer_append_text(out, "\00310 \00302");
	append_url(fields, out);
	buffer_append_text(out, "\003 \0035*\003 \00303");
	irc_clean_text(fields->user, out);
	buffer_append_text(out, "\003 \0035*\003 ");
	append_size(fields, out);
	buffer_append_text(out, " \00310");
	irc_clean_text(fields->comment, out);
	buffer_append_text(out, "\003");
}

bool rcfeed_irc_render(const struct rcfeed_fields *fields, struct buffer *out)
{
	size_t start = out->length;

	if (!can_render(fields)) {
		return false;
	}
	if (fields->type == CHANGE_LOG) {
		append_log(fields, out);
	} else {
		append_edit(fields, out);
	}
	delete_line_ends(out, start);
	return true;
}

/*
 * From here on the other way: what a line tells, as RCFeed JSON.
 */

/* Lends the host of the line's URL or, in `derived`, the name that the channel stands for. */
static struct text line_server_name(const struct wiki_names *names, struct text channel,
                                    const struct irc_line *line, char derived[WIKI_NAME_MAX + 1])
{
	if (line->server_name.bytes != NULL) {
		return line->server_name;
	}
	wiki_server_name(names, channel, derived);
	return (struct text){derived, strlen(derived)};
}

enum change_type rcfeed_irc_to_json(const struct wiki_names *names, struct text channel,
                                    struct text line, struct buffer *out)
{
	char derived[WIKI_NAME_MAX + 1];
	struct irc_line parsed;

	(void)irc_line_parse(line, &parsed);
	line_json_write(&parsed, line_server_name(names, channel, &parsed, derived), out);
	return parsed.type;
}

/* What Python's str.strip() takes, as IRCStream uses it. */
static bool is_white_space(ucs4_t code)
{
	return (code >= '\t' && code <= '\r') || (code >= 0x1c && code <= ' ') || code == 0x85 ||
	       code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
	       code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f ||
	       code == 0x3000;
}

static struct text strip_left(struct text text)
{
	ucs4_t code;

	while (text.length > 0) {
		int length = u8_mbtoucr(&code, (const uint8_t *)text.bytes, text.length);

		if (length <= 0 || !is_white_space(code)) {
			break;
		}
		text.bytes += length;
		text.length -= (size_t)length;
	}
	return text;
}

static struct text strip_right(struct text text)
{
	const uint8_t *start = (const uint8_t *)text.bytes;
	const uint8_t *before;
	ucs4_t code;

	while ((before = u8_prev(&code, start + text.length, start)) != NULL &&
	       is_white_space(code)) {
		text.length = (size_t)(before - start);
	}
	return text;
}

/* A line's numbers have no sign. */
static uint64_t known_or_0(struct irc_line_number number)
{
	return number.is_known ? (uint64_t)number.value : 0;
}

/* What the line's URL tells. */
static struct change_identity line_identity(const struct irc_line *line)
{
	return (struct change_identity){
	    .rc_id = known_or_0(line->rcid),
	    .revision_new = known_or_0(line->revision_new),
	    .revision_old = known_or_0(line->revision_old),
	};
}

/* The flags of an edit or a new page are all there, so that one not set tells too. */
static struct change_traits line_traits(const struct irc_line *line)
{
	if (line->type != CHANGE_EDIT && line->type != CHANGE_NEW) {
		return (struct change_traits){0};
	}
	return (struct change_traits){.bot = line->is_bot ? CHANGE_YES : CHANGE_NO};
}

static struct change *create_change(const struct wiki_names *names, struct text channel,
                                    struct text line)
{
	char derived[WIKI_NAME_MAX + 1];
	struct irc_line parsed;
	struct change_parts parts = {.is_from_line = true, .channel = channel, .line = line};

	(void)irc_line_parse(line, &parsed);
	parts.type = parsed.type;
	parts.wiki = line_server_name(names, channel, &parsed, derived);
	parts.json_bytes = line_json_length_max(&parsed, parts.wiki);
	parts.identity = line_identity(&parsed);
	parts.traits = line_traits(&parsed);
	return change_create(&parts);
}

static bool has_line_ends(struct text text)
{
	return text.length > 0 && (memchr(text.bytes, '\n', text.length) != NULL ||
	                           memchr(text.bytes, '\r', text.length) != NULL ||
	                           memchr(text.bytes, '\0', text.length) != NULL);
}

/* The text has more line ends than MediaWiki's one at the end. */
static struct change *create_change_of_lines(const struct wiki_names *names, struct text channel,
                                             struct text text)
{
	struct buffer line = {0};
	struct change *change;

	append(text, &line);
	delete_line_ends(&line, 0);
	change = create_change(names, channel, text_of(&line));
	buffer_finish(&line);
	return change;
}

struct change *rcfeed_irc_read(const struct wiki_names *names, const char *bytes, size_t length,
                               enum drop_reason *reason)
{
	const char *tab = memchr(bytes, '\t', length);
	struct text channel;
	struct text text;

	if (!utf8_is_valid(bytes, length)) {
		*reason = DROP_NOT_UTF8;
		return NULL;
	}
	if (tab == NULL) {
		*reason = DROP_NO_TAB;
		return NULL;
	}
	channel = strip_left(strip_right((struct text){bytes, (size_t)(tab - bytes)}));
	if (!wiki_channel_is_valid(channel.bytes, channel.length)) {
		*reason = DROP_BAD_CHANNEL;
		return NULL;
	}
	text = strip_left((struct text){tab + 1, (size_t)(bytes + length - tab - 1)});
	while (text.length > 0 && text.bytes[text.length - 1] == '\n') {
		text.length--;
	}
	return has_line_ends(text) ? create_change_of_lines(names, channel, text)
	                           : create_change(names, channel, text);
}
