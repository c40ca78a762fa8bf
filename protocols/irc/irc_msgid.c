/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_msgid.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/irc/irc_server.h"

static uint64_t run_of(const struct irc_server *server)
{
	return server->env->status->started_ms;
}

void irc_msgid_append(struct buffer *out, const struct irc_server *server, uint64_t change_id)
{
	buffer_printf(out, "%" PRIx64 "-%" PRIu64, run_of(server), change_id);
}

/* strtoull() alone would take signs, white space and leading zeros too. */
static bool parse_id(const char *digits, uint64_t *id)
{
	size_t length = strspn(digits, "0123456789");

	if (length == 0 || digits[length] != '\0' || digits[0] == '0') {
		return false;
	}
	errno = 0;
	*id = strtoull(digits, NULL, 10);
	return errno == 0;
}

bool irc_msgid_parse(const struct irc_server *server, const char *msgid, uint64_t *change_id)
{
	char run[IRC_MSGID_MAX];
	size_t length = (size_t)snprintf(run, sizeof(run), "%" PRIx64 "-", run_of(server));

	return strncmp(msgid, run, length) == 0 && parse_id(msgid + length, change_id);
}
