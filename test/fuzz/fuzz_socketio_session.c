/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/socketio: all that a client may say in a session, a packet a line, while changes come.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "server/base/utf8.h"
#include "test/fuzz/fuzz.h"
#include "test/protocols/socketio/fake_transport.h"

#define CHANGES       3
#define CHANGE_PREFIX "5::/rc:{\"args\":[{\"id\":"

/* --- what is sent ---------------------------------------------------------- */

/* An event has a name and arguments; an ack has its answer, if any, in a list. */
static void require_data(const struct socketio_packet *packet)
{
	struct text data = packet->data;
	const char *plus = data.bytes != NULL ? memchr(data.bytes, '+', data.length) : NULL;
	json_t *json;

	if (packet->type == SOCKETIO_ACK && plus != NULL) {
		data.length -= (size_t)(plus + 1 - data.bytes);
		data.bytes = plus + 1;
	} else if (packet->type != SOCKETIO_EVENT) {
		return;
	}
	json = json_loadb(data.bytes, data.length, JSON_ALLOW_NUL, NULL);
	if (packet->type == SOCKETIO_EVENT) {
		require(json_is_string(json_object_get(json, "name")));
		require(json_is_array(json_object_get(json, "args")));
	} else {
		require(json_array_size(json) == 1);
	}
	json_decref(json);
}

static bool is_allowed(enum socketio_type type)
{
	return type == SOCKETIO_CONNECT || type == SOCKETIO_EVENT || type == SOCKETIO_ACK;
}

/* Takes out what was sent: whole packets of the kinds that a client knows. */
static size_t take_sent(struct stage *stage)
{
	struct buffer *sent = &stage->fake.sent;
	const char *at = sent->bytes;
	const char *end = sent->bytes + sent->length;
	size_t changes = 0;

	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		struct text line = {at, (size_t)(line_end - at)};
		struct socketio_packet packet;

		fuzz_require_one_line(line);
		require(socketio_packet_read(line, &packet) && is_allowed(packet.type));
		require_data(&packet);
		changes += line.length > strlen(CHANGE_PREFIX) &&
		           memcmp(line.bytes, CHANGE_PREFIX, strlen(CHANGE_PREFIX)) == 0;
		at = line_end + 1;
	}
	buffer_clear(sent);
	return changes;
}

/* --- what is said ---------------------------------------------------------- */

/* Three changes, of kinds that filters tell apart. */
static void publish(struct stage *stage)
{
	static const char *const wikis[] = {"en.wikipedia.org", "de.wiktionary.org", "a.example"};

	for (unsigned i = 0; i < CHANGES; i++) {
		world_publish_parts(&stage->world, &(struct change_parts){
						       .type = (enum change_type)i,
						       .wiki = text_of(wikis[i]),
						       .channel = TEXT("#channel"),
						       .json = TEXT("{\"id\":1}"),
						       .traits = {i > 0, i, CHANGE_NO},
						   });
		world_pass(&stage->world, 1);
	}
}

static void require_within_limits(const struct stage *stage)
{
	const struct socketio_session *session = stage->session;

	require(session->subscriber.subscriptions + socketio_following_count(session) <=
	        stage->world.conf.socketio.max_subscriptions);
}

/* False at the session's end. */
static bool say(struct stage *stage, struct text packet)
{
	if (!utf8_is_valid(packet.bytes, packet.length)) {
		return true; /* refused before it comes here */
	}
	socketio_session_take(stage->session, packet);
	return !stage->session->is_ended;
}

/* Live, each change comes once at most, however many subscriptions ask for it. */
static void hear(struct stage *stage, bool may_replay)
{
	size_t changes;

	(void)take_sent(stage);
	publish(stage);
	changes = take_sent(stage);
	require(may_replay || changes <= CHANGES);
}

static void say_all(struct stage *stage, struct text rest)
{
	bool may_replay = memmem(rest.bytes, rest.length, "since", 5) != NULL ||
	                  memchr(rest.bytes, '\\', rest.length) != NULL;
	bool is_open = true;

	while (is_open && rest.length > 0) {
		const char *end = memchr(rest.bytes, '\n', rest.length);
		size_t length = end != NULL ? (size_t)(end - rest.bytes) : rest.length;
		size_t taken = end != NULL ? length + 1 : length;

		is_open = say(stage, (struct text){rest.bytes, length});
		if (is_open) {
			require_within_limits(stage);
			hear(stage, may_replay);
		}
		rest.bytes += taken;
		rest.length -= taken;
	}
	(void)take_sent(stage);
	if (is_open) {
		/* Out of the namespace nothing comes any more. */
		socketio_session_take(stage->session, text_of("0::/rc"));
		publish(stage);
		world_pass(&stage->world, 1000);
		require(stage->fake.sent.length == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stage stage;
	char *copy = fuzz_copy(data, size);

	stage_init(&stage);
	say_all(&stage, (struct text){copy, size});
	stage_finish(&stage);
	free(copy);
	return 0;
}
