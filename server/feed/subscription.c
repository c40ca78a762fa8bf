/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching with one remembered star: when the text after it does not fit, the
 * star takes one character more and the match goes on behind it.  An earlier star
 * never needs to be tried again, so the time is bounded by the product of the
 * lengths and nothing recurses.
 *
 * A star may try the set behind it at each character of the name.  A long set is read once for
 * all of them, so that what it costs is its length and not its length for each character.
 */
#include "server/feed/subscription.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>

#define LONG_SET 16 /* bytes; of two that begin within so many bytes one is shorter */
#define ASCII    128

/* A long set, read. */
struct long_set {
	size_t at, end;
	uint64_t members[ASCII / 64]; /* a bit for each character of ASCII, as the set says it */
};

struct matching {
	struct text pattern;
	size_t closed_length; /* up to and with the last ']': no set is closed behind it */
	uint64_t read_sets;   /* a bit for each place of long_sets */
	struct long_set long_sets[SUBSCRIPTION_TEXT_MAX / LONG_SET];
};

_Static_assert(SUBSCRIPTION_TEXT_MAX / LONG_SET <= 64, "read_sets has a bit for each");

bool subscription_is_pattern(struct text text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (text.bytes[i] == '*' || text.bytes[i] == '?' || text.bytes[i] == '[') {
			return true;
		}
	}
	return false;
}

/* Take the character at `*at`, which is before the end. */
static ucs4_t take(struct text text, size_t *at)
{
	ucs4_t point = (unsigned char)text.bytes[*at];

	if (point < ASCII) {
		++*at;
		return point;
	}
	*at += (size_t)u8_mbtouc(&point, (const uint8_t *)text.bytes + *at, text.length - *at);
	return point;
}

static size_t find_closed_length(struct text pattern)
{
	size_t length = pattern.length;

	while (length > 0 && pattern.bytes[length - 1] != ']') {
		length--;
	}
	return length;
}

/*
 * Where the ']' of a set stands whose '[' is before `at`; at or behind `closed_length`
 * when there is none.
 */
static size_t find_set_end(struct text pattern, size_t closed_length, size_t at)
{
	if (at < closed_length && pattern.bytes[at] == '!') {
		at++;
	}
	if (at < closed_length && pattern.bytes[at] == ']') {
		at++;
	}
	while (at < closed_length && pattern.bytes[at] != ']') {
		at++;
	}
	return at;
}

/* From a character to a character, or a single one; none when the last is before the first. */
struct range {
	ucs4_t first, last;
};

/* Take what is at `*at` of a set that ends with the text; false at its end. */
static bool take_range(struct text set, size_t *at, struct range *range)
{
	if (*at >= set.length) {
		return false;
	}
	range->first = take(set, at);
	range->last = range->first;
	if (*at + 1 < set.length && set.bytes[*at] == '-') {
		++*at;
		range->last = take(set, at);
	}
	return true;
}

/* Whether `point` is in the set between `at` and `end`: single characters and ranges. */
static bool is_in_set(struct text pattern, size_t at, size_t end, ucs4_t point)
{
	struct text set = {.bytes = pattern.bytes, .length = end};
	bool is_negated = pattern.bytes[at] == '!';
	bool is_in = false;
	struct range range;

	if (is_negated) {
		at++;
	}
	while (take_range(set, &at, &range)) {
		is_in = is_in || (range.first <= point && point <= range.last);
	}
	return is_in != is_negated;
}

/* The bits of the characters from `first` to `last` that are in the 64 from `base` on. */
static uint64_t bits_between(ucs4_t first, ucs4_t last, ucs4_t base)
{
	uint64_t from, to;

	if (first > last || last < base || first > base + 63) {
		return 0;
	}
	from = first <= base ? UINT64_MAX : UINT64_MAX << (first - base);
	to = last >= base + 63 ? UINT64_MAX : (UINT64_C(2) << (last - base)) - 1;
	return from & to;
}

