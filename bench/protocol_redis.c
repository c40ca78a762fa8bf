/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis' publish and subscribe (RESP 2), to have redis-server beside rcstreamd: SUBSCRIBE,
 * its confirmation, then a push of three strings for each change.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/protocol.h"

#define LINE_MAX_LENGTH 64
#define ELEMENTS        3 /* kind, channel, and the payload or a number */

static void open_session(struct protocol_session *session)
{
	const char *channel = session->subject->channel;

	buffer_printf(&session->replies, "*2\r\n$9\r\nSUBSCRIBE\r\n$%zu\r\n%s\r\n", strlen(channel),
	              channel);
}

/* The number of a line such as "$12": what is behind it returns, NULL when it is not whole. */
static const char *read_line(const char *bytes, const char *end, char *type, size_t *number)
{
	const char *line_end = bytes < end ? memchr(bytes, '\n', (size_t)(end - bytes)) : NULL;
	char line[LINE_MAX_LENGTH] = "";
	size_t length = line_end != NULL ? (size_t)(line_end - bytes) : 0;

	if (line_end == NULL) {
		return NULL;
	}
	memcpy(line, bytes, length < sizeof(line) ? length : sizeof(line) - 1);
	*type = line[0];
	*number = strtoul(line + 1, NULL, 10);
	return line_end + 1;
}

/* One string of a push, or the number at its end; NULL when it is not whole. */
static const char *read_element(const char *bytes, const char *end, const char **text,
                                size_t *text_length)
{
	char type = '\0';
	size_t number = 0;
	const char *behind = read_line(bytes, end, &type, &number);

	if (behind == NULL || type != '$') {
		return behind;
	}
	if ((size_t)(end - behind) < 2 || (size_t)(end - behind) - 2 < number) {
		return NULL;
	}
	*text = behind;
	*text_length = number;
	return behind + number + 2;
}

static size_t take_push(struct protocol_session *session, const char *bytes, size_t length)
{
	const char *end = bytes + length, *texts[ELEMENTS] = {"", "", ""};
	size_t lengths[ELEMENTS] = {0}, count = 0;
	char type = '\0';
	const char *position = read_line(bytes, end, &type, &count);
	uint32_t serial;

	if (position == NULL) {
		return 0;
	}
	if (type != '*' || count != ELEMENTS) {
		session->failure = "the server does not push";
		return length;
	}
	for (size_t i = 0; i < ELEMENTS && position != NULL; i++) {
		position = read_element(position, end, &texts[i], &lengths[i]);
	}
	if (position == NULL) {
		return 0;
	}
	if (protocol_starts_with(texts[0], lengths[0], "subscribe")) {
		session->is_ready = true;
	} else if (protocol_serial(session->subject, texts[2], lengths[2], &serial)) {
		session->on_change(session, serial, (size_t)(position - bytes));
	}
	return (size_t)(position - bytes);
}

static size_t take(struct protocol_session *session, const char *bytes, size_t length)
{
	size_t taken = 0, step;

	do {
		step = take_push(session, bytes + taken, length - taken);
		taken += step;
	} while (step > 0 && taken < length && session->failure == NULL);
	return taken;
}

const struct protocol protocol_redis = {
    .name = "redis",
    .port = 6379,
    .open = open_session,
    .take = take,
};
