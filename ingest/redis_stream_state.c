/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis_stream_state.h"

#include <jansson.h>
#include <stdlib.h>

#include "server/base/memory.h"

#define TEXT_FLAGS (JSON_INDENT(1) | JSON_PRESERVE_ORDER)

static json_t *make_position(const struct redis_stream_position *position)
{
	char id[REDIS_STREAM_ID_TEXT_MAX];
	json_t *object = json_object();

	(void)json_object_set_new(object, "id",
	                          json_string(redis_stream_id_text(position->id, id)));
	if (position->has_entries) {
		(void)json_object_set_new(object, "entries",
		                          json_integer((json_int_t)position->entries));
	}
	return object;
}

void redis_stream_state_make(struct buffer *out, const struct conf_strings *names,
                             const struct redis_stream_position *positions)
{
	json_t *root = json_object();
	char *text;

	for (size_t i = 0; i < names->count; i++) {
		if (positions[i].is_known) {
			(void)json_object_set_new(root, names->items[i],
			                          make_position(&positions[i]));
		}
	}
	text = json_dumps(root, TEXT_FLAGS);
	require(text != NULL);
	buffer_append_text(out, text);
	free(text);
	json_decref(root);
}

static bool parse_position(const json_t *object, struct redis_stream_position *position)
{
	json_t *id = json_object_get(object, "id");
	json_t *entries = json_object_get(object, "entries");
	struct redis_stream_position read = {.is_known = true};

	if (!json_is_string(id) ||
	    !redis_stream_id_parse(json_string_value(id), json_string_length(id), &read.id)) {
		return false;
	}
	if (json_is_integer(entries) && json_integer_value(entries) >= 0) {
		read.has_entries = true;
		read.entries = (uint64_t)json_integer_value(entries);
	}
	*position = read;
	return true;
}

bool redis_stream_state_parse(struct text content, const struct conf_strings *names,
                              struct redis_stream_position *positions)
{
	json_t *root = json_loadb(content.bytes, content.length, JSON_REJECT_DUPLICATES, NULL);
	bool is_good = json_is_object(root);

	for (size_t i = 0; is_good && i < names->count; i++) {
		const json_t *object = json_object_get(root, names->items[i]);

		is_good = object == NULL || parse_position(object, &positions[i]);
	}
	json_decref(root);
	return is_good;
}
