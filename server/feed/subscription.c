/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching with one remembered star: when the text after it does not fit, the
 * star takes one character more and the match goes on behind it.  An earlier star
 * never needs to be tried again, so the time is bounded by the product of the
 * lengths and nothing recurses.
 */
#include "server/feed/subscription.h"

#include <string.h>
#include <unistr.h>

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
	ucs4_t point;

	*at += (size_t)u8_mbtouc(&point, (const uint8_t *)text.bytes + *at, text.length - *at);
	return point;
}

/* The length up to and with the last ']': no set is closed behind it. */
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

/* Whether `point` is in the set between `at` and `end`: single characters and ranges. */
static bool is_in_set(struct text pattern, size_t at, size_t end, ucs4_t point)
{
	struct text set = {.bytes = pattern.bytes, .length = end};
	bool is_negated = pattern.bytes[at] == '!';
	bool is_in = false;

	if (is_negated) {
		at++;
	}
	while (at < end) {
		ucs4_t first = take(set, &at);
		ucs4_t last = first;

		if (at + 1 < end && set.bytes[at] == '-') {
			at++;
			last = take(set, &at);
		}
		is_in = is_in || (first <= point && point <= last);
	}
	return is_in != is_negated;
}

/* Whether the pattern's element at `*at`, not a '*', takes `point`; `*at` goes behind it. */
static bool takes_point(struct text pattern, size_t closed_length, size_t *at, ucs4_t point)
{
	ucs4_t element = take(pattern, at);
	size_t end;
	bool is_in;

	if (element == '?') {
		return true;
	}
	if (element != '[') {
		return element == point;
	}
	end = find_set_end(pattern, closed_length, *at);
	if (end >= closed_length) {
		return point == '['; /* not closed: itself */
	}
	is_in = is_in_set(pattern, *at, end, point);
	*at = end + 1;
	return is_in;
}

bool subscription_matches(struct text pattern, struct text name)
{
	size_t closed_length = find_closed_length(pattern);
	size_t in_pattern = 0;
	size_t in_name = 0;
	size_t behind_star = SIZE_MAX; /* no star so far */
	size_t star_takes_to = 0;

	while (in_name < name.length) {
		size_t next_in_name = in_name;

		if (in_pattern < pattern.length && pattern.bytes[in_pattern] == '*') {
			behind_star = ++in_pattern;
			star_takes_to = in_name;
			continue;
		}
		if (in_pattern < pattern.length &&
		    takes_point(pattern, closed_length, &in_pattern, take(name, &next_in_name))) {
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
