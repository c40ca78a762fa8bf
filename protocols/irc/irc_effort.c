/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/irc/irc_effort.h"

bool irc_effort_take(struct irc_effort *effort, uint64_t turn, size_t cost)
{
	if (effort->turn != turn) {
		effort->turn = turn;
		effort->spent = 0;
	}
	if (effort->spent >= IRC_EFFORT_TURN) {
		return false;
	}
	effort->spent += cost;
	return true;
}
