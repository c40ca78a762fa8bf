/* SPDX-License-Identifier: Apache-2.0 */
/* An address or a path; networks that are one multicast address each; permissions. */
#include "conf/conf_type_datagram.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_schema.h"
#include "conf/conf_type_address.h"
#include "conf/conf_type_list.h"
#include "server/base/memory.h"

#define UNIX_PREFIX "unix:"

/* unix(7): sun_path has 108 bytes, with a NUL. */
#define PATH_BYTES_MAX 107

static void want_address(const struct conf_option *option, struct buffer *out)
{
	(void)option;
	buffer_append_text(out,
	                   "\"host:port\" or \"unix:path\", host being localhost, IPv4 or [IPv6]");
}

static bool parse_address(const struct conf_node *node, const struct conf_option *option,
                          void *member, struct conf_faults *faults)
{
	struct conf_address *address = member;
	const char *text = conf_type_text(node);
	size_t length;

	if (text == NULL || strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) != 0) {
		return conf_type_address_single.parse(node, option, member, faults);
	}
	length = node->length - strlen(UNIX_PREFIX);
	*address = (struct conf_address){0};
	if (length == 0) {
		return conf_type_refuse(node, option, faults);
	}
	if (length > PATH_BYTES_MAX) {
		return conf_type_refuse_as(node, option, "has too long a path", faults);
	}
	address->text = mem_copy_text(text, node->length);
	address->path = address->text + strlen(UNIX_PREFIX);
	address->mark = node->mark;
	return true;
}

static void print_address(const void *member, struct buffer *out)
{
	conf_type_address_single.print(member, out);
}

static void finish_address(void *member)
{
	conf_type_address_single.finish(member);
}

const struct conf_type conf_type_datagram_address = {
    .noun = "an address",
    .want = want_address,
    .parse = parse_address,
    .print = print_address,
    .finish = finish_address,
};

static const struct conf_option socket_item = {.type = &conf_type_datagram_address};
static const struct conf_type_list socket_list = {
    .item = &socket_item,
    .size = sizeof(struct conf_address),
    .noun = "addresses",
};

static void want_sockets(const struct conf_option *option, struct buffer *out)
{
	conf_type_list_want(&socket_list, option, out);
}

static bool parse_sockets(const struct conf_node *node, const struct conf_option *option,
                          void *member, struct conf_faults *faults)
{
	struct conf_addresses *addresses = member;
	size_t count;

	addresses->items = conf_type_list_parse(&socket_list, node, option, faults, &count);
	addresses->count = count;
	return addresses->items != NULL;
}

static void print_sockets(const void *member, struct buffer *out)
{
	conf_type_address_list.print(member, out);
}

static void finish_sockets(void *member)
{
	conf_type_address_list.finish(member);
}

const struct conf_type conf_type_datagram_sockets = {
    .noun = "a list of addresses",
    .want = want_sockets,
    .parse = parse_sockets,
    .print = print_sockets,
    .finish = finish_sockets,
};

static void want_groups(const struct conf_option *option, struct buffer *out)
{
	buffer_printf(out, "at most %.0f addresses such as 239.1.2.3 or ff15::1", option->max);
}

/* RFC 1112 §4, RFC 4291 §2.7. */
static bool is_group(const struct conf_network *network)
{
	const uint8_t *bytes = network->address.s6_addr;

	return network->prefix == 128 &&
	       (IN6_IS_ADDR_V4MAPPED(&network->address) ? (bytes[12] & 0xf0) == 0xe0
	                                                : bytes[0] == 0xff);
}

static bool parse_groups(const struct conf_node *node, const struct conf_option *option,
                         void *member, struct conf_faults *faults)
{
	struct conf_networks *groups = member;

	if (!conf_type_address_networks.parse(node, option, member, faults)) {
		return false;
	}
	for (size_t i = 0; i < groups->count; i++) {
		if (!is_group(&groups->items[i])) {
			conf_type_address_networks.finish(member);
			return conf_type_refuse(node, option, faults);
		}
	}
	return true;
}

static void print_groups(const void *member, struct buffer *out)
{
	conf_type_address_networks.print(member, out);
}

static void finish_groups(void *member)
{
	conf_type_address_networks.finish(member);
}

const struct conf_type conf_type_datagram_groups = {
    .noun = "a list of multicast groups",
    .want = want_groups,
    .parse = parse_groups,
    .print = print_groups,
    .finish = finish_groups,
};

static void want_mode(const struct conf_option *option, struct buffer *out)
{
	(void)option;
	buffer_append_text(out, "three octal digits behind a 0, such as 0660");
}

static bool parse_mode(const struct conf_node *node, const struct conf_option *option, void *member,
                       struct conf_faults *faults)
{
	const char *text = conf_type_text(node);

	if (text == NULL || strlen(text) != 4 || text[0] != '0' || strspn(text, "01234567") != 4) {
		return conf_type_refuse(node, option, faults);
	}
	*(unsigned *)member = (unsigned)strtoul(text, NULL, 8);
	return true;
}

static void print_mode(const void *member, struct buffer *out)
{
	buffer_printf(out, "0%03o", *(const unsigned *)member);
}

const struct conf_type conf_type_datagram_mode = {
    .noun = "a mode",
    .want = want_mode,
    .parse = parse_mode,
    .print = print_mode,
};
