/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/line_json.h"

#include <string.h>

#include "server/feed/irc_link.h"
#include "server/feed/json_text.h"

static bool is_edit(const struct irc_line *line)
{
	return line->type == CHANGE_EDIT || line->type == CHANGE_NEW;
}

static void write_key(const char *key, struct buffer *out)
{
	if (out->bytes[out->length - 1] != '{') {
		buffer_append_byte(out, ',');
	}
	buffer_append_byte(out, '"');
	buffer_append_text(out, key);
	buffer_append_text(out, "\":");
}

static void write_null(const char *key, struct buffer *out)
{
	write_key(key, out);
	buffer_append_text(out, "null");
}

static void write_text(const char *key, struct text text, struct buffer *out)
{
	write_key(key, out);
	json_text_write(text, out);
}

static void write_bool(const char *key, bool value, struct buffer *out)
{
	write_key(key, out);
	buffer_append_text(out, value ? "true" : "false");
}

static void write_number(const char *key, struct irc_line_number number, struct buffer *out)
{
	if (number.is_known) {
		write_key(key, out);
		buffer_printf(out, "%lld", number.value);
	} else {
		write_null(key, out);
	}
}

static void write_old_new(const char *key, struct irc_line_number old, struct irc_line_number new,
                          struct buffer *out)
{
	write_key(key, out);
	buffer_append_byte(out, '{');
	write_number("old", old, out);
	write_number("new", new, out);
	buffer_append_byte(out, '}');
}

/* A new page had no length before it; of an edit's lengths only the difference is told. */
static void write_edit_members(const struct irc_line *line, struct buffer *out)
{
	struct irc_line_number length_old = {.is_known = false};
	struct irc_line_number length_new = {.is_known = false};

	if (line->type == CHANGE_NEW && line->size.value >= 0) {
		length_new = line->size;
	}
	write_bool("minor", line->is_minor, out);
	if (line->rcid.is_known) {
		write_bool("patrolled", !line->is_unpatrolled, out);
	} else {
		write_null("patrolled", out);
	}
	write_old_new("length", length_old, length_new, out);
	write_old_new("revision", line->revision_old, line->revision_new, out);
}

static void write_log_members(const struct irc_line *line, struct buffer *out)
{
	struct buffer plain = {0};

	write_null("log_id", out);
	write_text("log_type", line->log_type, out);
	write_text("log_action", line->log_action, out);
	write_null("log_params", out);
	if (line->title.bytes == NULL) {
		write_text("log_action_comment", line->comment, out);
		return;
	}
	irc_link_uncolour(line->comment, line->title, &plain);
	write_text("log_action_comment", (struct text){plain.bytes, plain.length}, out);
	buffer_finish(&plain);
}

static void write_nulls(const char *const *keys, size_t count, struct buffer *out)
{
	for (size_t i = 0; i < count; i++) {
		write_null(keys[i], out);
	}
}

/* The members of the other type are there too, as null: a reader may ask for any. */
static void write_type_members(const struct irc_line *line, struct buffer *out)
{
	static const char *const edit_keys[] = {"minor", "patrolled", "length", "revision"};
	static const char *const log_keys[] = {"log_id", "log_type", "log_action", "log_params",
	                                       "log_action_comment"};

	if (is_edit(line)) {
		write_edit_members(line, out);
	} else {
		write_nulls(edit_keys, sizeof(edit_keys) / sizeof(edit_keys[0]), out);
	}
	if (line->type == CHANGE_LOG) {
		write_log_members(line, out);
	} else {
		write_nulls(log_keys, sizeof(log_keys) / sizeof(log_keys[0]), out);
	}
}

void line_json_write(const struct irc_line *line, struct text server_name, struct buffer *out)
{
	static const struct text none = {.bytes = NULL};
	const char *type = change_type_name(line->type);
	bool is_told = line->type != CHANGE_OTHER;

	buffer_append_byte(out, '{');
	write_number("id", line->rcid, out);
	write_text("type", is_told ? (struct text){type, strlen(type)} : none, out);
	write_null("namespace", out);
	write_text("title", line->title, out);
	write_null("title_url", out);
	write_text("comment", is_edit(line) ? line->comment : none, out);
	write_null("timestamp", out);
	write_text("user", line->user, out);
	if (is_edit(line)) {
		write_bool("bot", line->is_bot, out);
	} else {
		write_null("bot", out);
	}
	write_text("notify_url", line->url, out);
	write_type_members(line, out);
	write_text("server_url", line->server_url, out);
	write_text("server_name", server_name, out);
	write_text("server_script_path", line->script_path, out);
	write_null("wiki", out);
	write_number("length_difference", line->size, out);
	buffer_append_byte(out, '}');
}

/* The object with the longest of all that is no text, and without the texts. */
#define FRAME                                                                                      \
	"{\"id\":123456789012345678,\"type\":\"edit\",\"namespace\":null,\"title\":,\"title_"      \
	"url\":null,"                                                                              \
	"\"comment\":,\"timestamp\":null,\"user\":,\"bot\":false,\"notify_url\":,\"minor\":false," \
	"\"patrolled\":false,\"length\":{\"old\":null,\"new\":123456789012345678},\"revision\":{"  \
	"\"old\":123456789012345678,\"new\":123456789012345678},\"log_id\":null,\"log_type\":,"    \
	"\"log_action\":,\"log_params\":null,\"log_action_comment\":null,\"server_url\":,"         \
	"\"server_name\":,\"server_script_path\":,\"wiki\":null,"                                  \
	"\"length_difference\":-123456789012345678}"

/* The comment is that of the edit or of the log's action, and the other one null. */
size_t line_json_length_max(const struct irc_line *line, struct text server_name)
{
	const struct text texts[] = {line->title,      line->comment,  line->user,
	                             line->url,        line->log_type, line->log_action,
	                             line->server_url, server_name,    line->script_path};
	size_t length = sizeof(FRAME) - 1;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		length += json_text_length(texts[i]);
	}
	return length;
}
