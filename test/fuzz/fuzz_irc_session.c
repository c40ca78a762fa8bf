/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/irc: all that a client may say to a server that has channels and changes. */
#include <errno.h>
#include <netinet/tcp.h>

#include "protocols/irc/irc_message.h"
#include "test/fuzz/fuzz.h"
#include "test/protocols/irc/harness.h"

/* Leaves the lines without their tags, which tell one run of the server from another. */
static void note_line(struct text line, struct buffer *out)
{
	struct text rest = line;

	fuzz_require_one_line(line);
	if (line.length > 0 && line.bytes[0] == '@') {
		const char *space = memchr(line.bytes, ' ', line.length);

		require(space != NULL && space - line.bytes < IRC_TAGS_MAX);
		rest.bytes = space + 1;
		rest.length = line.length - (size_t)(rest.bytes - line.bytes);
	}
	require(rest.length > 0 && rest.length <= IRC_TEXT_MAX);
	require(rest.bytes[0] != ' ' && rest.bytes[0] != '@');
	buffer_append(out, rest.bytes, rest.length);
	buffer_append_byte(out, '\n');
}

/* Whole lines, each one that a client may be sent. */
static void note_lines(const struct buffer *received, struct buffer *out)
{
	size_t at = 0;

	while (at < received->length) {
		const char *start = received->bytes + at;
		const char *end = memmem(start, received->length - at, "\r\n", 2);

		require(end != NULL);
		note_line((struct text){start, (size_t)(end - start)}, out);
		at += (size_t)(end - start) + 2;
	}
}

/* Reads what is there.  False at the end of the connection. */
static bool read_on(struct harness *harness, int client, struct buffer *received)
{
	ssize_t got;

	turn(harness);
	do {
		got = recv(client, buffer_reserve(received, 65536), 65536, 0);
		received->length += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	return got < 0;
}

static bool ends_in(const struct buffer *received, const char *text)
{
	size_t length = strlen(text);

	return received->length >= length &&
	       memcmp(received->bytes + received->length - length, text, length) == 0;
}

/* Reads on to this end, or to the end of the connection. */
static void read_to(struct harness *harness, int client, const char *end, struct buffer *received)
{
	while (read_on(harness, client, received) && !ends_in(received, end)) {
		struct pollfd waiting = {.fd = client, .events = POLLIN};

		(void)poll(&waiting, 1, 1);
	}
}

/* Sends all, for as long as the server takes it. */
static void talk(struct harness *harness, int client, struct text text, struct fuzz_cuts *cuts,
                 struct buffer *received)
{
	while (text.length > 0) {
		size_t cut = fuzz_cuts_next(cuts, text.length);
		ssize_t sent = send(client, text.bytes, cut, MSG_NOSIGNAL);

		if (!read_on(harness, client, received) || (sent < 0 && errno != EAGAIN)) {
			return;
		}
		text.bytes += sent > 0 ? sent : 0;
		text.length -= sent > 0 ? (size_t)sent : 0;
	}
}

/* Sends a PING and reads on to what answers it. */
static void catch_up(struct harness *harness, int client, struct buffer *received)
{
	static const char ping[] = "\r\nPING :that was all\r\n";

	(void)send(client, ping, sizeof(ping) - 1, MSG_NOSIGNAL);
	read_to(harness, client, " :that was all\r\n", received);
}

static int open_client(struct harness *harness)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	int client = client_open(harness);
	int on = 1;

	/* Else the second of two pieces waits until the first is acknowledged, 40 ms later. */
	require(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
	/* Else its port is kept for a minute, and soon there are no more. */
	require(setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0);
	return client;
}

/* Talks, then stays for a change. */
static void run_client(struct harness *harness, struct text text, struct fuzz_cuts *cuts,
                       struct buffer *received)
{
	static const struct text hello = {"NICK reader\r\nUSER me 0 * :r\r\n", 29};
	int client = open_client(harness);

	talk(harness, client, hello, NULL, received);
	read_to(harness, client, " 221 reader +i\r\n", received);
	talk(harness, client, text, cuts, received);
	catch_up(harness, client, received);
	publish(harness, "#en.wikipedia", "\00314[[\00307T\00314]]\0034 \00310 \00302\003 ");
	catch_up(harness, client, received);
	(void)close(client);
}

static void run_session(const uint8_t *data, size_t size, struct fuzz_cuts *cuts,
                        struct buffer *out)
{
	struct harness *harness = harness_create();
	struct buffer received = {0};

	harness_start(harness);
	publish(harness, "#en.wikipedia", "the change that makes the channel");
	publish(harness, "#De.Wikipedia", "another");
	run_client(harness, (struct text){(const char *)data, size}, cuts, &received);
	note_lines(&received, out);
	buffer_finish(&received);
	harness_destroy(harness);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer whole = {0};
	struct buffer pieces = {0};
	struct fuzz_cuts cuts;

	fuzz_cuts_init(&cuts, data, size);
	run_session(data, size, NULL, &whole);
	run_session(data, size, &cuts, &pieces);
	fuzz_require_same(&whole, &pieces);
	buffer_finish(&whole);
	buffer_finish(&pieces);
	return 0;
}
