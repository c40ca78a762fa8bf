/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_CLIENT_NAMES_H
#define SERVER_NET_CLIENT_NAMES_H

#include <stddef.h>

/*
 * What a client has subscribed to with one command, for a line of the log: the first names, and
 * how many more.
 *
 * Threads: any; no state.
 */
/* All zero is none. */
struct client_names {
	char text[512];
	size_t length;
	unsigned count;
	unsigned left_out; /* of them, for want of room */
};

/* Add a name.  The first one is cut where it is too long. */
void client_names_add(struct client_names *names, const char *name, size_t length);

/* Lends the names, which are complete now: "a, b and 3 more". */
const char *client_names_text(struct client_names *names);

#endif
