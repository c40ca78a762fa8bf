/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_filter.h"

#include <string.h>

#include "server/feed/subscription.h"

/* How one kind of value is read; a list of them is kept sorted and without repetition. */
struct kind {
	bool (*is_valid)(const json_t *value);
	int (*compare)(const json_t *value, const json_t *other);
	size_t values_max;
};

/* --- values --------------------------------------------------------------- */

static bool is_wiki(const json_t *value)
{
	const char *text = json_string_value(value);
	size_t length = json_string_length(value);

	return length > 0 && length <= SUBSCRIPTION_TEXT_MAX && memchr(text, '\0', length) == NULL;
}

/* CHANGE_OTHER when it is the name of no type. */
static enum change_type type_of(const json_t *value)
{
	const char *text = json_string_value(value);
	unsigned type = 0;

	while (type < CHANGE_OTHER &&
	       (text == NULL || strcmp(text, change_type_name((enum change_type)type)) != 0)) {
		type++;
	}
	return (enum change_type)type;
}

static bool is_type(const json_t *value)
{
	return type_of(value) != CHANGE_OTHER &&
	       strlen(json_string_value(value)) == json_string_length(value);
}

static bool is_namespace(const json_t *value)
{
	return json_is_integer(value);
}

static int compare_texts(const json_t *value, const json_t *other)
{
	return strcmp(json_string_value(value), json_string_value(other));
}

static int compare_numbers(const json_t *value, const json_t *other)
{
	json_int_t number = json_integer_value(value);
	json_int_t against = json_integer_value(other);

	return number < against ? -1 : number > against;
}

static void add_sorted(json_t *list, json_t *value, const struct kind *kind)
{
	size_t at = 0;

	while (at < json_array_size(list) && kind->compare(json_array_get(list, at), value) < 0) {
		at++;
	}
	if (at == json_array_size(list) || kind->compare(json_array_get(list, at), value) != 0) {
		(void)json_array_insert(list, at, value);
	}
}

/* Gives the list; NULL when it is empty, too long, or has anything else in it. */
static json_t *read_values(json_t *member, const struct kind *kind)
{
	bool is_list = json_is_array(member);
	size_t count = is_list ? json_array_size(member) : 1;
	json_t *list;

	if (count == 0 || count > kind->values_max) {
		return NULL;
	}
	list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *value = is_list ? json_array_get(member, i) : member;

		if (!kind->is_valid(value)) {
			json_decref(list);
			return NULL;
		}
		add_sorted(list, value, kind);
	}
	return list;
}

/* --- members -------------------------------------------------------------- */

static bool read_list(struct socketio_filter *filter, const char *name, json_t *member,
                      const struct kind *kind)
{
	json_t *list = read_values(member, kind);

	return list != NULL && json_object_set_new(filter->accepted, name, list) == 0;
}

static bool read_wiki(struct socketio_filter *filter, json_t *member)
{
	static const struct kind kind = {is_wiki, compare_texts, SOCKETIO_FILTER_WIKIS_MAX};

	return read_list(filter, "wiki", member, &kind);
}

static bool read_type(struct socketio_filter *filter, json_t *member)
{
	static const struct kind kind = {is_type, compare_texts, CHANGE_OTHER};
	const json_t *list;

	if (!read_list(filter, "type", member, &kind)) {
		return false;
	}
	list = json_object_get(filter->accepted, "type");
	for (size_t i = 0; i < json_array_size(list); i++) {
		filter->types |= 1U << type_of(json_array_get(list, i));
	}
	return true;
}

static bool read_namespace(struct socketio_filter *filter, json_t *member)
{
	static const struct kind kind = {is_namespace, compare_numbers,
	                                 SOCKETIO_FILTER_NAMESPACES_MAX};

	return read_list(filter, "namespace", member, &kind);
}

static bool read_bot(struct socketio_filter *filter, json_t *member)
{
	filter->bot = json_is_true(member) ? CHANGE_YES : CHANGE_NO;
	return json_is_boolean(member) && json_object_set(filter->accepted, "bot", member) == 0;
}

static const struct {
	const char *name;
	bool (*read)(struct socketio_filter *filter, json_t *member);
	const char *wanted;
} members[] = {
    {"wiki", read_wiki, "wanted the name of a wiki or a pattern, or a list of 1 to 32"},
    {"type", read_type, "wanted edit, new, log, categorize or external, or a list of them"},
    {"namespace", read_namespace, "wanted the number of a namespace, or a list of 1 to 64"},
    {"bot", read_bot, "wanted true or false"},
};

static const char since_wanted[] =
    "wanted a position, a time as 2026-05-01T12:00:00Z, or Unix time as a number";

/* Lends why a member is refused; NULL when it is not. */
static const char *read_member(struct socketio_filter *filter, struct socketio_since *since,
                               const char *name, json_t *member)
{
	if (strcmp(name, "since") == 0) {
		return socketio_since_read(member, since) ? NULL : since_wanted;
	}
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (strcmp(name, members[i].name) == 0) {
			return members[i].read(filter, member) ? NULL : members[i].wanted;
		}
	}
	return "unknown member";
}

bool socketio_filter_read(json_t *object, struct socketio_filter *filter,
                          struct socketio_since *since, json_t *refused)
{
	const char *name;
	json_t *member;

	*since = (struct socketio_since){0};
	*filter = (struct socketio_filter){.accepted = json_pack("{s:[s]}", "wiki", "*")};
	json_object_foreach(object, name, member)
	{
		const char *reason = read_member(filter, since, name, member);

		if (reason != NULL && json_object_size(refused) < SOCKETIO_FILTER_REFUSED_MAX) {
			(void)json_object_set_new(refused, name, json_string(reason));
		}
	}
	if (json_object_size(refused) > 0) {
		socketio_filter_finish(filter);
		return false;
	}
	return true;
}

void socketio_filter_finish(struct socketio_filter *filter)
{
	json_decref(filter->accepted);
	filter->accepted = NULL;
}

/* --- what it says --------------------------------------------------------- */

bool socketio_filter_is_equal(const struct socketio_filter *filter,
                              const struct socketio_filter *other)
{
	return json_equal(filter->accepted, other->accepted) != 0;
}

size_t socketio_filter_wikis(const struct socketio_filter *filter)
{
	return json_array_size(json_object_get(filter->accepted, "wiki"));
}

struct text socketio_filter_wiki(const struct socketio_filter *filter, size_t place)
{
	const json_t *wiki = json_array_get(json_object_get(filter->accepted, "wiki"), place);

	return (struct text){json_string_value(wiki), json_string_length(wiki)};
}

static bool passes_namespace(const struct socketio_filter *filter, const struct change *change)
{
	const json_t *wanted = json_object_get(filter->accepted, "namespace");

	for (size_t i = 0; change->traits.has_namespace && i < json_array_size(wanted); i++) {
		if (json_integer_value(json_array_get(wanted, i)) == change->traits.namespace_id) {
			return true;
		}
	}
	return wanted == NULL;
}

bool socketio_filter_passes(const struct socketio_filter *filter, const struct change *change)
{
	return (filter->types == 0 || (filter->types & 1U << change->type) != 0) &&
	       (filter->bot == CHANGE_UNKNOWN || filter->bot == change->traits.bot) &&
	       passes_namespace(filter, change);
}
