/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists are walked from the left, as they are written, and give what reading from the
 * right would: whatever breaks the chain of trust starts it anew.
 */
#include "protocols/http/http_forwarded.h"

#include <arpa/inet.h>
#include <string.h>

#include "server/net/peer.h"

#define X_FORWARDED_FOR "X-Forwarded-For"
#define FORWARDED       "Forwarded"

#define NODE_MAX   64 /* bytes; the longest is an IPv6 address in brackets with its port */
#define PORT_MAX   65535
#define DIGITS_MAX 5

/* --- nodes: an address, and perhaps a port (RFC 7239 §6) ------------------ */

/* False unless it is "" or ":" and a port; a hidden one (":_secret") is port 0. */
static bool read_port(const char *text, in_port_t *port)
{
	unsigned value = 0;
	size_t digits;

	*port = 0;
	if (*text == '\0') {
		return true;
	}
	if (*text++ != ':') {
		return false;
	}
	if (*text == '_') {
		return true;
	}
	digits = strspn(text, "0123456789");
	if (digits == 0 || digits > DIGITS_MAX || text[digits] != '\0') {
		return false;
	}
	for (size_t i = 0; i < digits; i++) {
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*port = htons((in_port_t)value);
	return value <= PORT_MAX;
}

static bool read_ipv6(const char *text, in_port_t port, struct sockaddr_in6 *address)
{
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = port};

	if (inet_pton(AF_INET6, text, &ipv6.sin6_addr) != 1) {
		return false;
	}
	*address = ipv6;
	return true;
}

static bool read_ipv4(const char *text, in_port_t port, struct sockaddr_in6 *address)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = port};

	if (inet_pton(AF_INET, text, &ipv4.sin_addr) != 1) {
		return false;
	}
	peer_map((const struct sockaddr *)&ipv4, address);
	return true;
}

/*
 * "192.0.2.1", "192.0.2.1:4711", "[2001:db8::1]", "[2001:db8::1]:4711"; and "2001:db8::1", as
 * X-Forwarded-For has it.  False for all else, such as "unknown" and "_hidden".
 */
static bool read_node(char *text, struct sockaddr_in6 *address)
{
	char *end = text[0] == '[' ? strchr(text, ']') : strchr(text, ':');
	in_port_t port = 0;

	if (text[0] == '[') {
		if (end == NULL || !read_port(end + 1, &port)) {
			return false;
		}
		*end = '\0';
		return read_ipv6(text + 1, port, address);
	}
	if (end != NULL && strchr(end + 1, ':') != NULL) {
		return read_ipv6(text, 0, address);
	}
	if (end != NULL) {
		if (!read_port(end, &port)) {
			return false;
		}
		*end = '\0';
	}
	return read_ipv4(text, port, address);
}

/* --- the chain of trust --------------------------------------------------- */

struct chain {
	const struct conf_networks *trusted;
	struct sockaddr_in6 client;
	bool is_known; /* `client` is what is told to the right of all that is no address */
};

/* The next node to the right. */
static void add_node(struct chain *chain, char *text)
{
	struct sockaddr_in6 address;
	bool is_trusted;

	if (!read_node(text, &address)) {
		chain->is_known = false;
		return;
	}
	is_trusted = peer_is_in(&address, chain->trusted);
	if (!chain->is_known || !is_trusted) {
		chain->client = address;
	}
	chain->is_known = true;
}

/* --- X-Forwarded-For ------------------------------------------------------ */

/* No quotes here: one that a client sends would hide what the proxy adds behind it. */
static void read_x_forwarded_for(struct chain *chain, const struct http_request *request)
{
	struct http_request_list list = {.request = request, .name = X_FORWARDED_FOR};
	struct text element;

	while (http_request_list_next(&list, &element)) {
		char node[NODE_MAX] = "";

		if (element.length < sizeof(node)) {
			memcpy(node, element.bytes, element.length);
		}
		add_node(chain, node);
	}
}

/* --- Forwarded (RFC 7239 §4) ---------------------------------------------- */

/* A value that is being read: "for=192.0.2.43;proto=http, for=\"[2001:db8::1]\"". */
struct scan {
	const char *at, *end;
};

static bool is_at(const struct scan *scan, char byte)
{
	return scan->at < scan->end && *scan->at == byte;
}

static void skip_blanks(struct scan *scan)
{
	while (is_at(scan, ' ') || is_at(scan, '\t')) {
		scan->at++;
	}
}

