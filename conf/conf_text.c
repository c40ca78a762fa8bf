/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_text.h"

#include <stdbool.h>
#include <string.h>
#include <unistr.h>

/* Longer words have no nearest one; no key of ours comes close. */
#define WORD_MAX 40

/*
 * What YAML 1.1 does not allow or takes for a line break in quotes (C0, DEL, C1,
 * LS, PS, the byte order mark, U+FFFE and U+FFFF), and the bidirectional controls,
 * which hide text on a terminal.
 */
static bool must_escape(ucs4_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 ||
	       point == 0x2029 || point == 0x200e || point == 0x200f || point == 0x061c ||
	       (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
	       point == 0xfeff || point == 0xfffe || point == 0xffff;
}

static void add_point(struct buffer *out, ucs4_t point, const char *bytes, size_t length)
{
	if (point == '\n') {
		buffer_append_text(out, "\\n");
	} else if (point == '\t') {
		buffer_append_text(out, "\\t");
	} else if (must_escape(point)) {
		buffer_printf(out, "\\u%04X", (unsigned)point);
	} else {
		if (point == '"' || point == '\\') {
			buffer_append_byte(out, '\\');
		}
		buffer_append(out, bytes, length);
	}
}

static void quote(struct buffer *out, const char *text, size_t length, size_t points_max)
{
	size_t at = 0;

	buffer_append_byte(out, '"');
	for (size_t points = 0; at < length && points < points_max; points++) {
		ucs4_t point;
		int used = u8_mbtouc(&point, (const uint8_t *)text + at, length - at);

		add_point(out, point, text + at, (size_t)used);
		at += (size_t)used;
	}
	buffer_append_text(out, at < length ? "\"..." : "\"");
}

void conf_text_quote(struct buffer *out, const char *text, size_t length)
{
	quote(out, text, length, length);
}

void conf_text_quote_cut(struct buffer *out, const char *text, size_t length)
{
	quote(out, text, length, CONF_TEXT_CUT);
}

void conf_text_key(struct buffer *out, const char *key, size_t length)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	/* A NUL in the key ends the span early, so such a key is quoted. */
	if (length > 0 && length <= CONF_TEXT_CUT && strspn(key, plain) == length) {
		buffer_append(out, key, length);
	} else {
		conf_text_quote_cut(out, key, length);
	}
}

void conf_text_join(struct buffer *out, const char *const *words, size_t count, const char *last)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && i + 1 == count) {
			buffer_printf(out, " %s ", last);
		} else if (i > 0) {
			buffer_append_text(out, ", ");
		}
		buffer_append_text(out, words[i]);
	}
}

static unsigned min_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * The restricted Damerau-Levenshtein distance by the usual table, of which three
 * rows are kept: row i holds the distances of the first i bytes of `a`.
 */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	unsigned rows[3][WORD_MAX + 1] = {{0}};

	for (size_t j = 0; j <= b_length; j++) {
		rows[0][j] = (unsigned)j;
	}
	for (size_t i = 1; i <= a_length; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *above = rows[(i + 2) % 3];
		const unsigned *second = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			unsigned cost = a[i - 1] == b[j - 1] ? 0 : 1;

			row[j] = min_of(above[j - 1] + cost, min_of(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
				row[j] = min_of(row[j], second[j - 2] + 1);
			}
		}
	}
	return rows[a_length % 3][b_length];
}

/* Lends the first word that `met`, long enough to mean something, begins. */
static const char *find_longer(const char *met, const char *const *words, size_t count)
{
	size_t length = strlen(met);

	for (size_t i = 0; i < count; i++) {
		if (length >= 3 && strncmp(met, words[i], length) == 0) {
			return words[i];
		}
	}
	return NULL;
}

const char *conf_text_nearest(const char *met, const char *const *words, size_t count)
{
	size_t length = strlen(met);
	/* A third of the word wrong, and one more for the short ones: fairly arbitrary. */
	unsigned best_distance = (unsigned)(length / 3) + 2;
	const char *best = NULL;

	if (length > WORD_MAX) {
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		unsigned far = best_distance;

		if (strlen(words[i]) <= WORD_MAX) {
			far = distance(met, length, words[i], strlen(words[i]));
		}
		if (far < best_distance) {
			best_distance = far;
			best = words[i];
		}
	}
	return best != NULL ? best : find_longer(met, words, count);
}

void conf_text_fold(struct buffer *out, const char *before, const char *text, size_t columns)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column > 0 && column + 1 + word > columns) {
			buffer_append_byte(out, '\n');
			column = 0;
		}
		buffer_append_text(out, column == 0 ? before : " ");
		buffer_append(out, text, word);
		column += word + (column == 0 ? strlen(before) : 1);
		text += word;
		text += strspn(text, " ");
	}
	buffer_append_byte(out, '\n');
}
