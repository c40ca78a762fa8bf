/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket.IO 0.9 over WebSocket: the handshake, the upgrade on the same connection, the
 * namespace /rc, a subscription with an acknowledgement asked for, then an event
 * in a text frame for each change.
 */
#include <stdlib.h>
#include <string.h>

#include "test/bench/load_protocol.h"

enum step {
	STEP_HANDSHAKE,
	STEP_UPGRADE,
	STEP_FRAMES,
};

#define TEXT_MAX 125 /* the longest payload whose length fits the first two bytes */

static bool starts_with(const char *bytes, size_t length, const char *word)
{
	return length >= strlen(word) && memcmp(bytes, word, strlen(word)) == 0;
}

static void open_session(struct load_session *session)
{
	session->step = STEP_HANDSHAKE;
	buffer_append_text(&session->replies,
	                   "GET /socket.io/1/ HTTP/1.1\r\nHost: " LOAD_WIKI "\r\n\r\n");
}

/* Masked with zeros, which a server cannot tell from a key drawn by lot. */
static void say(struct load_session *session, const char *packet)
{
	buffer_append_byte(&session->replies, (char)0x81);
	buffer_append_byte(&session->replies, (char)(0x80 | strlen(packet)));
	buffer_append(&session->replies, "\0\0\0\0", 4);
	buffer_append_text(&session->replies, packet);
}

static void take_packet(struct load_session *session, const char *packet, size_t length,
                        size_t frame)
{
	static const char subscribe[] =
	    "5:1+:/rc:{\"name\":\"subscribe\",\"args\":[\"" LOAD_WIKI "\"]}";
	uint32_t serial;

	_Static_assert(sizeof(subscribe) - 1 <= TEXT_MAX, "say() writes short frames");
	if (starts_with(packet, length, "5::/rc:")) {
		if (load_serial(packet, length, &serial)) {
			session->on_change(session, serial, frame);
		}
	} else if (starts_with(packet, length, "1::") && length == 3) {
		say(session, "1::/rc");
		say(session, subscribe);
	} else if (starts_with(packet, length, "6::/rc:1+")) {
		session->is_ready = true;
	} else if (starts_with(packet, length, "2::")) {
		say(session, "2::");
	} else if (starts_with(packet, length, "7:") || starts_with(packet, length, "0::")) {
		session->has_failed = true;
	}
}

/* RFC 6455, 5.2; a server's frames are not masked.  0: not whole yet. */
static size_t take_frame(struct load_session *session, const char *bytes, size_t length)
{
	const unsigned char *head = (const unsigned char *)bytes;
	size_t header = 2, payload;

	if (length < 4) { /* no frame that matters is shorter, and 4 bytes tell its length */
		return 0;
	}
	payload = head[1];
	if (payload == 126) {
		header = 4;
		payload = (size_t)head[2] << 8 | head[3];
	}
	if (head[0] == 0x88 || payload == 127 || (head[1] & 0x80) != 0) {
		session->has_failed = true;
		return length;
	}
	if (length < header + payload) {
		return 0;
	}
	if (head[0] == 0x81) {
		take_packet(session, bytes + header, payload, header + payload);
	}
	return header + payload;
}

static void take_answer(struct load_session *session, const char *answer, const char *body)
{
	const char *sid_end = strchr(body, ':');

	if (session->step == STEP_UPGRADE && strstr(answer, " 101 ") != NULL) {
		session->step = STEP_FRAMES;
	} else if (session->step == STEP_HANDSHAKE && strstr(answer, " 200 ") != NULL &&
	           sid_end != NULL) {
		session->step = STEP_UPGRADE;
		buffer_printf(&session->replies,
		              "GET /socket.io/1/websocket/%.*s HTTP/1.1\r\nHost: " LOAD_WIKI "\r\n"
		              "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		              "Sec-WebSocket-Version: 13\r\n"
		              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		              (int)(sid_end - body), body);
	} else {
		session->has_failed = true;
	}
}

/* An answer with its body.  0: not whole yet. */
static size_t take_http(struct load_session *session, const char *bytes, size_t length)
{
	const char *end = memmem(bytes, length, "\r\n\r\n", 4);
	size_t head = end != NULL ? (size_t)(end + 4 - bytes) : 0;
	char answer[4096], *field;
	size_t body;

	if (head == 0) {
		return 0;
	}
	if (head >= sizeof(answer)) {
		session->has_failed = true;
		return length;
	}
	memcpy(answer, bytes, head);
	answer[head] = '\0';
	field = strcasestr(answer, "\ncontent-length:");
	body = field != NULL ? strtoul(strchr(field, ':') + 1, NULL, 10) : 0;
	if (body >= sizeof(answer) - head) {
		session->has_failed = true;
		return length;
	}
	if (length < head + body) {
		return 0;
	}
	memcpy(answer + head, bytes + head, body);
	answer[head + body] = '\0';
	take_answer(session, answer, answer + head);
	return head + body;
}

static size_t take(struct load_session *session, const char *bytes, size_t length)
{
	size_t taken = 0, step;

	do {
		if (session->step == STEP_FRAMES) {
			step = take_frame(session, bytes + taken, length - taken);
		} else {
			step = take_http(session, bytes + taken, length - taken);
		}
		taken += step;
	} while (step > 0 && !session->has_failed);
	return taken;
}

/* As MediaWiki's JSON feed writes an edit of ordinary size. */
static void write_change(uint32_t serial, struct buffer *out)
{
	buffer_append_text(out,
	                   "{\"id\":1234567890,\"type\":\"edit\",\"namespace\":0,\"title\":\"");
	load_title(serial, out);
	buffer_append_text(
	    out,
	    "\",\"title_url\":\"https://" LOAD_WIKI "/wiki/Serial\","
	    "\"comment\":\"/* History */ the date of the second edition, as the publisher "
	    "gives it, and the name of the translator\","
	    "\"timestamp\":1700000000,\"user\":\"Example user\",\"bot\":true,"
	    "\"notify_url\":\"https://" LOAD_WIKI "/w/index.php?diff=1234567890&oldid=1234567889\","
	    "\"minor\":true,\"patrolled\":true,\"length\":{\"old\":12345,\"new\":13579},"
	    "\"revision\":{\"old\":1234567889,\"new\":1234567890},"
	    "\"server_url\":\"https://" LOAD_WIKI "\",\"server_name\":\"" LOAD_WIKI "\","
	    "\"server_script_path\":\"/w\",\"wiki\":\"benchwiki\","
	    "\"parsedcomment\":\"<span class=\\\"autocomment\\\"><a "
	    "href=\\\"/wiki/Serial#History\\\" title=\\\"Serial\\\">History</a>: </span> the "
	    "date of the second edition, as the publisher gives it, and the name of the "
	    "translator\"}");
}

const struct load_protocol load_socketio = {
    .name = "socketio",
    .open = open_session,
    .take = take,
    .write_change = write_change,
};