/* Read the set between `at` and `end`, for the characters of ASCII. */
static void read_set(struct text pattern, struct long_set *set)
{
	struct text text = {.bytes = pattern.bytes, .length = set->end};
	bool is_negated = pattern.bytes[set->at] == '!';
	size_t at = is_negated ? set->at + 1 : set->at;
	struct range range;

	memset(set->members, 0, sizeof(set->members));
	while (take_range(text, &at, &range)) {
		set->members[0] |= bits_between(range.first, range.last, 0);
		set->members[1] |= bits_between(range.first, range.last, 64);
	}
	if (is_negated) {
		set->members[0] = ~set->members[0];
		set->members[1] = ~set->members[1];
	}
}

/* Lends the long set at this place, read; NULL when it has not been met before. */
static const struct long_set *find_long_set(const struct matching *matching, size_t at)
{
	size_t place = at / LONG_SET;
	bool is_read = at < SUBSCRIPTION_TEXT_MAX && (matching->read_sets >> place & 1) != 0;

	return is_read && matching->long_sets[place].at == at ? &matching->long_sets[place] : NULL;
}

static void keep_long_set(struct matching *matching, size_t at, size_t end)
{
	size_t place = at / LONG_SET;

	if (at < SUBSCRIPTION_TEXT_MAX && end - at >= LONG_SET) {
		matching->long_sets[place] = (struct long_set){.at = at, .end = end};
		read_set(matching->pattern, &matching->long_sets[place]);
		matching->read_sets |= UINT64_C(1) << place;
	}
}

/* Whether the set whose '[' is before `*at` takes `point`; `*at` goes behind it. */
static bool set_takes_point(struct matching *matching, size_t *at, ucs4_t point)
{
	const struct long_set *set = find_long_set(matching, *at);
	bool is_in;
	size_t end;

	if (set != NULL && point < ASCII) {
		*at = set->end + 1;
		return (set->members[point / 64] >> (point % 64) & 1) != 0;
	}
	end = find_set_end(matching->pattern, matching->closed_length, *at);
	if (end >= matching->closed_length) {
		return point == '['; /* not closed: itself */
	}
	keep_long_set(matching, *at, end);
	is_in = is_in_set(matching->pattern, *at, end, point);
	*at = end + 1;
	return is_in;
}

/* Whether the pattern's element at `*at`, not a '*', takes `point`; `*at` goes behind it. */
static bool takes_point(struct matching *matching, size_t *at, ucs4_t point)
{
	ucs4_t element = take(matching->pattern, at);

	if (element == '[') {
		return set_takes_point(matching, at, point);
	}
	return element == '?' || element == point;
}

/* What ends in a character that stands for itself fits no name with another end. */
static bool ends_otherwise(struct text pattern, struct text name)
{
	char last = pattern.length > 0 ? pattern.bytes[pattern.length - 1] : '*';

	return last != '*' && last != '?' && last != ']' && name.length > 0 &&
	       name.bytes[name.length - 1] != last;
}

bool subscription_matches(struct text pattern, struct text name)
{
	struct matching matching; /* most of it is seldom used */
	size_t in_pattern = 0;
	size_t in_name = 0;
	size_t behind_star = SIZE_MAX; /* no star so far */
	size_t star_takes_to = 0;

	if (ends_otherwise(pattern, name)) {
		return false;
	}
	matching.pattern = pattern;
	matching.closed_length = find_closed_length(pattern);
	matching.read_sets = 0;
	while (in_name < name.length) {
		size_t next_in_name = in_name;

		if (in_pattern < pattern.length && pattern.bytes[in_pattern] == '*') {
			behind_star = ++in_pattern;
			star_takes_to = in_name;
			continue;
		}
		if (in_pattern < pattern.length &&
		    takes_point(&matching, &in_pattern, take(name, &next_in_name))) {
			in_name = next_in_name;
			continue;
		}
		if (behind_star == SIZE_MAX) {
			return false;
		}
		in_pattern = behind_star;
		(void)take(name, &star_takes_to);
		in_name = star_takes_to;
	}
	while (in_pattern < pattern.length && pattern.bytes[in_pattern] == '*') {
		in_pattern++;
	}
	return in_pattern == pattern.length;
}
