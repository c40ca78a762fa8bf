/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/eventstreams_meta.h"

#include <jansson.h>
#include <string.h>

void eventstreams_meta_read(struct text json, struct eventstreams_meta *meta)
{
	json_t *object = json_loadb(json.bytes, json.length, JSON_ALLOW_NUL, NULL);
	const json_t *member = json_object_get(object, "meta");
	const json_t *id = json_object_get(member, "id");
	const char *domain = json_string_value(json_object_get(member, "domain"));

	*meta = (struct eventstreams_meta){0};
	if (json_string_length(id) <= sizeof(meta->id) && json_string_length(id) > 0) {
		meta->id_length = json_string_length(id);
		memcpy(meta->id, json_string_value(id), meta->id_length);
	}
	meta->is_canary = domain != NULL && strcmp(domain, "canary") == 0;
	json_decref(object);
}
