/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of changes, and for each name a strand: the ids of its changes, oldest first.
 *
 *   ring     │ 41 #a │ 42 #b │ 43 #a │ 44 #a │ 45 #b │
 *   strands  #a: 41 43 44     #b: 42 45
 *
 * Ids follow one another, so an id is a place in the ring, and a name's next change behind
 * any id is a binary search in its strand.  A strand outlives its changes: it knows the
 * last one that was forgotten, and so whether all behind some id is there.  When there are
 * too many names those without changes go, and what they knew becomes what is known of
 * every name without a strand.
 */
#include "server/feed/history.h"

#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"
#include "server/base/table.h"

#define STRANDS_MAX 16384 /* without changes; some 1,000 wikis exist */
#define EXPIRE_MAX  1024  /* forgotten for their age at once, so that no turn is long */
#define IDS_MIN     8     /* a power of two, as is every capacity */

#define CHARGE_BASE  1024 /* structs, allocations, the IRC line, the heads of packets */
#define CHARGE_FORMS 2    /* of the JSON's size: Socket.IO's packet and frame */

/* What was forgotten last. */
struct forgotten {
	uint64_t id;      /* 0: nothing */
	uint64_t time_ms; /* with nothing forgotten, when the remembering began */
};

/* Ids in ascending order, a ring. */
struct ids {
	uint64_t *items;
	size_t capacity;
	size_t start;
	size_t count;
};

struct history_strand {
	struct ids ids;
	struct forgotten forgotten;
	uint64_t asked; /* the number of the filter that asked last */
	bool fits;      /* and its answer */
	UT_hash_handle hh;
	size_t name_length;
	char name[];
};

struct remembered {
	struct change *change;
	struct history_strand *strands[BUS_FIELDS]; /* NULL: not found by this field */
	uint64_t time_ms;
	size_t charge;
};

struct history {
	struct history_options options;
	struct remembered *ring; /* options.changes_max of them */
	size_t start;
	size_t count;
	size_t bytes;
	uint64_t newest_id;
	uint64_t newest_ms;
	struct forgotten forgotten;
	struct history_strand *strands[BUS_FIELDS]; /* tables by name */
	size_t strands_max[BUS_FIELDS];             /* with more, those without changes go */
	struct forgotten unknown[BUS_FIELDS];       /* the last of all names without a strand */
	uint64_t filters;
};

static struct remembered *remembered_at(const struct history *history, size_t place)
{
	return &history->ring[(history->start + place) % history->options.changes_max];
}

/* --- ids ---------------------------------------------------------------- */

static uint64_t id_at(const struct ids *ids, size_t place)
{
	return ids->items[(ids->start + place) & (ids->capacity - 1)];
}

static void ids_resize(struct ids *ids, size_t capacity)
{
	uint64_t *items = mem_resize(NULL, capacity * sizeof(items[0]));

	for (size_t i = 0; i < ids->count; i++) {
		items[i] = id_at(ids, i);
	}
	free(ids->items);
	*ids = (struct ids){.items = items, .capacity = capacity, .count = ids->count};
}

static void ids_add(struct ids *ids, uint64_t id)
{
	if (ids->count == ids->capacity) {
		ids_resize(ids, ids->capacity > 0 ? 2 * ids->capacity : IDS_MIN);
	}
	ids->items[(ids->start + ids->count) & (ids->capacity - 1)] = id;
	ids->count++;
}

static void ids_drop_first(struct ids *ids)
{
	ids->start = (ids->start + 1) & (ids->capacity - 1);
	ids->count--;
	if (ids->count == 0) {
		free(ids->items);
		*ids = (struct ids){0};
	} else if (ids->capacity > IDS_MIN && ids->count <= ids->capacity / 4) {
		ids_resize(ids, ids->capacity / 2);
	}
}

