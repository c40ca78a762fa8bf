/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_type_address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_schema.h"
#include "conf/conf_text.h"
#include "conf/conf_type_list.h"
#include "server/base/memory.h"

#define DIGITS "0123456789"

#define V4_BITS        32
#define V6_BITS        128
#define V4_MAPPED_BITS (V6_BITS - V4_BITS)

/* The number of `length` digits, at most `max`; a leading zero is none. */
static bool parse_digits(const char *text, size_t length, unsigned max, unsigned *value)
{
	unsigned long number;

	if (length == 0 || length > 5 || strspn(text, DIGITS) < length ||
	    (length > 1 && text[0] == '0')) {
		return false;
	}
	number = strtoul(text, NULL, 10);
	*value = (unsigned)number;
	return number <= max;
}

static bool is_host(const char *host, bool has_brackets)
{
	struct in6_addr ignored;

	if (has_brackets) {
		return inet_pton(AF_INET6, host, &ignored) == 1;
	}
	return strcmp(host, "localhost") == 0 || inet_pton(AF_INET, host, &ignored) == 1;
}

/* Gives the host of "host:port" without brackets, NULL when that is not one. */
static char *split_host(const char *text, unsigned *port)
{
	const char *colon = strrchr(text, ':');
	bool has_brackets = text[0] == '[';
	size_t length;
	char *host;

	if (colon == NULL || !parse_digits(colon + 1, strlen(colon + 1), 65535, port)) {
		return NULL;
	}
	length = (size_t)(colon - text);
	if (has_brackets) {
		if (length < 2 || text[length - 1] != ']') {
			return NULL;
		}
		text++;
		length -= 2;
	}
	host = mem_copy_text(text, length);
	if (!is_host(host, has_brackets)) {
		free(host);
		return NULL;
	}
	return host;
}

static void want_address(const struct conf_option *option, struct buffer *out)
{
	(void)option;
	buffer_append_text(out, "\"host:port\", host being localhost, an IPv4 address or an IPv6 "
	                        "address in brackets");
}

static bool parse_address(const struct conf_node *node, const struct conf_option *option,
                          void *member, struct conf_faults *faults)
{
	struct conf_address *address = member;
	const char *text = conf_type_text(node);
	unsigned port;
	char *host = text != NULL ? split_host(text, &port) : NULL;

	*address = (struct conf_address){0};
	if (host == NULL) {
		return conf_type_refuse(node, option, faults);
	}
	*address = (struct conf_address){
	    .text = mem_copy_text(text, node->length),
	    .host = host,
	    .port = port,
	    .mark = node->mark,
	};
	return true;
}

static void print_address(const void *member, struct buffer *out)
{
	const struct conf_address *address = member;

	conf_text_quote(out, address->text, strlen(address->text));
}

static void finish_address(void *member)
{
	struct conf_address *address = member;

	free((char *)address->text);
	free((char *)address->host);
	*address = (struct conf_address){0};
}

const struct conf_type conf_type_address_single = {
    .noun = "an address",
    .want = want_address,
    .parse = parse_address,
    .print = print_address,
    .finish = finish_address,
};

static void want_network(const struct conf_option *option, struct buffer *out)
{
	(void)option;
	buffer_append_text(out, "an address or a network such as 192.0.2.0/24 or 2001:db8::/32");
}

static void clear_host_bits(struct conf_network *network)
{
	for (unsigned bit = network->prefix; bit < V6_BITS; bit++) {
		network->address.s6_addr[bit / 8] &= (unsigned char)~(0x80U >> (bit % 8));
	}
}

static bool parse_network_text(const char *text, struct conf_network *network)
{
	const char *slash = strchr(text, '/');
	char *host = mem_copy_text(text, slash != NULL ? (size_t)(slash - text) : strlen(text));
	struct in_addr v4;
	unsigned bits = V6_BITS;
	bool is_good = inet_pton(AF_INET6, host, &network->address) == 1;

	if (!is_good && inet_pton(AF_INET, host, &v4) == 1) {
		network->address = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
		memcpy(network->address.s6_addr + V4_MAPPED_BITS / 8, &v4, sizeof(v4));
		bits = V4_BITS;
		is_good = true;
	}
	free(host);
	network->prefix = bits;
	if (is_good && slash != NULL) {
		is_good = parse_digits(slash + 1, strlen(slash + 1), bits, &network->prefix);
	}
	network->prefix += V6_BITS - bits;
	return is_good;
}

