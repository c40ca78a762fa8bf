/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_batch.h"

#include "protocols/irc/irc_reply.h"
#include "server/base/memory.h"

void irc_batch_begin(struct irc_session *session, const char *type, const char *parameter,
                     char reference[IRC_BATCH_REFERENCE_MAX])
{
	require((session->capabilities & IRC_CAP_BATCH) != 0);
	(void)irc_number(reference, ++session->batches);
	irc_reply_line(session, ":%s BATCH +%s %s%s%s", session->server->conf->server_name,
	               reference, type, parameter != NULL ? " " : "",
	               parameter != NULL ? parameter : "");
}

void irc_batch_end(struct irc_session *session, const char *reference)
{
	irc_reply_line(session, ":%s BATCH -%s", session->server->conf->server_name, reference);
}
