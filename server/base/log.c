/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only mutable statics of the program: level and form, written by
 * log_configure().  A line is put together on the stack and written at once, so
 * that lines of several threads do not mix and no lock is held while writing.
 */
#include "server/base/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/base/log_json.h"
#include "server/base/log_line.h"

#define WITH_PRIORITIES 0x100 /* beside a form other than LOG_FORMAT_AUTO */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static _Atomic int current_level = LOG_LEVEL_INFO;
static _Atomic int current_format = LOG_FORMAT_PLAIN; /* and WITH_PRIORITIES */

/* syslog(3): err, warning, info, debug; sd-daemon(3) has the form. */
static const struct {
	const char *name;
	const char *priority;
} levels[] = {
    [LOG_LEVEL_DEBUG] = {"debug", "<7>"},
    [LOG_LEVEL_INFO] = {"info", "<6>"},
    [LOG_LEVEL_WARN] = {"warn", "<4>"},
    [LOG_LEVEL_ERROR] = {"error", "<3>"},
};

static const char *const format_names[] = {
    [LOG_FORMAT_AUTO] = "auto",
    [LOG_FORMAT_PLAIN] = "plain",
    [LOG_FORMAT_JSON] = "json",
    [LOG_FORMAT_JOURNAL] = "journal",
};

const char *log_level_name(enum log_level level)
{
	return levels[level].name;
}

const char *log_level_priority(enum log_level level)
{
	return levels[level].priority;
}

const char *log_format_name(enum log_format format)
{
	return format_names[format];
}

bool log_level_parse(const char *word, enum log_level *level)
{
	for (size_t i = 0; i < COUNT(levels); i++) {
		if (strcmp(word, levels[i].name) == 0) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

bool log_format_parse(const char *word, enum log_format *format)
{
	for (size_t i = 0; i < COUNT(format_names); i++) {
		if (strcmp(word, format_names[i]) == 0) {
			*format = (enum log_format)i;
			return true;
		}
	}
	return false;
}

/* systemd.exec(5), $JOURNAL_STREAM: device and inode, for descriptors that were exchanged since. */
bool log_is_journal(int descriptor)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(descriptor, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

void log_configure(enum log_level level, enum log_format format)
{
	bool is_journal = log_is_journal(STDOUT_FILENO);
	bool has_priorities;

	if (format == LOG_FORMAT_AUTO) {
		format = is_journal ? LOG_FORMAT_JOURNAL : LOG_FORMAT_PLAIN;
	}
	/* The journal takes them off again, so JSON can have them too; plain is as asked for. */
	has_priorities = format == LOG_FORMAT_JOURNAL || (format == LOG_FORMAT_JSON && is_journal);
	atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
	atomic_store_explicit(&current_format, (int)format | (has_priorities ? WITH_PRIORITIES : 0),
	                      memory_order_relaxed);
}

bool log_is_on(enum log_level level)
{
	return (int)level >= atomic_load_explicit(&current_level, memory_order_relaxed);
}

bool log_has_room(void)
{
	struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&output, 1, 0) > 0;
}

static void put_scope(struct log_line *line, const struct log_scope *scope)
{
	log_line_put_text(line, scope->name);
	if (scope->id != 0) {
		log_line_put_text(line, "[");
		log_line_put_number(line, scope->id);
		log_line_put_text(line, "]");
	}
	log_line_put_text(line, " ");
	if (scope->peer != NULL) {
		log_line_put_escaped(line, scope->peer, false);
		log_line_put_text(line, " ");
	}
}

/* The journal has a time and a level of its own. */
static void write_text(struct log_line *line, const struct log_record *record, bool is_journal)
{
	line->room = LOG_LINE_MAX - 1;
	if (!is_journal) {
		log_line_put_time(line);
		log_line_put_text(line, " ");
		log_line_put_text(line, record->level);
		log_line_put_text(line, " ");
	}
	if (record->scope != NULL) {
		put_scope(line, record->scope);
	}
	log_line_put_text(line, record->id);
	log_line_put_text(line, ": ");
	log_line_put_escaped(line, record->text, false);
	line->bytes[line->length++] = '\n';
}

void log_write(enum log_level level, const struct log_scope *scope, const char *id,
               const char *format, ...)
{
	int form = atomic_load_explicit(&current_format, memory_order_relaxed);
	char text[LOG_LINE_MAX / 2];
	struct log_record record = {
	    .level = levels[level].name,
	    .scope = scope,
	    .id = id,
	    .text = text,
	};
	struct log_line line;
	va_list arguments;
	ssize_t written;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	line.length = 0;
	line.room = LOG_LINE_MAX;
	line.is_full = false;
	if ((form & WITH_PRIORITIES) != 0) {
		log_line_put_text(&line, levels[level].priority);
	}
	if ((form & ~WITH_PRIORITIES) == LOG_FORMAT_JSON) {
		log_json_write(&line, &record);
	} else {
		write_text(&line, &record, (form & WITH_PRIORITIES) != 0);
	}
	written = write(STDOUT_FILENO, line.bytes, line.length);
	(void)written; /* a log that cannot be written must not stop the service */
}
