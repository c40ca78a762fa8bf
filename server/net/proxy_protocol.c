/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/proxy_protocol.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "server/net/peer.h"

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* --- version 1: "PROXY TCP4 192.0.2.1 198.51.100.1 4711 6667\r\n" ------------ */

#define LINE_BEGIN "PROXY "
#define LINE_MAX   107 /* with its CR LF, §2.1 */
#define FIELDS     6   /* "PROXY", the family, both addresses, both ports */

/* Cut at single blanks, each of which becomes a NUL; the number of fields, FIELDS + 1 at most. */
static size_t cut_fields(char *line, char *fields[FIELDS])
{
	size_t count = 0;

	for (char *at = line; at != NULL; count++) {
		char *blank = strchr(at, ' ');

		if (count == FIELDS) {
			return FIELDS + 1;
		}
		fields[count] = at;
		if (blank != NULL) {
			*blank++ = '\0';
		}
		at = blank;
	}
	return count;
}

/* Digits, 0 to 65535, without zeros in front. */
static bool read_port(const char *text, in_port_t *port)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long value = 0;

	if (digits == 0 || digits > 5 || text[digits] != '\0' || (text[0] == '0' && digits > 1)) {
		return false;
	}
	for (size_t i = 0; i < digits; i++) {
		value = value * 10 + (unsigned long)(text[i] - '0');
	}
	*port = htons((uint16_t)value);
	return value <= UINT16_MAX;
}

static bool read_ipv4(char *const fields[FIELDS], struct sockaddr_in6 *client)
{
	struct sockaddr_in source = {.sin_family = AF_INET};
	struct in_addr destination;

	if (inet_pton(AF_INET, fields[2], &source.sin_addr) != 1 ||
	    inet_pton(AF_INET, fields[3], &destination) != 1 ||
	    !read_port(fields[4], &source.sin_port)) {
		return false;
	}
	peer_map((const struct sockaddr *)&source, client);
	return true;
}

static bool read_ipv6(char *const fields[FIELDS], struct sockaddr_in6 *client)
{
	struct sockaddr_in6 source = {.sin6_family = AF_INET6};
	struct in6_addr destination;

	if (inet_pton(AF_INET6, fields[2], &source.sin6_addr) != 1 ||
	    inet_pton(AF_INET6, fields[3], &destination) != 1 ||
	    !read_port(fields[4], &source.sin6_port)) {
		return false;
	}
	*client = source;
	return true;
}

/* Without its CR LF. */
static bool read_line(char *line, struct proxy_protocol_header *header)
{
	char *fields[FIELDS] = {NULL};
	in_port_t destination;
	size_t count = cut_fields(line, fields);

	if (count >= 2 && strcmp(fields[1], "UNKNOWN") == 0) {
		return true; /* whatever else stands there is ignored, §2.1 */
	}
	if (count != FIELDS || !read_port(fields[5], &destination)) {
		return false;
	}
	header->has_client = true;
	if (strcmp(fields[1], "TCP4") == 0) {
		return read_ipv4(fields, &header->client);
	}
	return strcmp(fields[1], "TCP6") == 0 && read_ipv6(fields, &header->client);
}

static enum proxy_protocol_result read_version_1(const char *bytes, size_t length,
                                                 struct proxy_protocol_header *header)
{
	size_t seen = smaller(length, LINE_MAX);
	const char *end = memchr(bytes, '\n', seen);
	char line[LINE_MAX + 1];

	if (end == NULL) {
		return seen < LINE_MAX ? PROXY_PROTOCOL_PART : PROXY_PROTOCOL_BAD;
	}
	header->length = (size_t)(end - bytes) + 1;
	if (end[-1] != '\r' || memchr(bytes, '\0', header->length) != NULL) {
		return PROXY_PROTOCOL_BAD;
	}
	memcpy(line, bytes, header->length - 2);
	line[header->length - 2] = '\0';
	return read_line(line, header) ? PROXY_PROTOCOL_WHOLE : PROXY_PROTOCOL_BAD;
}

/* --- version 2, binary ---------------------------------------------------- */

static const uint8_t signature[12] = "\r\n\r\n\0\r\nQUIT\n";

#define HEAD        16 /* the signature, version and command, family, length */
#define TYPE_CRC32C 0x03

enum { COMMAND_LOCAL = 0x20, COMMAND_PROXY = 0x21 };
enum { FAMILY_TCP4 = 0x11, FAMILY_TCP6 = 0x21, FAMILY_UNIX_STREAM = 0x31 };
enum { ADDRESSES_TCP4 = 12, ADDRESSES_TCP6 = 36, ADDRESSES_UNIX = 216 };

