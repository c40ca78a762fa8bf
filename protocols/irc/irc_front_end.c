/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc.h"
#include "protocols/irc/irc_server.h"
#include "protocols/irc/irc_stream.h"

static const struct conf_addresses *addresses(const struct conf *conf)
{
	return conf->irc.present ? &conf->irc.listen : NULL;
}

static const struct conf_networks *proxies(const struct conf *conf)
{
	return &conf->irc.proxy_protocol;
}

static void *start(const struct front_end_env *env)
{
	return irc_server_create(env);
}

static void on_conf(void *state)
{
	irc_server_change(state);
}

static void on_connection(void *state, struct connection *connection)
{
	irc_stream_open(state, connection);
}

/* They hear it before a nick is known. */
static const char *refusal(void *state, enum close_reason reason)
{
	static const char *const lines[] = {
#define CLOSE_REASON(id, label, is_told, websocket_code, text) \
	[CLOSE_##id] = "ERROR :Closing Link: (" text ")\r\n",
#include "server/net/close_reasons.def"
#undef CLOSE_REASON
	};

	(void)state;
	return lines[reason];
}

static void destroy(void *state)
{
	irc_server_destroy(state);
}

const struct front_end irc_front_end = {
    .name = "irc",
    .addresses = addresses,
    .proxies = proxies,
    .start = start,
    .on_conf = on_conf,
    .on_connection = on_connection,
    .refusal = refusal,
    .destroy = destroy,
};
