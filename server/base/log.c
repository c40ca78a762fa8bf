/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only mutable statics of the program: level and form, written by
 * log_configure().  A line is put together on the stack and written at once, so
 * that lines of several threads do not mix and no lock is held while writing.
 */
#include "server/base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <unistr.h>

static _Atomic int current_level = LOG_LEVEL_INFO;
static _Atomic int current_format = LOG_FORMAT_PLAIN;

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
};

static const char *const format_names[] = {
    [LOG_FORMAT_PLAIN] = "plain",
    [LOG_FORMAT_JSON] = "json",
};

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

const char *log_format_name(enum log_format format)
{
	return format_names[format];
}

bool log_level_parse(const char *word, enum log_level *level)
{
	for (int i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_ERROR; i++) {
		if (strcmp(word, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

bool log_format_parse(const char *word, enum log_format *format)
{
	for (int i = LOG_FORMAT_PLAIN; i <= LOG_FORMAT_JSON; i++) {
		if (strcmp(word, format_names[i]) == 0) {
			*format = (enum log_format)i;
			return true;
		}
	}
	return false;
}

/* A line in the making; what does not fit is left out, room for its end is kept. */
struct line {
	char bytes[LOG_LINE_MAX];
	size_t length;
	bool is_json;
};

#define LINE_ROOM (LOG_LINE_MAX - 4) /* quote, brace and newline always fit */

void log_configure(enum log_level level, enum log_format format)
{
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
	atomic_store_explicit(&current_format, (int)format, memory_order_relaxed);
}

bool log_is_on(enum log_level level)
{
	return (int)level >= atomic_load_explicit(&current_level, memory_order_relaxed);
}

static void put_bytes(struct line *line, const char *bytes, size_t length)
{
	if (line->length + length <= LINE_ROOM) {
		memcpy(line->bytes + line->length, bytes, length);
		line->length += length;
	}
}

static void put_text(struct line *line, const char *text)
{
	put_bytes(line, text, strlen(text));
}

/* C0, DEL and C1; LS and PS; the bidirectional controls, which hide text on a terminal. */
static bool must_escape(ucs4_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 ||
	       point == 0x2029 || point == 0x200e || point == 0x200f || point == 0x061c ||
	       (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

static void put_escaped(struct line *line, const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t rest = strlen(text);

	while (rest > 0) {
		char escape[8];
		ucs4_t point;
		int length = u8_mbtouc(&point, at, rest);

		if (must_escape(point)) {
			(void)snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)point);
			put_text(line, escape);
		} else if (point == 0xfffd) {
			put_text(line, "\xef\xbf\xbd");
		} else if (point == '\\' || (line->is_json && point == '"')) {
			const char pair[2] = {'\\', (char)point};

			put_bytes(line, pair, sizeof(pair));
		} else {
			put_bytes(line, (const char *)at, (size_t)length);
		}
		at += length;
		rest -= (size_t)length;
	}
}

static void put_time(struct line *line)
{
	struct timespec now;
	struct tm parts;
	char text[64];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &parts);
	(void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ",
	               parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
	               parts.tm_min, parts.tm_sec, now.tv_nsec / 1000000);
	put_text(line, text);
}

static void put_number(struct line *line, const char *before, uint64_t number, const char *after)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	put_text(line, before);
	put_text(line, text);
	put_text(line, after);
}

static void put_plain_head(struct line *line, enum log_level level, const struct log_scope *scope,
                           const char *id)
{
	put_time(line);
	put_text(line, " ");
	put_text(line, level_names[level]);
	put_text(line, " ");
	if (scope != NULL) {
		put_text(line, scope->name);
		if (scope->id != 0) {
			put_number(line, "[", scope->id, "]");
		}
		put_text(line, " ");
		if (scope->peer != NULL) {
			put_escaped(line, scope->peer);
			put_text(line, " ");
		}
	}
	put_text(line, id);
	put_text(line, ": ");
}

static void put_json_head(struct line *line, enum log_level level, const struct log_scope *scope,
                          const char *id)
{
	put_text(line, "{\"time\":\"");
	put_time(line);
	put_text(line, "\",\"level\":\"");
	put_text(line, level_names[level]);
	if (scope != NULL) {
		put_text(line, "\",\"scope\":\"");
		put_text(line, scope->name);
		if (scope->peer != NULL) {
			put_text(line, "\",\"peer\":\"");
			put_escaped(line, scope->peer);
		}
		if (scope->id != 0) {
			put_number(line, "\",\"scope_id\":\"", scope->id, "");
		}
	}
	put_text(line, "\",\"id\":\"");
	put_text(line, id);
	put_text(line, "\",\"message\":\"");
}

void log_write(enum log_level level, const struct log_scope *scope, const char *id,
               const char *format, ...)
{
	struct line line;
	char text[LOG_LINE_MAX / 2];
	va_list arguments;
	ssize_t written;

	line.length = 0;
	line.is_json =
	    atomic_load_explicit(&current_format, memory_order_relaxed) == LOG_FORMAT_JSON;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (line.is_json) {
		put_json_head(&line, level, scope, id);
	} else {
		put_plain_head(&line, level, scope, id);
	}
	put_escaped(&line, text);
	if (line.is_json) {
		memcpy(line.bytes + line.length, "\"}", 2);
		line.length += 2;
	}
	line.bytes[line.length++] = '\n';
	written = write(STDOUT_FILENO, line.bytes, line.length);
	(void)written; /* a log that cannot be written must not stop the service */
}