static size_t big_endian_16(const uint8_t *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

/* Castagnoli's polynomial, reflected, as iSCSI has it (RFC 3720 §12.1). */
static uint32_t crc32c_add(uint32_t crc, uint8_t byte)
{
	crc ^= byte;
	for (int bit = 0; bit < 8; bit++) {
		crc = crc >> 1 ^ ((crc & 1) != 0 ? UINT32_C(0x82f63b78) : 0);
	}
	return crc;
}

/* Of the whole header, its own four bytes counted as zeros (§2.2.3). */
static bool checksum_is_right(const uint8_t *bytes, size_t length, size_t at)
{
	uint32_t told =
	    (uint32_t)big_endian_16(bytes + at) << 16 | (uint32_t)big_endian_16(bytes + at + 2);
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < length; i++) {
		crc = crc32c_add(crc, i - at < 4 ? 0 : bytes[i]);
	}
	return ~crc == told;
}

/* The extensions behind the addresses: type, length, value (§2.2.1). */
static bool extensions_are_right(const uint8_t *bytes, size_t length, size_t at)
{
	while (at < length) {
		size_t size;

		if (length - at < 3) {
			return false;
		}
		size = big_endian_16(bytes + at + 1);
		if (length - at - 3 < size) {
			return false;
		}
		if (bytes[at] == TYPE_CRC32C &&
		    (size != 4 || !checksum_is_right(bytes, length, at + 3))) {
			return false;
		}
		at += 3 + size;
	}
	return true;
}

/* How many bytes the addresses take; of a family that is unknown all of them. */
static size_t addresses_length(uint8_t family, size_t rest)
{
	switch (family) {
	case FAMILY_TCP4:
		return ADDRESSES_TCP4;
	case FAMILY_TCP6:
		return ADDRESSES_TCP6;
	case FAMILY_UNIX_STREAM:
		return ADDRESSES_UNIX;
	case 0:
		return 0;
	default:
		return rest;
	}
}

/* Source address, destination address, source port, destination port. */
static void take_client(const uint8_t *addresses, uint8_t family,
                        struct proxy_protocol_header *header)
{
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
	struct sockaddr_in ipv4 = {.sin_family = AF_INET};

	if (family == FAMILY_TCP4) {
		memcpy(&ipv4.sin_addr, addresses, 4);
		memcpy(&ipv4.sin_port, addresses + 8, 2);
		peer_map((const struct sockaddr *)&ipv4, &header->client);
		header->has_client = true;
	} else if (family == FAMILY_TCP6) {
		memcpy(&ipv6.sin6_addr, addresses, 16);
		memcpy(&ipv6.sin6_port, addresses + 32, 2);
		header->client = ipv6;
		header->has_client = true;
	}
}

static enum proxy_protocol_result read_version_2(const uint8_t *bytes, size_t length,
                                                 struct proxy_protocol_header *header)
{
	size_t addresses;

	if (length < HEAD) {
		return PROXY_PROTOCOL_PART;
	}
	header->length = HEAD + big_endian_16(bytes + 14);
	if ((bytes[12] != COMMAND_LOCAL && bytes[12] != COMMAND_PROXY) ||
	    header->length > PROXY_PROTOCOL_MAX) {
		return PROXY_PROTOCOL_BAD;
	}
	if (length < header->length) {
		return PROXY_PROTOCOL_PART;
	}
	if (bytes[12] == COMMAND_LOCAL) {
		return PROXY_PROTOCOL_WHOLE; /* the rest is to be ignored, §2.2 */
	}
	addresses = addresses_length(bytes[13], header->length - HEAD);
	if (header->length - HEAD < addresses ||
	    !extensions_are_right(bytes, header->length, HEAD + addresses)) {
		return PROXY_PROTOCOL_BAD;
	}
	take_client(bytes + HEAD, bytes[13], header);
	return PROXY_PROTOCOL_WHOLE;
}

/* --- either --------------------------------------------------------------- */

static bool begins_with(const char *bytes, size_t length, const void *begin, size_t begin_length)
{
	return memcmp(bytes, begin, smaller(length, begin_length)) == 0;
}

enum proxy_protocol_result proxy_protocol_read(const char *bytes, size_t length,
                                               struct proxy_protocol_header *header)
{
	struct proxy_protocol_header read = {0};
	enum proxy_protocol_result result = PROXY_PROTOCOL_BAD;

	if (length == 0) {
		return PROXY_PROTOCOL_PART;
	}
	if (begins_with(bytes, length, LINE_BEGIN, sizeof(LINE_BEGIN) - 1)) {
		result = read_version_1(bytes, length, &read);
	} else if (begins_with(bytes, length, signature, sizeof(signature))) {
		result = read_version_2((const uint8_t *)bytes, length, &read);
	}
	if (result == PROXY_PROTOCOL_WHOLE) {
		*header = read;
	}
	return result;
}