/* What may not stand in a token, of all that has a meaning here (RFC 9110 §5.6.2). */
static bool ends_token(char byte)
{
	return byte <= ' ' || byte > '~' || strchr("\"(),/:;<=>?@[\\]{}", byte) != NULL;
}

static struct text take_token(struct scan *scan)
{
	struct text token = {.bytes = scan->at};

	while (scan->at < scan->end && !ends_token(*scan->at)) {
		scan->at++;
	}
	token.length = (size_t)(scan->at - token.bytes);
	return token;
}

/* Of a value that is too long for a node, nothing is kept. */
static void keep(char node[NODE_MAX], size_t length, const char *byte)
{
	if (length < NODE_MAX - 1) {
		node[length] = *byte;
	} else {
		node[0] = '\0';
	}
}

/* What stands in the quotes, without them and without escapes; false when they do not end. */
static bool take_quoted(struct scan *scan, char node[NODE_MAX])
{
	size_t length = 0;

	for (scan->at++; scan->at < scan->end; scan->at++) {
		if (*scan->at == '"') {
			scan->at++;
			return true;
		}
		if (*scan->at == '\\' && ++scan->at == scan->end) {
			return false;
		}
		keep(node, length++, scan->at);
	}
	return false;
}

/* A token, where colons and brackets are let pass: many proxies leave the quotes out. */
static bool take_bare(struct scan *scan, char node[NODE_MAX])
{
	const char *begin = scan->at;

	while (scan->at < scan->end &&
	       (!ends_token(*scan->at) || memchr(":[]", *scan->at, 3) != NULL)) {
		keep(node, (size_t)(scan->at - begin), scan->at);
		scan->at++;
	}
	return scan->at > begin;
}

/* One "name=value"; the value of "for" goes to `node`, where none may be yet. */
static bool take_pair(struct scan *scan, char node[NODE_MAX], bool *has_node)
{
	struct text name = take_token(scan);
	char value[NODE_MAX] = "";

	if (name.length == 0 || !is_at(scan, '=')) {
		return false;
	}
	scan->at++;
	if (!(is_at(scan, '"') ? take_quoted(scan, value) : take_bare(scan, value))) {
		return false;
	}
	if (http_request_text_is(name, "for")) {
		if (*has_node) {
			return false;
		}
		*has_node = true;
		memcpy(node, value, NODE_MAX);
	}
	return true;
}

/* Up to a comma or the end; false when the rest of the value cannot be made out. */
static bool take_element(struct scan *scan, char node[NODE_MAX])
{
	bool has_node = false;

	while (scan->at < scan->end && *scan->at != ',') {
		if (!is_at(scan, ';') && !take_pair(scan, node, &has_node)) {
			return false;
		}
		skip_blanks(scan);
		if (is_at(scan, ';')) {
			scan->at++;
			skip_blanks(scan);
		} else if (scan->at < scan->end && *scan->at != ',') {
			return false;
		}
	}
	return true;
}

static void read_forwarded_field(struct chain *chain, struct text value)
{
	struct scan scan = {.at = value.bytes, .end = value.bytes + value.length};

	while (scan.at < scan.end) {
		char node[NODE_MAX] = "";

		skip_blanks(&scan);
		if (is_at(&scan, ',')) {
			scan.at++; /* an empty element (RFC 9110 §5.6.1) */
			continue;
		}
		if (!take_element(&scan, node)) {
			chain->is_known = false;
			return;
		}
		add_node(chain, node);
	}
}

static void read_forwarded(struct chain *chain, const struct http_request *request)
{
	for (size_t i = 0; i < request->field_count; i++) {
		if (http_request_text_is(request->fields[i].name, FORWARDED)) {
			read_forwarded_field(chain, request->fields[i].value);
		}
	}
}

/* --- from outside --------------------------------------------------------- */

void http_forwarded_client(const struct http_request *request, const struct conf_networks *trusted,
                           const struct sockaddr_in6 *peer, struct sockaddr_in6 *client)
{
	struct chain chain = {.trusted = trusted};

	*client = *peer;
	if (!peer_is_in(peer, trusted)) {
		return;
	}
	if (http_request_field(request, X_FORWARDED_FOR).bytes != NULL) {
		read_x_forwarded_for(&chain, request);
	} else {
		read_forwarded(&chain, request);
	}
	if (chain.is_known) {
		*client = chain.client;
	}
}
