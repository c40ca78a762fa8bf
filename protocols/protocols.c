/* SPDX-License-Identifier: Apache-2.0 */
/* Every front-end, and every endpoint of the HTTP one: the only place that knows them all. */
#include <stddef.h>

#include "protocols/front_end.h"
#include "protocols/http/http.h"
#include "protocols/http/http_endpoint.h"
#include "protocols/http/http_health.h"
#include "protocols/http/http_status.h"
#include "protocols/irc/irc.h"
#include "protocols/irc/irc_websocket.h"
#include "protocols/socketio/socketio.h"
#include "protocols/socketio/socketio_library_page.h"

const struct front_end *const front_ends[] = {
    &irc_front_end,
    &http_front_end,
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
	.start = http_status_start,
	.on_request = http_status_on_request,
	.destroy = http_status_destroy,
    },
    {
	.path = "/healthz",
	.on_request = http_health_on_request,
    },
    {.path = NULL},
};
