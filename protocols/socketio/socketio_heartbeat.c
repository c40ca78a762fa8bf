/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_heartbeat.h"

#include "protocols/socketio/socketio_session.h"
#include "server/base/memory.h"

static struct deadlines *deadlines_of(const struct socketio_heartbeat *heartbeat)
{
	return &heartbeat->session->sessions->env->net->deadlines;
}

static void arm(struct socketio_heartbeat *heartbeat)
{
	const struct conf *conf = heartbeat->session->sessions->env->conf;

	deadline_arm(deadlines_of(heartbeat), &heartbeat->due,
	             (uint64_t)conf->socketio.heartbeat_interval * 1000);
}

static void on_heartbeat(struct deadline *due)
{
	struct socketio_heartbeat *heartbeat = container_of(due, struct socketio_heartbeat, due);

	arm(heartbeat);
	socketio_session_send(heartbeat->session,
	                      &(struct socketio_packet){.type = SOCKETIO_HEARTBEAT});
}

void socketio_heartbeat_begin(struct socketio_heartbeat *heartbeat,
                              struct socketio_session *session)
{
	*heartbeat = (struct socketio_heartbeat){.session = session, .due.on_due = on_heartbeat};
	arm(heartbeat);
}

void socketio_heartbeat_end(struct socketio_heartbeat *heartbeat)
{
	deadline_disarm(deadlines_of(heartbeat), &heartbeat->due);
}