/* How many of them are below `id`. */
static size_t ids_below(const struct ids *ids, uint64_t id)
{
	size_t low = 0;
	size_t high = ids->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (id_at(ids, middle) < id) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* --- strands ------------------------------------------------------------ */

/* As the bus compares them: channels without ASCII case, wikis as they are. */
static size_t fold(enum bus_field field, struct text text, char folded[SUBSCRIPTION_TEXT_MAX])
{
	for (size_t i = 0; i < text.length; i++) {
		char byte = text.bytes[i];
		bool is_upper = field == BUS_CHANNEL && byte >= 'A' && byte <= 'Z';

		folded[i] = (char)(is_upper ? byte + ('a' - 'A') : byte);
	}
	return text.length;
}

static struct history_strand *find_strand(const struct history *history, enum bus_field field,
                                          const char *name, size_t length)
{
	struct history_strand *strand;

	HASH_FIND(hh, history->strands[field], name, length, strand);
	return strand;
}

static void strand_destroy(struct history *history, enum bus_field field,
                           struct history_strand *strand)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): a table ends with its last */
	HASH_DEL(history->strands[field], strand);
	free(strand->ids.items);
	free(strand);
}

/* Names come from outside: those without changes are kept only up to a number. */
static void forget_names(struct history *history, enum bus_field field)
{
	struct forgotten *unknown = &history->unknown[field];
	struct history_strand *strand, *next;
	size_t left;

	HASH_ITER (hh, history->strands[field], strand, next) {
		if (strand->ids.count == 0) {
			if (unknown->id < strand->forgotten.id) {
				*unknown = strand->forgotten;
			}
			strand_destroy(history, field, strand);
		}
	}
	left = HASH_COUNT(history->strands[field]);
	history->strands_max[field] = left < STRANDS_MAX / 2 ? STRANDS_MAX : 2 * left;
}

/* The strand of a name, made when it is new; NULL for one too long to be asked for. */
static struct history_strand *need_strand(struct history *history, enum bus_field field,
                                          struct text name)
{
	char folded[SUBSCRIPTION_TEXT_MAX];
	struct history_strand *strand;

	if (name.length > SUBSCRIPTION_TEXT_MAX) {
		return NULL;
	}
	(void)fold(field, name, folded);
	strand = find_strand(history, field, folded, name.length);
	if (strand != NULL) {
		return strand;
	}
	if (HASH_COUNT(history->strands[field]) >= history->strands_max[field]) {
		forget_names(history, field);
	}
	strand = mem_zeroed(sizeof(*strand) + name.length);
	strand->forgotten = history->unknown[field];
	strand->name_length = name.length;
	memcpy(strand->name, folded, name.length);
	HASH_ADD(hh, history->strands[field], name, name.length, strand);
	return strand;
}

/* --- remembering -------------------------------------------------------- */

static void forget_oldest(struct history *history)
{
	struct remembered *oldest = remembered_at(history, 0);

	history->forgotten = (struct forgotten){oldest->change->id, oldest->time_ms};
	for (enum bus_field field = 0; field < BUS_FIELDS; field++) {
		struct history_strand *strand = oldest->strands[field];

		if (strand != NULL) {
			strand->forgotten = history->forgotten;
			ids_drop_first(&strand->ids);
		}
	}
	history->bytes -= oldest->charge;
	change_unref(oldest->change);
	history->start = (history->start + 1) % history->options.changes_max;
	history->count--;
}

size_t history_charge(const struct change *change)
{
	return change->wiki.length + change->channel.length + change->line.length +
	       change->identity.meta_id.length + (1 + CHARGE_FORMS) * change->json_bytes +
	       CHARGE_BASE;
}

