/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"), the
 * variant with one compression and three finalisation rounds, as the hash tables
 * of Rust, Python and Ruby have it.
 */
#include "server/base/table.h"

#include <string.h>

#include "server/base/random.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t secret[2];

void table_seed(void)
{
	random_fill(secret, sizeof(secret));
}

static uint64_t rotate(uint64_t value, int bits)
{
	return (value << bits) | (value >> (64 - bits));
}

static void round_once(struct sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 = rotate(s->v2, 32);
}

static void absorb(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	round_once(s);
	s->v0 ^= word;
}

unsigned table_hash(const void *key, size_t length)
{
	const unsigned char *at = key;
	uint64_t word = 0;
	uint64_t hash;
	size_t rest = length;
	struct sip s = {
	    .v0 = secret[0] ^ UINT64_C(0x736f6d6570736575),
	    .v1 = secret[1] ^ UINT64_C(0x646f72616e646f6d),
	    .v2 = secret[0] ^ UINT64_C(0x6c7967656e657261),
	    .v3 = secret[1] ^ UINT64_C(0x7465646279746573),
	};

	for (; rest >= 8; rest -= 8, at += 8) {
		memcpy(&word, at, 8);
		absorb(&s, word);
	}
	word = (uint64_t)length << 56;
	for (size_t i = 0; i < rest; i++) {
		word |= (uint64_t)at[i] << (8 * i);
	}
	absorb(&s, word);
	s.v2 ^= 0xff;
	round_once(&s);
	round_once(&s);
	round_once(&s);
	hash = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
	return (unsigned)(hash ^ (hash >> 32));
}
