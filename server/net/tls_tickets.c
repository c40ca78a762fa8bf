/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/tls_tickets.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "server/base/memory.h"

/* One that makes tickets, and the one before it. */
struct kept {
	struct tls_ticket_key key;
	uint64_t made_s;
	bool is_there;
};

struct tls_tickets {
	uv_mutex_t lock; /* over what follows */
	struct kept current;
	struct kept previous;
};

struct tls_tickets *tls_tickets_create(void)
{
	struct tls_tickets *tickets = mem_new(struct tls_tickets);

	require(uv_mutex_init(&tickets->lock) == 0);
	return tickets;
}

void tls_tickets_destroy(struct tls_tickets *tickets)
{
	if (tickets != NULL) {
		uv_mutex_destroy(&tickets->lock);
		OPENSSL_cleanse(tickets, sizeof(*tickets));
		free(tickets);
	}
}

static void drop_when_older(struct kept *kept, uint64_t now_s, uint64_t age_s)
{
	if (kept->is_there && now_s - kept->made_s >= age_s) {
		OPENSSL_cleanse(kept, sizeof(*kept));
		kept->is_there = false;
	}
}

static void rotate(struct tls_tickets *tickets, uint64_t now_s)
{
	if (tickets->current.is_there && now_s - tickets->current.made_s >= TLS_TICKETS_ROTATE_S) {
		tickets->previous = tickets->current;
		OPENSSL_cleanse(&tickets->current, sizeof(tickets->current));
		tickets->current.is_there = false;
	}
	drop_when_older(&tickets->previous, now_s, 2 * TLS_TICKETS_ROTATE_S);
}

static void make_key(struct kept *kept, uint64_t now_s)
{
	require(RAND_bytes(kept->key.name, sizeof(kept->key.name)) == 1 &&
	        RAND_priv_bytes(kept->key.cipher, sizeof(kept->key.cipher)) == 1 &&
	        RAND_priv_bytes(kept->key.mac, sizeof(kept->key.mac)) == 1);
	kept->made_s = now_s;
	kept->is_there = true;
}

void tls_tickets_current(struct tls_tickets *tickets, uint64_t now_s, struct tls_ticket_key *key)
{
	uv_mutex_lock(&tickets->lock);
	rotate(tickets, now_s);
	if (!tickets->current.is_there) {
		make_key(&tickets->current, now_s);
	}
	*key = tickets->current.key;
	uv_mutex_unlock(&tickets->lock);
}

static bool has_name(const struct kept *kept, const unsigned char *name)
{
	return kept->is_there && memcmp(kept->key.name, name, TLS_TICKETS_NAME) == 0;
}

bool tls_tickets_find(struct tls_tickets *tickets, uint64_t now_s, const unsigned char *name,
                      struct tls_ticket_key *key, bool *is_current)
{
	bool is_found = true;

	uv_mutex_lock(&tickets->lock);
	rotate(tickets, now_s);
	*is_current = has_name(&tickets->current, name);
	if (*is_current) {
		*key = tickets->current.key;
	} else if (has_name(&tickets->previous, name)) {
		*key = tickets->previous.key;
	} else {
		is_found = false;
	}
	uv_mutex_unlock(&tickets->lock);
	return is_found;
}
