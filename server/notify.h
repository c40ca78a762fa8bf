/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/*
 * Tells the service manager how the process is: sd_notify(3)'s protocol, a datagram of
 * NAME=value lines to the socket that NOTIFY_SOCKET names.  Without that variable nothing
 * is told to anyone.
 *
 * Threads: the main thread's.
 */
struct notify {
	int descriptor; /* -1: there is nobody to tell */
	struct sockaddr_un address;
	socklen_t length;
	uint64_t watchdog_ms; /* WATCHDOG=1 is waited for this long; 0: it is not */
};

/* Read the environment, and clear it of what was read.  Before there are threads. */
void notify_init(struct notify *notify);

/* Nothing more is told. */
void notify_finish(struct notify *notify);

/* Tell lines, "READY=1\nSTATUS=..."; what cannot be sent is lost. */
void notify_tell(const struct notify *notify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Tell that a reload has begun, at this moment of the monotonic clock; READY=1 ends it. */
void notify_tell_reloading(const struct notify *notify);

#endif