static void append(struct history *history, struct change *change)
{
	struct remembered *newest = remembered_at(history, history->count);
	bool is_for_irc = change->line.bytes != NULL;

	change_ref(change, 1);
	*newest = (struct remembered){
	    .change = change,
	    .strands = {[BUS_WIKI] = need_strand(history, BUS_WIKI, change->wiki),
	                [BUS_CHANNEL] =
	                    is_for_irc ? need_strand(history, BUS_CHANNEL, change->channel) : NULL},
	    .time_ms = history->newest_ms,
	    .charge = history_charge(change),
	};
	for (enum bus_field field = 0; field < BUS_FIELDS; field++) {
		if (newest->strands[field] != NULL) {
			ids_add(&newest->strands[field]->ids, change->id);
		}
	}
	history->bytes += newest->charge;
	history->count++;
}

static bool is_too_old(const struct history *history)
{
	return history->newest_ms - remembered_at(history, 0)->time_ms > history->options.age_ms;
}

static void keep_nothing(struct history *history)
{
	history->forgotten = (struct forgotten){history->newest_id, history->newest_ms};
	for (enum bus_field field = 0; field < BUS_FIELDS; field++) {
		history->unknown[field] = history->forgotten;
	}
}

void history_add(struct history *history, struct change *change)
{
	const struct history_options *options = &history->options;

	require(history->newest_id == 0 || change->id == history->newest_id + 1);
	history->newest_id = change->id;
	/* The feeder's times never go back; searching by time rests on it. */
	if (history->newest_ms < change->arrived_ms) {
		history->newest_ms = change->arrived_ms;
	}
	if (options->changes_max == 0) {
		keep_nothing(history);
		return;
	}
	if (history->count == options->changes_max) {
		forget_oldest(history);
	}
	append(history, change);
	while (history->bytes > options->bytes_max) {
		forget_oldest(history);
	}
	for (int i = 0; i < EXPIRE_MAX && history->count > 0 && is_too_old(history); i++) {
		forget_oldest(history);
	}
}

/* --- what is there ------------------------------------------------------ */

size_t history_count(const struct history *history)
{
	return history->count;
}

size_t history_bytes(const struct history *history)
{
	return history->bytes;
}

uint64_t history_newest_id(const struct history *history)
{
	return history->newest_id;
}

uint64_t history_oldest_id(const struct history *history)
{
	return history->count > 0 ? remembered_at(history, 0)->change->id : 0;
}

uint64_t history_find_time(const struct history *history, uint64_t time_ms)
{
	size_t low = 0;
	size_t high = history->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (remembered_at(history, middle)->time_ms < time_ms) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return history->newest_id + 1 - (history->count - low);
}

/* --- searching ---------------------------------------------------------- */

void history_filter_init(struct history *history, struct history_filter *filter,
                         enum bus_field field, struct text text)
{
	require(text.length > 0 && text.length <= SUBSCRIPTION_TEXT_MAX);
	filter->field = field;
	filter->is_pattern = subscription_is_pattern(text);
	filter->number = ++history->filters;
	filter->length = fold(field, text, filter->text);
	filter->strand = find_strand(history, field, filter->text, filter->length);
}

/* A pattern is matched against a name once, however many changes the name has. */
static bool pattern_fits(const struct history_filter *filter, struct history_strand *strand)
{
	if (strand == NULL) {
		return false;
	}
	if (strand->asked != filter->number) {
		strand->asked = filter->number;
		strand->fits =
		    subscription_matches((struct text){filter->text, filter->length},
		                         (struct text){strand->name, strand->name_length});
	}
	return strand->fits;
}

static struct remembered *find_id(const struct history *history, uint64_t id)
{
	return remembered_at(history, (size_t)(id - history_oldest_id(history)));
}

static struct change *next_of_name(const struct history *history, const struct ids *ids,
                                   uint64_t *at, uint64_t last_id)
{
	size_t place = ids_below(ids, *at);

	if (place == ids->count || id_at(ids, place) > last_id) {
		*at = last_id + 1;
		return NULL;
	}
	*at = id_at(ids, place) + 1;
	return find_id(history, *at - 1)->change;
}

