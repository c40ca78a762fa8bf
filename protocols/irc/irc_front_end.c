/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "protocols/irc/irc.h"
#include "protocols/irc/irc_server.h"
#include "protocols/irc/irc_stream.h"

static const struct conf_addresses *addresses(const struct conf *conf)
{
	return conf->irc.present ? &conf->irc.listen : NULL;
}

static const struct conf_addresses *tls_addresses(const struct conf *conf)
{
	return &conf->irc.listen_tls;
}

static const struct conf_networks *proxies(const struct conf *conf)
{
	return &conf->irc.proxy_protocol;
}

static struct front_end_door door(const struct conf *conf)
{
	return (struct front_end_door){
	    .allow = &conf->irc.allow,
	    .rate = conf->irc.connection_rate,
	    .burst = conf->irc.connection_burst,
	};
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
	struct irc_server *server = state;
	const struct refusals_figures figures = {
	    .per_address = server->env->conf->limits.connections_per_address,
	    .rate = server->conf->connection_rate,
	};
	char text[REFUSALS_TEXT_MAX];

	(void)snprintf(server->refusal, sizeof(server->refusal), "ERROR :Closing Link: (%s)\r\n",
	               refusals_text(reason, &figures, text));
	return server->refusal;
}

static void destroy(void *state)
{
	irc_server_destroy(state);
}

const struct front_end irc_front_end = {
    .name = "irc",
    .addresses = addresses,
    .tls_addresses = tls_addresses,
    .alpn = "irc",
    .proxies = proxies,
    .door = door,
    .start = start,
    .on_conf = on_conf,
    .on_connection = on_connection,
    .refusal = refusal,
    .destroy = destroy,
};
