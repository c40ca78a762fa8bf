/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/injection.h"

#include <inttypes.h>
#include <string.h>

/* --- changes ------------------------------------------------------------ */

/* As MediaWiki's UDP feed writes an edit. */
static void write_line(const struct subject *subject, uint32_t serial, struct buffer *out)
{
	uint64_t id = subject->first_id + serial;

	buffer_append_text(out, "\00314[[\00307");
	protocol_title(subject, serial, out);
	buffer_printf(out,
	              "\00314]]\0034 MB\00310 "
	              "\00302https://%s/w/index.php?diff=%" PRIu64 "&oldid=%" PRIu64 "\003 "
	              "\0035*\003 \00303Example user\003 \0035*\003 (+1234) "
	              "\00310/* History */ the date of the second edition, as the publisher "
	              "gives it\003",
	              subject->wiki, id, id - 1);
}

/* As MediaWiki's JSON feed writes an edit. */
static void write_json(const struct subject *subject, uint32_t serial, struct buffer *out)
{
	const char *wiki = subject->wiki;
	uint64_t id = subject->first_id + serial;

	buffer_printf(out, "{\"id\":%" PRIu64 ",\"type\":\"edit\",\"namespace\":0,\"title\":\"",
	              id);
	protocol_title(subject, serial, out);
	buffer_printf(
	    out,
	    "\",\"title_url\":\"https://%s/wiki/Serial\","
	    "\"comment\":\"/* History */ the date of the second edition, as the publisher "
	    "gives it, and the name of the translator\","
	    "\"timestamp\":1700000000,\"user\":\"Example user\",\"bot\":true,"
	    "\"notify_url\":\"https://%s/w/index.php?diff=%" PRIu64 "&oldid=%" PRIu64 "\","
	    "\"minor\":true,\"patrolled\":true,\"length\":{\"old\":12345,\"new\":13579},"
	    "\"revision\":{\"old\":%" PRIu64 ",\"new\":%" PRIu64 "},"
	    "\"server_url\":\"https://%s\",\"server_name\":\"%s\","
	    "\"server_script_path\":\"/w\",\"wiki\":\"benchwiki\","
	    "\"parsedcomment\":\"<span class=\\\"autocomment\\\"><a "
	    "href=\\\"/wiki/Serial#History\\\" title=\\\"Serial\\\">History</a>: </span> the "
	    "date of the second edition, as the publisher gives it, and the name of the "
	    "translator\"}",
	    wiki, wiki, id, id - 1, id - 1, id, wiki, wiki);
}

/* --- what is around them -------------------------------------------------- */

static void write_rc2udp(const struct subject *subject, uint32_t serial, struct buffer *out)
{
	buffer_printf(out, "%s\t", subject->channel);
	write_line(subject, serial, out);
	buffer_append_byte(out, '\n');
}

static void write_irc(const struct subject *subject, uint32_t serial, struct buffer *out)
{
	buffer_printf(out, "PRIVMSG %s :", subject->channel);
	write_line(subject, serial, out);
	buffer_append_text(out, "\r\n");
}

static void write_post(const struct subject *subject, uint32_t serial, struct buffer *out)
{
	struct buffer json = {0};

	write_json(subject, serial, &json);
	buffer_printf(out, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n\r\n",
	              subject->post_path, subject->host, json.length);
	buffer_append(out, json.bytes, json.length);
	buffer_finish(&json);
}

static void write_redis(const struct subject *subject, uint32_t serial, struct buffer *out)
{
	struct buffer json = {0};

	write_json(subject, serial, &json);
	buffer_printf(out, "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s\r\n$%zu\r\n",
	              strlen(subject->channel), subject->channel, json.length);
	buffer_append(out, json.bytes, json.length);
	buffer_append_text(out, "\r\n");
	buffer_finish(&json);
}

/* --- connections that only speak ---------------------------------------------- */

static void open_speaker(struct protocol_session *session)
{
	session->is_ready = true;
}

/* That a change did not get in is seen where it does not come out. */
static size_t take_replies(struct protocol_session *session, const char *bytes, size_t length)
{
	(void)session;
	(void)bytes;
	return length;
}

static const struct protocol speaker = {
    .name = "injection",
    .open = open_speaker,
    .take = take_replies,
};

static const struct injection injections[] = {
    {"rcfeed-udp", 9391, NULL, write_json},  {"rc2udp", 9390, NULL, write_rc2udp},
    {"irc", 6667, &protocol_irc, write_irc}, {"post", 8080, &speaker, write_post},
    {"redis", 6379, &speaker, write_redis},
};

const struct injection *injection_find(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(injections) / sizeof(injections[0]); i++) {
		if (strlen(injections[i].name) == length &&
		    memcmp(injections[i].name, name, length) == 0) {
			return &injections[i];
		}
	}
	return NULL;
}
