/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/socketio/socketio_filter and socketio_since: the object that a client subscribes with.
 */
#include <stdlib.h>
#include <string.h>

#include "protocols/socketio/socketio_filter.h"
#include "server/base/memory.h"
#include "test/fuzz/fuzz.h"

/* Jansson recurses: who calls it counts before. */
#define DEPTH_MAX 64

static json_t *accepted_list(const struct socketio_filter *filter, const char *name)
{
	return json_object_get(filter->accepted, name);
}

/* --- what was read is what will be asked for ------------------------------- */

/* Sorted, and each value once. */
static void require_sorted(const json_t *list)
{
	for (size_t i = 1; i < json_array_size(list); i++) {
		const json_t *before = json_array_get(list, i - 1);
		const json_t *value = json_array_get(list, i);

		require(json_typeof(before) == json_typeof(value));
		require(json_is_string(value)
		            ? strcmp(json_string_value(before), json_string_value(value)) < 0
		            : json_integer_value(before) < json_integer_value(value));
	}
}

static void require_lists(const struct socketio_filter *filter)
{
	size_t wikis = socketio_filter_wikis(filter);

	require(wikis >= 1 && wikis <= SOCKETIO_FILTER_WIKIS_MAX);
	for (size_t i = 0; i < wikis; i++) {
		struct text wiki = socketio_filter_wiki(filter, i);

		require(wiki.length > 0 && memchr(wiki.bytes, '\0', wiki.length) == NULL);
	}
	require(json_array_size(accepted_list(filter, "namespace")) <=
	        SOCKETIO_FILTER_NAMESPACES_MAX);
	require(json_array_size(accepted_list(filter, "type")) <= CHANGE_OTHER);
	require_sorted(accepted_list(filter, "wiki"));
	require_sorted(accepted_list(filter, "type"));
	require_sorted(accepted_list(filter, "namespace"));
}

/* What is told to the client can be sent again, and asks for the same. */
static void require_told_back(const struct socketio_filter *filter)
{
	struct socketio_filter again;
	struct socketio_since none;
	json_t *refused = json_object();

	require(socketio_filter_read(filter->accepted, &again, &none, refused));
	require(json_object_size(refused) == 0 && none.kind == SOCKETIO_SINCE_NONE);
	require(socketio_filter_is_equal(filter, &again));
	require(again.types == filter->types && again.bot == filter->bot);
	socketio_filter_finish(&again);
	json_decref(refused);
}

/* --- what passes ----------------------------------------------------------- */

static bool list_has(const json_t *list, const json_t *wanted)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (json_equal(json_array_get(list, i), wanted)) {
			return true;
		}
	}
	return list == NULL;
}

/* As docs/protocols/socketio.md has it: every member that is there, and nothing unknown. */
static bool fits(const struct socketio_filter *filter, const struct change *change)
{
	json_t *type = json_string(change_type_name(change->type));
	json_t *number =
	    change->traits.has_namespace ? json_integer(change->traits.namespace_id) : json_null();
	const json_t *bot = accepted_list(filter, "bot");
	bool is_fit =
	    list_has(accepted_list(filter, "type"), type) &&
	    list_has(accepted_list(filter, "namespace"), number) &&
	    (bot == NULL || change->traits.bot == (json_is_true(bot) ? CHANGE_YES : CHANGE_NO));

	json_decref(type);
	json_decref(number);
	return is_fit;
}

static void require_same_answer(const struct socketio_filter *filter)
{
	static const int64_t namespaces[] = {-1, 0, 1, 828, INT64_MAX};

	for (int type = CHANGE_EDIT; type <= CHANGE_OTHER; type++) {
		for (size_t i = 0; i < 6 * 3; i++) {
			struct change change = {.type = (enum change_type)type};

			change.traits.bot = (enum change_answer)(i % 3);
			change.traits.has_namespace = i / 3 < 5;
			if (change.traits.has_namespace) {
				change.traits.namespace_id = namespaces[i / 3];
			}
			require(socketio_filter_passes(filter, &change) == fits(filter, &change));
		}
	}
}

/* --- since ----------------------------------------------------------------- */

/* A position is written as it was read. */
static void require_position(const struct socketio_since *since, const json_t *sent)
{
	char position[SOCKETIO_POSITION_MAX];

	require((since->kind == SOCKETIO_SINCE_NONE) == (sent == NULL));
	if (since->kind == SOCKETIO_SINCE_POSITION) {
		socketio_position_write(since->run_ms, since->id, position);
		require(strcmp(position, json_string_value(sent)) == 0);
	}
}

/* --- one object ------------------------------------------------------------ */

static void require_refused(const json_t *refused)
{
	const char *name;
	json_t *reason;

	require(json_object_size(refused) >= 1);
	require(json_object_size(refused) <= SOCKETIO_FILTER_REFUSED_MAX);
	json_object_foreach((json_t *)refused, name, reason)
	{
		require(json_is_string(reason) && json_string_length(reason) > 0);
	}
}

static void read_object(json_t *object)
{
	json_t *before = json_deep_copy(object);
	json_t *refused = json_object();
	struct socketio_filter filter;
	struct socketio_since since;

	if (socketio_filter_read(object, &filter, &since, refused)) {
		require(json_object_size(refused) == 0);
		require_lists(&filter);
		require_told_back(&filter);
		require_same_answer(&filter);
		require_position(&since, json_object_get(object, "since"));
		socketio_filter_finish(&filter);
	} else {
		require(filter.accepted == NULL);
		require_refused(refused);
	}
	require(json_equal(object, before));
	json_decref(refused);
	json_decref(before);
}

static bool is_shallow(const uint8_t *data, size_t size)
{
	size_t opened = 0;

	for (size_t i = 0; i < size; i++) {
		opened += data[i] == '[' || data[i] == '{';
	}
	return opened <= DEPTH_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(data, size);
	json_t *object =
	    is_shallow(data, size) ? json_loadb(copy, size, JSON_ALLOW_NUL, NULL) : NULL;

	if (json_is_object(object)) {
		read_object(object);
	}
	json_decref(object);
	free(copy);
	return 0;
}
