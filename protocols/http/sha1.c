/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/sha1.h"

#include <string.h>

#include "server/base/memory.h"

#define BLOCK_BYTES 64
#define WORDS       5
#define ROUNDS      80

static uint32_t rotate_left(uint32_t word, unsigned bits)
{
	return word << bits | word >> (32 - bits);
}

static uint32_t word_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/* §4.1.1 and §4.2.1: the function and the constant of a round. */
static uint32_t mix(unsigned round, const uint32_t v[WORDS])
{
	switch (round / 20) {
	case 0:
		return ((v[1] & v[2]) ^ (~v[1] & v[3])) + 0x5a827999;
	case 1:
		return (v[1] ^ v[2] ^ v[3]) + 0x6ed9eba1;
	case 2:
		return ((v[1] & v[2]) ^ (v[1] & v[3]) ^ (v[2] & v[3])) + 0x8f1bbcdc;
	default:
		return (v[1] ^ v[2] ^ v[3]) + 0xca62c1d6;
	}
}

/* §6.1.2. */
static void add_block(uint32_t hash[WORDS], const uint8_t *block)
{
	uint32_t schedule[ROUNDS];
	uint32_t v[WORDS];

	for (unsigned i = 0; i < ROUNDS; i++) {
		schedule[i] = i < 16 ? word_at(block + (size_t)i * 4)
		                     : rotate_left(schedule[i - 3] ^ schedule[i - 8] ^
		                                       schedule[i - 14] ^ schedule[i - 16],
		                                   1);
	}
	memcpy(v, hash, sizeof(v));
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t next = rotate_left(v[0], 5) + mix(i, v) + v[4] + schedule[i];

		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotate_left(v[1], 30);
		v[1] = v[0];
		v[0] = next;
	}
	for (unsigned i = 0; i < WORDS; i++) {
		hash[i] += v[i];
	}
}

void sha1_digest(const void *bytes, size_t length, uint8_t digest[SHA1_BYTES])
{
	uint32_t hash[WORDS] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint8_t padded[2 * BLOCK_BYTES] = {0};
	size_t end = length + 9 <= BLOCK_BYTES ? BLOCK_BYTES : sizeof(padded);

	require(length <= SHA1_LENGTH_MAX);
	/* §5.1.1: a one bit, zeros, and the length in bits in the last eight bytes. */
	memcpy(padded, bytes, length);
	padded[length] = 0x80;
	padded[end - 2] = (uint8_t)(length * 8 >> 8);
	padded[end - 1] = (uint8_t)(length * 8);
	for (size_t at = 0; at < end; at += BLOCK_BYTES) {
		add_block(hash, padded + at);
	}
	for (size_t i = 0; i < SHA1_BYTES; i++) {
		digest[i] = (uint8_t)(hash[i / 4] >> (24 - i % 4 * 8));
	}
}
