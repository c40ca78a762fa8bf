/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of entries, oldest first, and a table of the keys that lead to them: up to five
 * an entry, a byte for their kind in front so that no two kinds meet.  The whole text
 * is kept, not a digest of it: two keys taken for one would lose a change.
 */
#include "server/feed/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/buffer.h"
#include "server/base/memory.h"
#include "server/base/table.h"

/* In the order in which they are compared. */
enum key_kind { KEY_META_ID, KEY_RC_ID, KEY_LOG_ID, KEY_REVISIONS, KEY_LINE, KEY_KINDS };

struct entry;

struct key {
	UT_hash_handle hh; /* in `keys`, unless a younger entry's has taken its place */
	struct entry *entry;
	size_t length; /* 0: the change has none of this kind */
	bool is_in_table;
};

struct entry {
	struct key keys[KEY_KINDS];
	char *texts; /* of the keys, one behind the other */
	const void *source;
	uint64_t id;
	uint64_t seen_ms;
	bool is_from_line;
};

struct duplicates {
	struct entry *ring;
	size_t capacity, first, count;
	uint64_t age_ms;
	struct key *keys;
	struct buffer scratch; /* texts of the change in hand */
};

/* The lengths of a change's keys, whose texts are in `scratch`. */
struct key_lengths {
	size_t of[KEY_KINDS];
};

struct duplicates *duplicates_create(size_t entries_max, uint64_t age_ms)
{
	struct duplicates *duplicates = mem_new(struct duplicates);

	require(entries_max > 0);
	duplicates->ring = mem_zeroed(entries_max * sizeof(duplicates->ring[0]));
	duplicates->capacity = entries_max;
	duplicates->age_ms = age_ms;
	return duplicates;
}

/* --- keys --------------------------------------------------------------------- */

static void write_meta_id(const struct change *change, struct buffer *out)
{
	struct text meta_id = change->identity.meta_id;

	if (meta_id.length > 0 && meta_id.length <= DUPLICATES_META_ID_MAX) {
		buffer_append_byte(out, 'm');
		buffer_append(out, meta_id.bytes, meta_id.length);
	}
}

/* A number of a wiki, and a second one; nothing where the first is not known. */
static void write_numbers(char kind, uint64_t number, uint64_t second, const struct change *change,
                          struct buffer *out)
{
	uint64_t numbers[] = {number, second};

	if (number > 0) {
		buffer_append_byte(out, kind);
		buffer_append(out, numbers, sizeof(numbers));
		buffer_append(out, change->wiki.bytes, change->wiki.length);
	}
}

static void write_rc_id(const struct change *change, struct buffer *out)
{
	write_numbers('i', change->identity.rc_id, 0, change, out);
}

static void write_log_id(const struct change *change, struct buffer *out)
{
	write_numbers('l', change->identity.log_id, 0, change, out);
}

static void write_revisions(const struct change *change, struct buffer *out)
{
	write_numbers('r', change->identity.revision_new, change->identity.revision_old, change,
	              out);
}

/* Neither has a NUL in it, so nothing else runs together to the same. */
static void write_line(const struct change *change, struct buffer *out)
{
	if (change->type == CHANGE_LOG && change->line.bytes != NULL &&
	    change->line.length <= DUPLICATES_LINE_MAX) {
		buffer_append_byte(out, 't');
		buffer_append(out, change->channel.bytes, change->channel.length + 1);
		buffer_append(out, change->line.bytes, change->line.length);
	}
}

static struct key_lengths write_keys(const struct change *change, struct buffer *out)
{
	static void (*const writers[])(const struct change *change, struct buffer *out) = {
	    [KEY_META_ID] = write_meta_id, [KEY_RC_ID] = write_rc_id,
	    [KEY_LOG_ID] = write_log_id,   [KEY_REVISIONS] = write_revisions,
	    [KEY_LINE] = write_line,
	};
	struct key_lengths lengths;

	buffer_clear(out);
	for (int kind = 0; kind < KEY_KINDS; kind++) {
		size_t before = out->length;

		writers[kind](change, out);
		lengths.of[kind] = out->length - before;
	}
	return lengths;
}

