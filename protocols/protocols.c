/* SPDX-License-Identifier: Apache-2.0 */
/* Every front-end, and every endpoint of the HTTP one: the only place that knows them all. */
#include <stddef.h>

#include "protocols/front_end.h"
#include "protocols/http/http.h"
#include "protocols/http/http_admin.h"
#include "protocols/http/http_clients.h"
#include "protocols/http/http_endpoint.h"
#include "protocols/http/http_health.h"
#include "protocols/http/http_metrics.h"
#include "protocols/http/http_status.h"
#include "protocols/irc/irc.h"
#include "protocols/irc/irc_websocket.h"
#include "protocols/socketio/socketio.h"
#include "protocols/socketio/socketio_library_page.h"

const struct front_end *const front_ends[] = {
    &irc_front_end,
    &http_front_end,
    &http_admin_front_end,
    NULL,
};

const struct http_endpoint http_endpoints[] = {
    {
	.path = SOCKETIO_LIBRARY_PATH, /* before the prefix that it is below */
	.start = socketio_library_page_start,
	.on_request = socketio_library_page_on_request,
	.destroy = socketio_library_page_destroy,
    },
    {
	.path = SOCKETIO_PATH,
	.is_prefix = true,
	.takes_any = true,
	.start = socketio_start,
	.on_request = socketio_on_request,
	.destroy = socketio_destroy,
    },
    {
	.path = IRC_WEBSOCKET_PATH,
	.start = irc_websocket_start,
	.on_request = irc_websocket_on_request,
	.destroy = irc_websocket_destroy,
    },
    {
	.path = "/rcstream_status",
	.start = http_status_start_public,
	.on_request = http_status_on_request,
	.destroy = http_status_destroy,
    },
    {
	.path = "/metrics",
	.start = http_metrics_start_public,
	.on_request = http_metrics_on_request,
	.destroy = http_metrics_destroy,
    },
    {
	.path = "/healthz",
	.start = http_health_start_public,
	.on_request = http_health_on_loops,
	.destroy = http_health_destroy,
    },
    {
	.path = "/healthz/feed",
	.start = http_health_start_public,
	.on_request = http_health_on_feed,
	.destroy = http_health_destroy,
    },
    {
	.path = "/readyz",
	.start = http_health_start_public,
	.on_request = http_health_on_ready,
	.destroy = http_health_destroy,
    },
    {.path = NULL},
};

const struct http_endpoint http_admin_endpoints[] = {
    {
	.path = "/rcstream_status",
	.start = http_status_start,
	.on_request = http_status_on_request,
	.destroy = http_status_destroy,
    },
    {
	.path = "/metrics",
	.start = http_metrics_start,
	.on_request = http_metrics_on_request,
	.destroy = http_metrics_destroy,
    },
    {
	.path = "/healthz",
	.start = http_health_start,
	.on_request = http_health_on_loops,
	.destroy = http_health_destroy,
    },
    {
	.path = "/healthz/feed",
	.start = http_health_start,
	.on_request = http_health_on_feed,
	.destroy = http_health_destroy,
    },
    {
	.path = "/readyz",
	.start = http_health_start,
	.on_request = http_health_on_ready,
	.destroy = http_health_destroy,
    },
    {
	.path = HTTP_CLIENTS_PATH,
	.start = http_clients_start,
	.on_request = http_clients_on_request,
	.destroy = http_clients_destroy,
    },
    {
	.path = HTTP_CLIENTS_PATH "/",
	.is_prefix = true,
	.takes_any = true,
	.start = http_clients_start,
	.on_request = http_clients_on_client,
	.destroy = http_clients_destroy,
    },
    {.path = NULL},
};
