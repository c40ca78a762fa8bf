/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BASE_TABLE_H
#define SERVER_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

/*
 * uthash with a keyed hash: names of wikis, channels and sessions come from
 * outside, and with a hash that anyone can compute a peer could make every name
 * fall into one bucket.  Include this, never <uthash.h>.
 *
 * Threads: table_hash() any; a table belongs to its owner's thread.
 */
#define HASH_FUNCTION(key, length, hash) ((hash) = table_hash(key, length))

/*
 * Draw the secret.  Called once by main() before any table exists; without it
 * (in unit tests) the secret is zero and the order of buckets repeats.
 */
void table_seed(void);

/* SipHash-1-3 of the key. */
unsigned table_hash(const void *key, size_t length);

#include <uthash.h>

#endif
