/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_DESCRIPTORS_H
#define SERVER_DESCRIPTORS_H

/*
 * How many files the process may have open, of which every connection is one.
 *
 * Threads: the main thread's, before the workers run.
 */

/* Raise the limit as far as it goes, and log it. */
void descriptors_raise_limit(void);

/*
 * Connections that there are descriptors for: what the limit allows, less those that are
 * open and a `reserve` for what comes yet, which is at most half of what is left.  At least 1.
 */
unsigned descriptors_for_connections(unsigned reserve);

#endif
