/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/protocol.h"

#include <string.h>

#define MARK   "Serial " /* before the run's number, a full stop, and the serial */
#define DIGITS 10

static const struct protocol *const protocols[] = {
    &protocol_irc, &protocol_websocket, &protocol_polling, &protocol_sse, &protocol_redis,
};

const struct protocol *protocol_find(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		const char *candidate = protocols[i]->name;

		if (strlen(candidate) == length && memcmp(candidate, name, length) == 0) {
			return protocols[i];
		}
	}
	return NULL;
}

void protocol_session_finish(struct protocol_session *session)
{
	buffer_finish(&session->replies);
	buffer_finish(&session->text);
}

bool protocol_starts_with(const char *bytes, size_t length, const char *word)
{
	size_t word_length = strlen(word);

	return length >= word_length && memcmp(bytes, word, word_length) == 0;
}

void protocol_title(const struct subject *subject, uint32_t serial, struct buffer *out)
{
	if (serial == PROTOCOL_UNMARKED) {
		buffer_append_text(out, "Unmarked change");
	} else {
		buffer_printf(out, MARK "%s.%0*u", subject->run, DIGITS, serial);
	}
}

static bool read_digits(const char *digits, uint32_t *serial)
{
	*serial = 0;
	for (size_t i = 0; i < DIGITS; i++) {
		if (digits[i] < '0' || digits[i] > '9') {
			return false;
		}
		*serial = *serial * 10 + (uint32_t)(digits[i] - '0');
	}
	return true;
}

bool protocol_serial(const struct subject *subject, const char *bytes, size_t length,
                     uint32_t *serial)
{
	const size_t title = strlen(MARK) + PROTOCOL_RUN + 1 + DIGITS;
	const char *mark = memmem(bytes, length, MARK, strlen(MARK));
	const char *run;

	if (mark == NULL || (size_t)(bytes + length - mark) < title) {
		return false;
	}
	run = mark + strlen(MARK);
	return memcmp(run, subject->run, PROTOCOL_RUN) == 0 && run[PROTOCOL_RUN] == '.' &&
	       read_digits(run + PROTOCOL_RUN + 1, serial);
}