static void unlink_key(struct duplicates *duplicates, struct key *key)
{
	if (key->is_in_table) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is in the table */
		HASH_DEL(duplicates->keys, key);
		key->is_in_table = false;
	}
}

/* --- the ring ----------------------------------------------------------------- */

static void forget_oldest(struct duplicates *duplicates)
{
	struct entry *entry = &duplicates->ring[duplicates->first];

	for (int kind = 0; kind < KEY_KINDS; kind++) {
		unlink_key(duplicates, &entry->keys[kind]);
	}
	free(entry->texts);
	duplicates->first = (duplicates->first + 1) % duplicates->capacity;
	duplicates->count--;
}

static void forget_old(struct duplicates *duplicates, uint64_t now_ms)
{
	while (duplicates->count > 0 &&
	       now_ms - duplicates->ring[duplicates->first].seen_ms > duplicates->age_ms) {
		forget_oldest(duplicates);
	}
}

void duplicates_destroy(struct duplicates *duplicates)
{
	if (duplicates == NULL) {
		return;
	}
	while (duplicates->count > 0) {
		forget_oldest(duplicates);
	}
	buffer_finish(&duplicates->scratch);
	free(duplicates->ring);
	free(duplicates);
}

/* --- comparing ---------------------------------------------------------------- */

/* Both have a key of an earlier kind, and it was not found: they differ there. */
static bool differs_before(const struct entry *entry, const struct key_lengths *lengths, int kind)
{
	for (int earlier = 0; earlier < kind; earlier++) {
		if (entry->keys[earlier].length > 0 && lengths->of[earlier] > 0) {
			return true;
		}
	}
	return false;
}

/* Lends the entry of the same change, whoever brought it; NULL when there is none. */
static const struct entry *find(struct duplicates *duplicates, const struct change *change)
{
	struct key_lengths lengths = write_keys(change, &duplicates->scratch);
	const char *text = duplicates->scratch.bytes;

	for (int kind = 0; kind < KEY_KINDS; kind++) {
		struct key *key = NULL;

		if (lengths.of[kind] > 0) {
			HASH_FIND(hh, duplicates->keys, text, lengths.of[kind], key);
			text += lengths.of[kind];
		}
		if (key != NULL && !differs_before(key->entry, &lengths, kind)) {
			return key->entry;
		}
	}
	return NULL;
}

bool duplicates_find(struct duplicates *duplicates, const struct change *change, const void *source,
                     uint64_t now_ms, struct duplicates_match *match)
{
	const struct entry *entry;

	forget_old(duplicates, now_ms);
	entry = find(duplicates, change);
	if (entry == NULL || entry->source == source) {
		return false;
	}
	*match = (struct duplicates_match){.id = entry->id, .is_from_line = entry->is_from_line};
	return true;
}

/* The youngest of two with one key is the one to be found. */
static void link_key(struct duplicates *duplicates, struct key *key, const char *text)
{
	struct key *older;

	HASH_FIND(hh, duplicates->keys, text, key->length, older);
	if (older != NULL) {
		unlink_key(duplicates, older);
	}
	HASH_ADD_KEYPTR(hh, duplicates->keys, text, key->length, key);
	key->is_in_table = true;
}

void duplicates_add(struct duplicates *duplicates, const struct change *change, const void *source,
                    uint64_t now_ms)
{
	struct key_lengths lengths = write_keys(change, &duplicates->scratch);
	struct entry *entry;
	const char *text;

	if (duplicates->scratch.length == 0) {
		return;
	}
	if (duplicates->count == duplicates->capacity) {
		forget_oldest(duplicates);
	}
	entry = &duplicates->ring[(duplicates->first + duplicates->count++) % duplicates->capacity];
	*entry = (struct entry){
	    .texts = mem_copy_text(duplicates->scratch.bytes, duplicates->scratch.length),
	    .source = source,
	    .id = change->id,
	    .seen_ms = now_ms,
	    .is_from_line = change->is_from_line,
	};
	text = entry->texts;
	for (int kind = 0; kind < KEY_KINDS; kind++) {
		entry->keys[kind].entry = entry;
		entry->keys[kind].length = lengths.of[kind];
		if (lengths.of[kind] > 0) {
			link_key(duplicates, &entry->keys[kind], text);
			text += lengths.of[kind];
		}
	}
}