static struct change *previous_of_name(const struct history *history, const struct ids *ids,
                                       uint64_t *at, uint64_t first_id)
{
	size_t behind = ids_below(ids, *at + 1);

	if (behind == 0 || id_at(ids, behind - 1) < first_id) {
		*at = first_id - 1;
		return NULL;
	}
	*at = id_at(ids, behind - 1) - 1;
	return find_id(history, *at + 1)->change;
}

struct change *history_next(struct history *history, const struct history_filter *filter,
                            uint64_t *at, uint64_t last_id, unsigned *looks)
{
	uint64_t oldest_id = history_oldest_id(history);

	last_id = last_id < history->newest_id ? last_id : history->newest_id;
	*at = *at > oldest_id ? *at : oldest_id;
	if (history->count == 0 || *at > last_id || *looks == 0) {
		return NULL;
	}
	if (!filter->is_pattern) {
		--*looks;
		return filter->strand != NULL
		           ? next_of_name(history, &filter->strand->ids, at, last_id)
		           : NULL;
	}
	for (; *at <= last_id && *looks > 0; --*looks) {
		const struct remembered *remembered = find_id(history, (*at)++);

		if (pattern_fits(filter, remembered->strands[filter->field])) {
			--*looks;
			return remembered->change;
		}
	}
	return NULL;
}

struct change *history_previous(struct history *history, const struct history_filter *filter,
                                uint64_t *at, uint64_t first_id, unsigned *looks)
{
	uint64_t oldest_id = history_oldest_id(history);

	first_id = first_id > oldest_id ? first_id : oldest_id;
	*at = *at < history->newest_id ? *at : history->newest_id;
	if (history->count == 0 || *at < first_id || *looks == 0) {
		return NULL;
	}
	if (!filter->is_pattern) {
		--*looks;
		return filter->strand != NULL
		           ? previous_of_name(history, &filter->strand->ids, at, first_id)
		           : NULL;
	}
	for (; *at >= first_id && *looks > 0; --*looks) {
		const struct remembered *remembered = find_id(history, (*at)--);

		if (pattern_fits(filter, remembered->strands[filter->field])) {
			--*looks;
			return remembered->change;
		}
	}
	return NULL;
}

/* --- gaps --------------------------------------------------------------- */

static const struct forgotten *forgotten_of(const struct history *history,
                                            const struct history_filter *filter)
{
	if (filter->is_pattern) {
		return &history->forgotten;
	}
	return filter->strand != NULL ? &filter->strand->forgotten
	                              : &history->unknown[filter->field];
}

bool history_has_all_after(const struct history *history, const struct history_filter *filter,
                           uint64_t id)
{
	return id >= forgotten_of(history, filter)->id;
}

bool history_has_all_since(const struct history *history, const struct history_filter *filter,
                           uint64_t time_ms)
{
	return time_ms >= forgotten_of(history, filter)->time_ms;
}

/* --- life --------------------------------------------------------------- */

struct history *history_create(const struct history_options *options)
{
	struct history *history = mem_new(struct history);

	history->options = *options;
	history->ring = mem_zeroed((options->changes_max + 1) * sizeof(history->ring[0]));
	history->newest_ms = options->started_ms;
	history->forgotten.time_ms = options->started_ms;
	for (enum bus_field field = 0; field < BUS_FIELDS; field++) {
		history->unknown[field] = history->forgotten;
		history->strands_max[field] = STRANDS_MAX;
	}
	return history;
}

void history_destroy(struct history *history)
{
	if (history == NULL) {
		return;
	}
	while (history->count > 0) {
		forget_oldest(history);
	}
	for (enum bus_field field = 0; field < BUS_FIELDS; field++) {
		struct history_strand *strand, *next;

		HASH_ITER (hh, history->strands[field], strand, next) {
			strand_destroy(history, field, strand);
		}
	}
	free(history->ring);
	free(history);
}
