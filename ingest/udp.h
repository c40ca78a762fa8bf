/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_UDP_H
#define INGEST_UDP_H

#include "ingest/source.h"

/*
 * The two sources that take datagrams: `rc2udp`, "#channel TAB line", and
 * `rcfeed-udp`, one RCFeed JSON object.  They differ in who reads the datagram only.
 *
 * Datagrams are received in batches (recvmmsg) of some 40 a turn, libuv's figure, so
 * that a blast does not starve the rest of the loop.  Those from an address that `allow`
 * does not name, and those that cannot be read, are dropped and counted.  udp_sockets.h
 * has what they are received on.
 */
extern const struct source_type rc2udp_source;
extern const struct source_type rcfeed_udp_source;

#endif
