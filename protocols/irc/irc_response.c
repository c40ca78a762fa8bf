/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_response.h"

#include <inttypes.h>
#include <string.h>

#include "protocols/irc/irc_session.h"
#include "protocols/irc/irc_tags.h"
#include "server/base/utf8.h"

#define CAPABILITIES (IRC_CAP_LABELED_RESPONSE | IRC_CAP_BATCH) /* the one needs the other */

static const struct text no_tags;

static struct irc_response *response_of(const struct irc_session *session)
{
	return &session->server->response;
}

static struct buffer *replies_of(const struct irc_session *session)
{
	return &session->server->replies;
}

/* --- tags ----------------------------------------------------------------- */

/* What comes before the next tag of those that begin at `start`. */
static char mark(const struct buffer *out, size_t start)
{
	return out->length > start ? ';' : '@';
}

void irc_response_tags(struct buffer *out, const struct irc_session *session, const char *label,
                       uint64_t batch, struct text client)
{
	size_t start = out->length;
	char time[IRC_TIME_MAX];

	if (label != NULL) {
		buffer_printf(out, "%clabel=%s", mark(out, start), label);
	}
	if (batch != 0) {
		buffer_printf(out, "%cbatch=%" PRIu64, mark(out, start), batch);
	}
	if ((session->capabilities & IRC_CAP_SERVER_TIME) != 0) {
		buffer_printf(out, "%ctime=%s", mark(out, start),
		              irc_tags_time(time, session->connection->net->clock.wall_ms));
	}
	if (client.length > 0) {
		buffer_append_byte(out, mark(out, start));
		buffer_append(out, client.bytes, client.length);
	}
	if (out->length > start) {
		buffer_append_byte(out, ' ');
	}
}

static void insert(struct buffer *into, size_t at, const struct buffer *bytes)
{
	(void)buffer_reserve(into, bytes->length);
	memmove(into->bytes + at + bytes->length, into->bytes + at, into->length - at);
	memcpy(into->bytes + at, bytes->bytes, bytes->length);
	into->length += bytes->length;
}

/* Give the first line, which is in the buffer, a tag before those that it has. */
static void tag_first(struct irc_session *session, const char *key, const char *value)
{
	struct buffer *replies = replies_of(session);
	size_t first = response_of(session)->first;
	bool has_tags = replies->bytes[first] == '@';
	struct buffer tag = {0};

	buffer_printf(&tag, "%s%s=%s%s", has_tags ? "" : "@", key, value, has_tags ? ";" : " ");
	insert(replies, has_tags ? first + 1 : first, &tag);
	buffer_finish(&tag);
}

/* --- the batch ------------------------------------------------------------ */

static void write_batch(const struct irc_session *session, struct buffer *out, const char *label)
{
	irc_response_tags(out, session, label, 0, no_tags);
	buffer_printf(out, ":%s BATCH %c%" PRIu64 "%s\r\n", session->server->conf->server_name,
	              label != NULL ? '+' : '-', response_of(session)->batch,
	              label != NULL ? " labeled-response" : "");
}

/* Begin it before the first line, if there is one yet. */
static void open_batch(struct irc_session *session)
{
	struct irc_response *response = response_of(session);
	struct buffer begin = {0};
	char reference[IRC_NUMBER_MAX];

	response->batch = ++session->batches;
	write_batch(session, &begin, response->label);
	if (response->state == IRC_RESPONSE_ONE_LINE) {
		tag_first(session, "batch", irc_number(reference, response->batch));
		insert(replies_of(session), response->first, &begin);
	} else {
		buffer_append(replies_of(session), begin.bytes, begin.length);
	}
	buffer_finish(&begin);
	response->state = IRC_RESPONSE_BATCH;
}

/* --- the response --------------------------------------------------------- */

/* It is sent back as it came: a byte that cannot stand in a line makes it none. */
static bool label_is_valid(struct text label)
{
	return label.length > 0 && label.length <= IRC_LABEL_MAX &&
	       memchr(label.bytes, '\0', label.length) == NULL &&
	       utf8_is_valid(label.bytes, label.length);
}

void irc_response_begin(struct irc_session *session, struct text tags)
{
	struct irc_response *response = response_of(session);
	struct text label = irc_tags_find(tags, "label");

	*response = (struct irc_response){.state = IRC_RESPONSE_NONE};
	if ((session->capabilities & CAPABILITIES) != CAPABILITIES || !label_is_valid(label)) {
		return;
	}
	memcpy(response->label, label.bytes, label.length);
	response->batch = session->response_batch;
	response->state = response->batch != 0 ? IRC_RESPONSE_BATCH : IRC_RESPONSE_EMPTY;
}

uint64_t irc_response_line(struct irc_session *session)
{
	struct irc_response *response = response_of(session);

	if (response->state == IRC_RESPONSE_EMPTY) {
		response->state = IRC_RESPONSE_ONE_LINE;
		response->first = replies_of(session)->length;
	} else if (response->state == IRC_RESPONSE_ONE_LINE) {
		open_batch(session);
	}
	return response->state == IRC_RESPONSE_BATCH ? response->batch : 0;
}

void irc_response_settle(struct irc_session *session)
{
	if (response_of(session)->state == IRC_RESPONSE_ONE_LINE) {
		open_batch(session);
	}
}

void irc_response_pause(struct irc_session *session)
{
	struct irc_response *response = response_of(session);

	if (response->state == IRC_RESPONSE_NONE) {
		return;
	}
	if (response->state != IRC_RESPONSE_BATCH) {
		open_batch(session);
	}
	session->response_batch = response->batch;
	response->state = IRC_RESPONSE_NONE;
}

void irc_response_end(struct irc_session *session)
{
	struct irc_response *response = response_of(session);
	struct buffer *replies = replies_of(session);

	switch (response->state) {
	case IRC_RESPONSE_EMPTY:
		irc_response_tags(replies, session, response->label, 0, no_tags);
		buffer_printf(replies, ":%s ACK\r\n", session->server->conf->server_name);
		break;
	case IRC_RESPONSE_ONE_LINE:
		tag_first(session, "label", response->label);
		break;
	case IRC_RESPONSE_BATCH:
		write_batch(session, replies, NULL);
		break;
	default:
		break;
	}
	session->response_batch = 0;
	response->state = IRC_RESPONSE_NONE;
}
