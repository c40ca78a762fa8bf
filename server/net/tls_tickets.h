/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_NET_TLS_TICKETS_H
#define SERVER_NET_TLS_TICKETS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The keys of session tickets (RFC 5077, RFC 8446 §4.6.1): a client that comes back with a ticket
 * is spared the certificate, whichever worker it comes to.
 *
 * A key makes tickets for TLS_TICKETS_ROTATE_S, opens them for as long again, and is
 * forgotten: what was recorded before cannot be read with what is found here later.
 *
 * Threads: any; it has a lock.
 */
#define TLS_TICKETS_ROTATE_S 21600 /* six hours */
#define TLS_TICKETS_NAME     16    /* bytes of a key's name, as RFC 5077 §4 proposes */

struct tls_ticket_key {
	unsigned char name[TLS_TICKETS_NAME];
	unsigned char cipher[32]; /* AES-256 */
	unsigned char mac[32];    /* HMAC-SHA-256 */
};

struct tls_tickets;

/* Gives an empty set: the first key is made when it is asked for. */
struct tls_tickets *tls_tickets_create(void);

/* Free it, keys and all.  NULL does nothing. */
void tls_tickets_destroy(struct tls_tickets *tickets);

/* Copies the key to make tickets with at that time, in seconds that never go back. */
void tls_tickets_current(struct tls_tickets *tickets, uint64_t now_s, struct tls_ticket_key *key);

/*
 * Copies the key of this name, of TLS_TICKETS_NAME bytes; false when there is none, or its time
 * is over.  `is_current` is set to whether new tickets are made with it.
 */
bool tls_tickets_find(struct tls_tickets *tickets, uint64_t now_s, const unsigned char *name,
                      struct tls_ticket_key *key, bool *is_current);

#endif