static bool parse_network(const struct conf_node *node, const struct conf_option *option,
                          void *member, struct conf_faults *faults)
{
	struct conf_network *network = member;
	const char *text = conf_type_text(node);

	if (text == NULL || !parse_network_text(text, network)) {
		return conf_type_refuse(node, option, faults);
	}
	clear_host_bits(network);
	return true;
}

static void print_network(const void *member, struct buffer *out)
{
	const struct conf_network *network = member;
	char text[INET6_ADDRSTRLEN];
	bool is_v4 = IN6_IS_ADDR_V4MAPPED(&network->address) && network->prefix >= V4_MAPPED_BITS;

	if (is_v4) {
		(void)inet_ntop(AF_INET, network->address.s6_addr + V4_MAPPED_BITS / 8, text,
		                sizeof(text));
	} else {
		(void)inet_ntop(AF_INET6, &network->address, text, sizeof(text));
	}
	buffer_printf(out, "\"%s/%u\"", text, network->prefix - (is_v4 ? V4_MAPPED_BITS : 0));
}

/* No option is one network alone, so no one else knows this type. */
static const struct conf_type type_network = {
    .noun = "a network",
    .want = want_network,
    .parse = parse_network,
    .print = print_network,
};

static const struct conf_option address_item = {.type = &conf_type_address_single};
static const struct conf_type_list address_list = {
    .item = &address_item,
    .size = sizeof(struct conf_address),
    .noun = "addresses",
};

static void want_addresses(const struct conf_option *option, struct buffer *out)
{
	conf_type_list_want(&address_list, option, out);
}

static bool parse_addresses(const struct conf_node *node, const struct conf_option *option,
                            void *member, struct conf_faults *faults)
{
	struct conf_addresses *addresses = member;
	size_t count;

	addresses->items = conf_type_list_parse(&address_list, node, option, faults, &count);
	addresses->count = count;
	return addresses->items != NULL;
}

static void print_addresses(const void *member, struct buffer *out)
{
	const struct conf_addresses *addresses = member;

	conf_type_list_print(&address_list, addresses->items, addresses->count, out);
}

static void finish_addresses(void *member)
{
	struct conf_addresses *addresses = member;

	conf_type_list_free(&address_list, addresses->items, addresses->count);
	*addresses = (struct conf_addresses){0};
}

const struct conf_type conf_type_address_list = {
    .noun = "a list of addresses",
    .want = want_addresses,
    .parse = parse_addresses,
    .print = print_addresses,
    .finish = finish_addresses,
};

static const struct conf_option network_item = {.type = &type_network};
static const struct conf_type_list network_list = {
    .item = &network_item,
    .size = sizeof(struct conf_network),
    .noun = "networks",
};

static void want_networks(const struct conf_option *option, struct buffer *out)
{
	conf_type_list_want(&network_list, option, out);
}

static bool parse_networks(const struct conf_node *node, const struct conf_option *option,
                           void *member, struct conf_faults *faults)
{
	struct conf_networks *networks = member;
	size_t count;

	networks->items = conf_type_list_parse(&network_list, node, option, faults, &count);
	networks->count = count;
	return networks->items != NULL;
}

static void print_networks(const void *member, struct buffer *out)
{
	const struct conf_networks *networks = member;

	conf_type_list_print(&network_list, networks->items, networks->count, out);
}

static void finish_networks(void *member)
{
	struct conf_networks *networks = member;

	conf_type_list_free(&network_list, networks->items, networks->count);
	*networks = (struct conf_networks){0};
}

const struct conf_type conf_type_address_networks = {
    .noun = "a list of networks",
    .want = want_networks,
    .parse = parse_networks,
    .print = print_networks,
    .finish = finish_networks,
};
