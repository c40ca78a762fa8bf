/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time, level and sentence come first, as the specification of ECS logging has it: a person can
 * read the lines as they are.  So all that stands behind the sentence is written before it, to see
 * how much room is left.
 */
#include "server/base/log_json.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of a line, for all but the sentence; the fields of a client take half of it at most. */
#define FIELDS_ROOM (LOG_LINE_MAX / 2)

#define END "}\n"

#define ADDRESS_MAX 64

/* Take back what was put since, unless all of it fitted. */
static void settle(struct log_line *line, size_t before)
{
	if (line->is_full) {
		line->length = before;
		line->is_full = false;
	}
}

static void put_name(struct log_line *line, const char *name)
{
	log_line_put_text(line, ",\"");
	log_line_put_text(line, name);
	log_line_put_text(line, "\":");
}

static void put_text(struct log_line *line, const char *name, const char *text)
{
	size_t before = line->length;

	put_name(line, name);
	log_line_put_text(line, "\"");
	log_line_put_escaped(line, text, true);
	log_line_put_text(line, "\"");
	settle(line, before);
}

static void put_number(struct log_line *line, const char *name, uint64_t number)
{
	size_t before = line->length;

	put_name(line, name);
	log_line_put_number(line, number);
	settle(line, before);
}

/* --- the peer ----------------------------------------------------------- */

/* A peer as peer.h writes it, in its parts. */
struct peer {
	char address[ADDRESS_MAX];
	uint64_t port; /* 0: it has none */
};

static bool is_ip(const char *address)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1;
}

/* Where the port begins; NULL without one: a bare IPv6 address has more colons than one. */
static const char *find_port(const char *text)
{
	const char *colon = strchr(text, ':');

	if (text[0] == '[') {
		colon = strstr(text, "]:");
		return colon != NULL ? colon + 2 : NULL;
	}
	return colon != NULL && strchr(colon + 1, ':') == NULL ? colon + 1 : NULL;
}

/* False when it is no address with or without a port, but some other name. */
static bool read_peer(const char *text, struct peer *peer)
{
	const char *port = find_port(text);
	bool has_brackets = text[0] == '[';
	const char *begin = has_brackets ? text + 1 : text;
	size_t length =
	    port != NULL ? (size_t)(port - begin) - (has_brackets ? 2 : 1) : strlen(begin);

	if (length >= sizeof(peer->address) || (has_brackets && port == NULL)) {
		return false;
	}
	memcpy(peer->address, begin, length);
	peer->address[length] = '\0';
	peer->port = port != NULL ? strtoull(port, NULL, 10) : 0;
	return is_ip(peer->address);
}

static void put_peer(struct log_line *line, const char *text)
{
	struct peer peer;

	if (!read_peer(text, &peer)) {
		put_text(line, "source.address", text);
		return;
	}
	put_text(line, "source.address", peer.address);
	put_text(line, "source.ip", peer.address);
	if (peer.port > 0) {
		put_number(line, "source.port", peer.port);
	}
}

/* --- the record --------------------------------------------------------- */

static void put_id(struct log_line *line, uint64_t id)
{
	put_name(line, "rcstreamd.id");
	log_line_put_text(line, "\"");
	log_line_put_number(line, id);
	log_line_put_text(line, "\"");
}

static void put_scope(struct log_line *line, const struct log_scope *scope)
{
	put_text(line, "log.logger", scope->name);
	if (scope->id != 0) {
		put_id(line, scope->id);
	}
	if (scope->peer != NULL) {
		put_peer(line, scope->peer);
	}
	for (const struct log_field *field = scope->fields; field != NULL && field->name != NULL;
	     field++) {
		if (field->text != NULL) {
			put_text(line, field->name, field->text);
		} else {
			put_number(line, field->name, field->number);
		}
	}
}

/* From the sentence's closing quote on. */
static void put_fields(struct log_line *line, const struct log_record *record)
{
	log_line_put_text(line, "\",\"ecs.version\":\"" LOG_JSON_ECS_VERSION "\"");
	put_text(line, "service.name", "rcstreamd");
	put_number(line, "process.pid", (uint64_t)getpid());
	put_text(line, "event.code", record->id);
	if (record->scope != NULL) {
		put_scope(line, record->scope);
	}
}

void log_json_write(struct log_line *line, const struct log_record *record)
{
	struct log_line fields;

	fields.length = 0;
	fields.room = FIELDS_ROOM;
	fields.is_full = false;
	put_fields(&fields, record);
	line->room = LOG_LINE_MAX - fields.length - strlen(END);
	log_line_put_text(line, "{\"@timestamp\":\"");
	log_line_put_time(line);
	log_line_put_text(line, "\",\"log.level\":\"");
	log_line_put_text(line, record->level);
	log_line_put_text(line, "\",\"message\":\"");
	log_line_put_escaped(line, record->text, true);
	line->room = LOG_LINE_MAX;
	line->is_full = false;
	log_line_put(line, fields.bytes, fields.length);
	log_line_put_text(line, END);
}
