/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/client.h"

#include "server/base/memory.h"
#include "server/net/connection.h"

static metric *gauge_of(const struct net *net, const struct client *client)
{
	return &net->metrics->clients[client->kind];
}

uint64_t client_new_id(struct net *net)
{
	uint64_t id = net->next_id;

	net->next_id += net->id_step;
	return id;
}

void client_enter(struct net *net, struct client *client, enum client_kind kind)
{
	require(client->ops != NULL);
	if (client->id == 0) {
		client->id = client_new_id(net);
	}
	client->kind = kind;
	client->since_ms = net->clock.wall_ms;
	client->is_in = true;
	clients_add(&net->clients, client);
	metric_add(gauge_of(net, client), 1);
}

void client_turn(struct net *net, struct client *client, enum client_kind kind)
{
	metric_subtract(gauge_of(net, client), 1);
	client->kind = kind;
	metric_add(gauge_of(net, client), 1);
}

void client_leave(struct net *net, struct client *client)
{
	if (client->is_in) {
		client->is_in = false;
		clients_remove(&net->clients, client);
		metric_subtract(gauge_of(net, client), 1);
	}
}

void client_info_of_connection(const struct connection *connection, struct client_info *info)
{
	uint64_t now_ms = connection->net->clock.now_ms;

	info->peer = connection->peer;
	info->queued_bytes = connection->outbox.bytes;
	info->sent_bytes = connection->sent_bytes;
	if (info->queued_bytes > 0 && now_ms > connection->progress_ms) {
		info->lag_ms = now_ms - connection->progress_ms;
	}
}

uint64_t client_unsent_bytes(const struct connection *connection)
{
	return connection->outbox.bytes + connection->dropped_bytes;
}

void client_info_agent(struct client_info *info, const char *agent, size_t length)
{
	size_t written = 0;

	while (written < length && written < CLIENT_AGENT_MAX - 1) {
		char byte = agent[written];

		info->agent[written++] = (char)(byte >= ' ' && byte <= '~' ? byte : '?');
	}
	info->agent[written] = '\0';
}
