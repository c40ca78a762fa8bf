/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members are those of the line and what it leaves out.  Not among them: the
 * comment as HTML, and the addresses that follow from server_name and title.
 */
#include "protocols/irc/irc_change_tag.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/encodings.h"
#include "protocols/irc/irc_tags.h"
#include "server/base/memory.h"
#include "server/base/utf8.h"

#define CUT "cut" /* the names of the members that are not whole */

enum kind { NUMBER, FLAG, TEXT, ANY };

/* In the order in which they are written. */
static const struct member {
	const char *name;
	enum kind kind; /* of another one: as if it were not there */
} members[] = {
    {"type", TEXT},
    {"namespace", NUMBER},
    {"title", TEXT},
    {"user", TEXT},
    {"bot", FLAG},
    {"minor", FLAG},
    {"patrolled", FLAG},
    {"comment", TEXT},
    {"length", ANY},
    {"revision", ANY},
    {"length_difference", NUMBER}, /* line_json.h: what a line tells of the lengths */
    {"id", NUMBER},
    {"timestamp", NUMBER},
    {"notify_url", TEXT},
    {"server_name", TEXT},
    {"wiki", TEXT},
    {"log_id", NUMBER},
    {"log_type", TEXT},
    {"log_action", TEXT},
    {"log_params", ANY},
    {"log_action_comment", TEXT},
};

/*
 * In the order in which they give way.  MediaWiki's own limits keep all but the first
 * three short; numbers and flags always fit.
 */
static const struct sacrifice {
	const char *name;
	bool is_cut; /* else it goes as a whole */
} sacrifices[] = {
    {"comment", true},      {"log_action_comment", true},
    {"log_params", false},  {"title", true},
    {"user", true},         {"notify_url", false},
    {"type", false},        {"length", false},
    {"revision", false},    {"wiki", false},
    {"server_name", false}, {"log_type", false},
    {"log_action", false},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- the object ----------------------------------------------------------- */

static bool is_of_kind(const json_t *value, enum kind kind)
{
	switch (kind) {
	case NUMBER:
		return json_is_integer(value);
	case FLAG:
		/* MediaWiki 1.22 has numbers. */
		return json_is_boolean(value) || json_is_integer(value);
	case TEXT:
		return json_is_string(value);
	default:
		return !json_is_null(value);
	}
}

/* Gives an object of the members that are known; they are shared with `all`. */
static json_t *choose(const json_t *all)
{
	json_t *chosen = json_object();

	for (size_t i = 0; i < COUNT(members); i++) {
		json_t *value = json_object_get(all, members[i].name);

		if (value != NULL && is_of_kind(value, members[i].kind)) {
			(void)json_object_set(chosen, members[i].name, value);
		}
	}
	return chosen;
}

/* Write the value to `out`, which is emptied before; returns how long it is. */
static size_t encode(const json_t *object, struct buffer *out)
{
	char *text = json_dumps(object, JSON_COMPACT);

	require(text != NULL);
	buffer_clear(out);
	irc_tags_escape(out, (struct text){text, strlen(text)});
	free(text);
	return out->length;
}

/* --- what is too long ----------------------------------------------------- */

static void set_text(json_t *object, const char *name, struct text text, size_t length_max)
{
	size_t length = utf8_cut(text.bytes, text.length, length_max);

	(void)json_object_set_new(object, name, json_stringn(text.bytes, length));
}

/* Leave as much of a text as fits; found by halving, since escapes make it longer. */
static void cut_member(json_t *object, const char *name, struct buffer *out, size_t length_max)
{
	json_t *whole = json_incref(json_object_get(object, name));
	struct text text = {json_string_value(whole), json_string_length(whole)};
	size_t low = 0;
	size_t high = text.length < length_max ? text.length : length_max;

	while (low < high) {
		size_t middle = high - (high - low) / 2;

		set_text(object, name, text, middle);
		if (encode(object, out) <= length_max) {
			low = middle;
		} else {
			high = middle - 1;
		}
	}
	set_text(object, name, text, low);
	json_decref(whole);
}

static void mark_cut(json_t *object, const char *name)
{
	(void)json_array_append_new(json_object_get(object, CUT), json_string(name));
}

static void unmark_cut(json_t *object, const char *name)
{
	json_t *cut = json_object_get(object, CUT);

	for (size_t i = json_array_size(cut); i-- > 0;) {
		if (strcmp(json_string_value(json_array_get(cut, i)), name) == 0) {
			(void)json_array_remove(cut, i);
		}
	}
}

static void give_up(json_t *object, const struct sacrifice *sacrifice)
{
	if (json_object_get(object, sacrifice->name) == NULL) {
		return;
	}
	mark_cut(object, sacrifice->name);
	if (sacrifice->is_cut) {
		(void)json_object_set_new(object, sacrifice->name, json_string(""));
	} else {
		(void)json_object_del(object, sacrifice->name);
	}
}

/* Put back what was given up, or as much of it as fits. */
static void restore(json_t *object, const struct sacrifice *sacrifice, json_t *value,
                    struct buffer *out, size_t length_max)
{
	if (value == NULL) {
		return;
	}
	(void)json_object_set(object, sacrifice->name, value);
	unmark_cut(object, sacrifice->name);
	if (encode(object, out) <= length_max) {
		return;
	}
	mark_cut(object, sacrifice->name);
	if (sacrifice->is_cut) {
		cut_member(object, sacrifice->name, out, length_max);
	} else {
		(void)json_object_del(object, sacrifice->name);
	}
}

/*
 * Give up member after member until the value fits, then put back what there is room for:
 * a short comment is not lost to long parameters.  False when it cannot be made to fit.
 */
static bool shorten(json_t *object, struct buffer *out, size_t length_max)
{
	json_t *whole = json_copy(object);
	size_t count = 0;
	bool fits;

	(void)json_object_set_new(object, CUT, json_array());
	while (encode(object, out) > length_max && count < COUNT(sacrifices)) {
		give_up(object, &sacrifices[count++]);
	}
	fits = out->length <= length_max;
	while (fits && count-- > 0) {
		restore(object, &sacrifices[count], json_object_get(whole, sacrifices[count].name),
		        out, length_max);
	}
	(void)encode(object, out);
	json_decref(whole);
	return fits;
}

bool irc_change_tag_append(struct buffer *out, const struct change *change, size_t length_max)
{
	struct text json = change_json(change);
	json_t *all = json_loadb(json.bytes, json.length, JSON_ALLOW_NUL, NULL);
	json_t *chosen = choose(all);
	struct buffer value = {0};
	bool fits = json_is_object(all) &&
	            (encode(chosen, &value) <= length_max || shorten(chosen, &value, length_max));

	if (fits) {
		buffer_append(out, value.bytes, value.length);
	}
	buffer_finish(&value);
	json_decref(chosen);
	json_decref(all);
	return fits;
}

static void on_encode(const struct encoder *base, const struct change *change, struct buffer *out)
{
	(void)base;
	(void)irc_change_tag_append(out, change, IRC_CHANGE_TAG_MAX);
}

static const struct encoder encoder = {
    .name = "irc.change",
    .slot = ENCODING_IRC_CHANGE,
    .encode = on_encode,
};

struct text irc_change_tag_value(struct change *change)
{
	return change_encoded(change, &encoder);
}
