/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes are looked at twice: here for what would cost a parser that recurses
 * its stack, then by jansson, which is strict.  They go into the change as they
 * came; what jansson made of them serves the IRC line and is thrown away.
 */
#include "server/feed/rcfeed_json.h"

#include <jansson.h>
#include <string.h>

#include "server/base/buffer.h"
#include "server/base/utf8.h"
#include "server/feed/rcfeed_irc.h"

/* Room for most lines at once. */
#define LINE_BYTES 512

#define JSON_FLAGS (JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY)

static bool is_white_space(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static struct text trim(struct text text)
{
	while (text.length > 0 && is_white_space(text.bytes[text.length - 1])) {
		text.length--;
	}
	while (text.length > 0 && is_white_space(text.bytes[0])) {
		text.bytes++;
		text.length--;
	}
	return text;
}

/* The position of the quote that ends the string whose first quote is at `start`, or the end. */
static size_t end_of_string(struct text json, size_t start)
{
	size_t i = start + 1;

	while (i < json.length && json.bytes[i] != '"') {
		i += json.bytes[i] == '\\' ? 2 : 1;
	}
	return i;
}

/* How deep brackets are nested, counted no further than one over the limit. */
static unsigned depth_of(struct text json)
{
	unsigned depth = 0;
	unsigned deepest = 0;

	for (size_t i = 0; i < json.length && deepest <= RCFEED_JSON_DEPTH_MAX; i++) {
		char byte = json.bytes[i];

		if (byte == '"') {
			i = end_of_string(json, i);
		} else if (byte == '{' || byte == '[') {
			depth++;
			deepest = depth > deepest ? depth : deepest;
		} else if ((byte == '}' || byte == ']') && depth > 0) {
			depth--;
		}
	}
	return deepest;
}

static size_t count_byte(struct text text, char byte, size_t count_max)
{
	const char *end = text.bytes + text.length;
	const char *at = text.bytes;
	size_t count = 0;

	while (count < count_max && at < end && (at = memchr(at, byte, (size_t)(end - at)))) {
		count++;
		at++;
	}
	return count;
}

/* Few changes have more brackets, those in strings counted, than may be nested. */
static bool is_too_deep(struct text json)
{
	const size_t enough = RCFEED_JSON_DEPTH_MAX + 1;

	return count_byte(json, '{', enough) + count_byte(json, '[', enough) >= enough &&
	       depth_of(json) > RCFEED_JSON_DEPTH_MAX;
}

static struct text string_member(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return (struct text){json_string_value(value), json_string_length(value)};
}

/* False when the member is missing or no integer. */
static bool integer_member(const json_t *object, const char *key, long long *number)
{
	const json_t *value = json_object_get(object, key);

	*number = json_integer_value(value);
	return json_is_integer(value);
}

/* False when the member is missing or no bool; MediaWiki 1.22 sent 0 and 1. */
static bool bool_member(const json_t *object, const char *key, bool *flag)
{
	const json_t *value = json_object_get(object, key);
	json_int_t number = json_integer_value(value);

	*flag = json_is_true(value) || number == 1;
	return json_is_boolean(value) || (json_is_integer(value) && (number == 0 || number == 1));
}

/* Of a new page there is no old value, which then counts as 0. */
static bool old_new_member(const json_t *object, const char *key, bool is_new, long long *old,
                           long long *new)
{
	const json_t *pair = json_object_get(object, key);
	bool has_old = integer_member(pair, "old", old);

	return integer_member(pair, "new", new) && (has_old || is_new);
}

/* MediaWiki 1.22 sent numbers. */
static enum change_type type_of(const json_t *object)
{
	static const enum change_type numbered[] = {CHANGE_EDIT, CHANGE_NEW, CHANGE_OTHER,
	                                            CHANGE_LOG};
	const json_t *value = json_object_get(object, "type");
	struct text name = string_member(object, "type");
	json_int_t number = json_integer_value(value);

	if (json_is_integer(value)) {
		return number >= 0 && number <= 3 ? numbered[number] : CHANGE_OTHER;
	}
	for (unsigned type = 0; name.bytes != NULL && type < CHANGE_OTHER; type++) {
		const char *other = change_type_name((enum change_type)type);

		if (strlen(other) == name.length && memcmp(other, name.bytes, name.length) == 0) {
			return (enum change_type)type;
		}
	}
	return CHANGE_OTHER;
}

static struct rcfeed_fields fields_of(const json_t *object)
{
	struct rcfeed_fields fields = {
	    .type = type_of(object),
	    .title = string_member(object, "title"),
	    .user = string_member(object, "user"),
	    .comment = string_member(object, "comment"),
	    .notify_url = string_member(object, "notify_url"),
	    .server_url = string_member(object, "server_url"),
	    .script_path = string_member(object, "server_script_path"),
	    .server_name = string_member(object, "server_name"),
	    .log_type = string_member(object, "log_type"),
	    .log_action = string_member(object, "log_action"),
	    .log_action_comment = string_member(object, "log_action_comment"),
	};
	bool is_new = fields.type == CHANGE_NEW;

	(void)bool_member(object, "minor", &fields.is_minor);
	(void)bool_member(object, "bot", &fields.is_bot);
	fields.has_patrolled = bool_member(object, "patrolled", &fields.is_patrolled);
	fields.has_id = integer_member(object, "id", &fields.id);
	fields.has_length =
	    old_new_member(object, "length", is_new, &fields.length_old, &fields.length_new);
	fields.has_revision =
	    old_new_member(object, "revision", is_new, &fields.revision_old, &fields.revision_new);
	return fields;
}

/*
 * Lends the JSON on one line, in `out` where it must be changed.  jansson refuses raw CR and LF in
 * strings: all that are left stand between tokens.
 */
static struct text one_line(struct text json, struct buffer *out)
{
	if (memchr(json.bytes, '\n', json.length) == NULL &&
	    memchr(json.bytes, '\r', json.length) == NULL) {
		return json;
	}
	buffer_append(out, json.bytes, json.length);
	for (size_t i = 0; i < out->length; i++) {
		if (out->bytes[i] == '\n' || out->bytes[i] == '\r') {
			out->bytes[i] = ' ';
		}
	}
	return (struct text){out->bytes, out->length};
}

static uint64_t positive(long long number)
{
	return number > 0 ? (uint64_t)number : 0;
}

static struct change_identity identity_of(const json_t *object, const struct rcfeed_fields *fields)
{
	struct change_identity identity = {
	    .meta_id = string_member(json_object_get(object, "meta"), "id"),
	    .rc_id = positive(fields->id),
	};

	if (fields->type == CHANGE_LOG) {
		identity.log_id = positive(json_integer_value(json_object_get(object, "log_id")));
	}
	if (fields->has_revision && (fields->type == CHANGE_EDIT || fields->type == CHANGE_NEW)) {
		identity.revision_new = positive(fields->revision_new);
		identity.revision_old = positive(fields->revision_old);
	}
	return identity;
}

static struct change_traits traits_of(const json_t *object)
{
	struct change_traits traits = {0};
	long long namespace_id;
	bool is_bot;

	traits.has_namespace = integer_member(object, "namespace", &namespace_id);
	traits.namespace_id = namespace_id;
	if (bool_member(object, "bot", &is_bot)) {
		traits.bot = is_bot ? CHANGE_YES : CHANGE_NO;
	}
	return traits;
}

/* What is beyond the year 33658 is no time, and may not fit once it is in milliseconds. */
static uint64_t made_ms_of(const json_t *object)
{
	long long timestamp;

	if (!integer_member(object, "timestamp", &timestamp) || timestamp >= 1000000000000) {
		return 0;
	}
	return positive(timestamp) * 1000;
}

static struct change *create_change(const struct wiki_names *names, const json_t *object,
                                    struct text json)
{
	struct rcfeed_fields fields = fields_of(object);
	char channel[WIKI_CHANNEL_MAX + 1];
	bool has_channel =
	    wiki_channel(names, fields.server_name, string_member(object, "wiki"), channel);
	bool has_line = false;
	struct buffer line = {0};
	struct buffer spaced = {0};
	struct change *change;

	if (has_channel) {
		(void)buffer_reserve(&line, LINE_BYTES);
		has_line = rcfeed_irc_render(&fields, &line);
	}
	change = change_create(&(struct change_parts){
	    .type = fields.type,
	    .wiki = fields.server_name,
	    .channel = {channel, strlen(channel)},
	    .json = one_line(json, &spaced),
	    .line = {has_line ? line.bytes : NULL, line.length},
	    .identity = identity_of(object, &fields),
	    .traits = traits_of(object),
	    .made_ms = made_ms_of(object),
	});
	buffer_finish(&line);
	buffer_finish(&spaced);
	return change;
}

/* jansson passes over a NUL behind a number; nobody to whom the bytes go would. */
static bool has_nul(struct text json)
{
	return json.length > 0 && memchr(json.bytes, '\0', json.length) != NULL;
}

static bool has_server_name(const json_t *object)
{
	struct text name = string_member(object, "server_name");

	return name.bytes != NULL && wiki_server_name_is_valid(name.bytes, name.length);
}

static bool is_canary(const json_t *object)
{
	static const char canary[] = "canary";
	struct text domain = string_member(json_object_get(object, "meta"), "domain");

	return domain.length == strlen(canary) && memcmp(domain.bytes, canary, domain.length) == 0;
}

struct change *rcfeed_json_read(const struct wiki_names *names, const char *bytes, size_t length,
                                enum drop_reason *reason)
{
	struct text json = trim((struct text){bytes, length});
	struct change *change = NULL;
	json_t *object;

	if (!utf8_is_valid(bytes, length)) {
		*reason = DROP_NOT_UTF8;
		return NULL;
	}
	if (is_too_deep(json)) {
		*reason = DROP_JSON_DEPTH;
		return NULL;
	}
	object = has_nul(json) ? NULL : json_loadb(json.bytes, json.length, JSON_FLAGS, NULL);
	if (object == NULL) {
		*reason = DROP_JSON_SYNTAX;
	} else if (!json_is_object(object)) {
		*reason = DROP_NOT_AN_OBJECT;
	} else if (is_canary(object)) {
		*reason = DROP_CANARY;
	} else if (!has_server_name(object)) {
		*reason = DROP_NO_SERVER_NAME;
	} else {
		change = create_change(names, object, json);
	}
	json_decref(object);
	return change;
}
