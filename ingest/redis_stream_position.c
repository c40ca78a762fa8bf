/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis_stream_position.h"

enum place { AT_THE_END, AMONG_THE_ENTRIES, BEFORE_ALL };

static enum place place_of(struct redis_stream_id id, const struct redis_stream_info *info)
{
	if (redis_stream_id_compare(id, info->last) >= 0) {
		return AT_THE_END;
	}
	if (info->has_first && redis_stream_id_compare(id, info->first) >= 0) {
		return AMONG_THE_ENTRIES;
	}
	return BEFORE_ALL;
}

/* How many entries were added before the first that is kept. */
static uint64_t count_removed(const struct redis_stream_info *info)
{
	return info->added > info->length ? info->added - info->length : 0;
}

/* Sets what the place alone tells about the number of entries up to it. */
static void count_entries(struct redis_stream_position *position, enum place place,
                          const struct redis_stream_info *info)
{
	bool has_count = info->has_added || !info->exists;

	if (place == AT_THE_END) {
		position->has_entries = has_count;
		position->entries = info->added;
	} else if (place == BEFORE_ALL) {
		position->has_entries = has_count;
		position->entries = count_removed(info);
	}
}

void redis_stream_position_begin(struct redis_stream_position *position,
                                 const struct redis_stream_id *start,
                                 const struct redis_stream_info *info)
{
	*position = (struct redis_stream_position){
	    .is_known = true,
	    .id = start != NULL ? *start : info->last,
	};
	count_entries(position, place_of(position->id, info), info);
}

struct redis_stream_gap redis_stream_position_resume(struct redis_stream_position *position,
                                                     const struct redis_stream_info *info)
{
	enum place place = place_of(position->id, info);
	bool is_counted = info->has_added && position->has_entries;
	uint64_t removed = count_removed(info);
	struct redis_stream_gap gap = {0};

	if (place == BEFORE_ALL) {
		gap.is_counted = is_counted;
		if (is_counted && removed > position->entries) {
			gap.lost = removed - position->entries;
		}
		gap.is_gap = !is_counted || gap.lost > 0;
	}
	count_entries(position, place, info);
	return gap;
}

bool redis_stream_position_advance(struct redis_stream_position *position,
                                   struct redis_stream_id id)
{
	if (redis_stream_id_compare(id, position->id) <= 0) {
		return false;
	}
	position->id = id;
	position->entries++;
	return true;
}
