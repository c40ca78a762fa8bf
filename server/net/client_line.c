/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/client_line.h"

#include <stdarg.h>
#include <stdio.h>

#include "server/base/memory.h"
#include "server/net/client.h"

#define NS_PER_MS 1000000

void client_line_begin(struct client_line *line, const struct client *client,
                       const struct sockaddr_in6 *peer)
{
	const struct client_kind_row *kind = client_kind_row(client->kind);

	*line = (struct client_line){
	    .scope = {.name = kind->front_end, .id = client->id},
	};
	line->scope.fields = line->fields;
	line->scope.peer =
	    IN6_IS_ADDR_UNSPECIFIED(&peer->sin6_addr) ? "unix" : peer_text(peer, line->peer);
	client_line_add(line, "rcstreamd.transport", kind->transport);
}

static struct log_field *add(struct client_line *line, const char *name)
{
	require(line->count < CLIENT_LINE_FIELDS);
	line->fields[line->count].name = name;
	return &line->fields[line->count++];
}

void client_line_add(struct client_line *line, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0') {
		add(line, name)->text = text;
	}
}

void client_line_add_number(struct client_line *line, const char *name, uint64_t number)
{
	add(line, name)->number = number;
}

void client_line_write(struct client_line *line, enum client_event event, const char *format, ...)
{
	char id[64], text[LOG_LINE_MAX / 2];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	(void)snprintf(id, sizeof(id), "%s.%s", line->scope.name, client_log_event_name(event));
	log_info(&line->scope, id, "%s", text);
}

void client_line_write_end(struct client_line *line, const struct client_totals *totals)
{
	const char *reason = close_reason_row(totals->reason)->label;
	bool has_name = totals->name != NULL && totals->name[0] != '\0';
	char unsent[64] = "";

	if (totals->unsent_bytes > 0) {
		(void)snprintf(unsent, sizeof(unsent), ", %llu more were waiting",
		               (unsigned long long)totals->unsent_bytes);
	}
	client_line_add(line, "event.reason", reason);
	client_line_add_number(line, "event.duration", totals->lasted_ms * NS_PER_MS);
	client_line_add_number(line, "destination.bytes", totals->sent_bytes);
	client_line_add_number(line, "rcstreamd.deliveries", totals->deliveries);
	client_line_add_number(line, "rcstreamd.unsent_bytes", totals->unsent_bytes);
	client_line_write(line, CLIENT_DISCONNECTED,
	                  "%s%s%s after %.1f s: %llu changes, %llu bytes%s",
	                  has_name ? totals->name : "", has_name ? ", " : "", reason,
	                  (double)totals->lasted_ms / 1000, (unsigned long long)totals->deliveries,
	                  (unsigned long long)totals->sent_bytes, unsent);
}
