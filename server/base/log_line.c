/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/log_line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistr.h>

void log_line_put(struct log_line *line, const char *bytes, size_t length)
{
	if (line->is_full || length > line->room - line->length) {
		line->is_full = true;
		return;
	}
	memcpy(line->bytes + line->length, bytes, length);
	line->length += length;
}

void log_line_put_text(struct log_line *line, const char *text)
{
	log_line_put(line, text, strlen(text));
}

void log_line_put_number(struct log_line *line, uint64_t number)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	log_line_put_text(line, text);
}

/* C0, DEL and C1; LS and PS; the bidirectional controls, which hide text on a terminal. */
static bool must_escape(ucs4_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 ||
	       point == 0x2029 || point == 0x200e || point == 0x200f || point == 0x061c ||
	       (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

void log_line_put_escaped(struct log_line *line, const char *text, bool is_json)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t rest = strlen(text);

	while (rest > 0 && !line->is_full) {
		char escape[8];
		ucs4_t point;
		int length = u8_mbtouc(&point, at, rest);

		if (must_escape(point)) {
			(void)snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)point);
			log_line_put_text(line, escape);
		} else if (point == 0xfffd) {
			log_line_put_text(line, "\xef\xbf\xbd");
		} else if (point == '\\' || (is_json && point == '"')) {
			const char pair[2] = {'\\', (char)point};

			log_line_put(line, pair, sizeof(pair));
		} else {
			log_line_put(line, (const char *)at, (size_t)length);
		}
		at += length;
		rest -= (size_t)length;
	}
}

void log_line_put_time(struct log_line *line)
{
	struct timespec now;
	struct tm parts;
	char text[64];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &parts);
	(void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ",
	               parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
	               parts.tm_min, parts.tm_sec, now.tv_nsec / 1000000);
	log_line_put_text(line, text);
}
