/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a proxy adds stands behind what its client sent, and whatever that is must not hide
 * it: so not only are lists read from the right, they are taken apart from there.
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
	struct sockaddr_in6 client; /* the last who is known to have spoken */
	bool is_over;               /* what stands further left is not to be believed */
};

/* The next node to the left. */
static void add_node(struct chain *chain, char *text)
{
	struct sockaddr_in6 address;

	if (!read_node(text, &address)) {
		chain->is_over = true;
		return;
	}
	chain->client = address;
	chain->is_over = !peer_is_in(&address, chain->trusted);
}

/* --- X-Forwarded-For ------------------------------------------------------ */

static void read_address(struct text element, char node[NODE_MAX])
{
	if (element.length < NODE_MAX) {
		memcpy(node, element.bytes, element.length);
	}
}

/* --- Forwarded (RFC 7239 §4) ---------------------------------------------- */

/* An element that is being read: "for=\"[2001:db8::1]\";proto=http". */
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

static bool is_bare(char byte)
{
	return !ends_token(byte) || byte == ':' || byte == '[' || byte == ']';
}

/* A token, where colons and brackets are let pass: many proxies leave the quotes out. */
static bool take_bare(struct scan *scan, char node[NODE_MAX])
{
	const char *begin = scan->at;

	while (scan->at < scan->end && is_bare(*scan->at)) {
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

/* Nothing is told by an element that cannot be read to its end. */
static void read_element(struct text element, char node[NODE_MAX])
{
	struct scan scan = {.at = element.bytes, .end = element.bytes + element.length};
	bool has_node = false;

	while (scan.at < scan.end) {
		if (!is_at(&scan, ';') && !take_pair(&scan, node, &has_node)) {
			node[0] = '\0';
			return;
		}
		skip_blanks(&scan);
		if (is_at(&scan, ';')) {
			scan.at++;
			skip_blanks(&scan);
		} else if (scan.at < scan.end) {
			node[0] = '\0';
			return;
		}
	}
}

/* --- lists, from the right ------------------------------------------------ */

/* One of the two fields. */
struct form {
	const char *name;
	bool has_quotes; /* a comma may stand in them */

	/* Write the node that an element tells to `node`, which is empty. */
	void (*read)(struct text element, char node[NODE_MAX]);
};

static const struct form x_forwarded_for = {X_FORWARDED_FOR, false, read_address};
static const struct form forwarded = {FORWARDED, true, read_element};

/* Whether the byte at `place` has an odd number of backslashes before it. */
static bool is_escaped(struct text text, size_t place)
{
	size_t at = place;

	while (at > 0 && text.bytes[at - 1] == '\\') {
		at--;
	}
	return (place - at) % 2 != 0;
}

/* The place behind the last comma that separates elements; 0 when there is none. */
static size_t find_last(struct text list, const struct form *form)
{
	bool is_quoted = false;
	size_t at = list.length;

	for (; at > 0 && (is_quoted || list.bytes[at - 1] != ','); at--) {
		if (form->has_quotes && list.bytes[at - 1] == '"') {
			is_quoted = is_quoted == is_escaped(list, at - 1);
		}
	}
	return at;
}

static void read_list(struct chain *chain, struct text list, const struct form *form)
{
	while (list.length > 0 && !chain->is_over) {
		size_t begin = find_last(list, form);
		struct text element = http_request_trim(
		    (struct text){.bytes = list.bytes + begin, .length = list.length - begin});
		char node[NODE_MAX] = "";

		list.length = begin > 0 ? begin - 1 : 0;
		if (element.length > 0) { /* RFC 9110 §5.6.1: empty ones are passed over */
			form->read(element, node);
			add_node(chain, node);
		}
	}
}

static void read_fields(struct chain *chain, const struct http_request *request,
                        const struct form *form)
{
	for (size_t i = request->field_count; i > 0 && !chain->is_over; i--) {
		const struct http_field *field = &request->fields[i - 1];

		if (http_request_text_is(field->name, form->name)) {
			read_list(chain, field->value, form);
		}
	}
}

/* --- from outside --------------------------------------------------------- */

void http_forwarded_client(const struct http_request *request, const struct conf_networks *trusted,
                           const struct sockaddr_in6 *peer, struct sockaddr_in6 *client)
{
	bool has_plain = http_request_field(request, X_FORWARDED_FOR).bytes != NULL;
	struct chain chain = {.trusted = trusted, .client = *peer};

	if (peer_is_in(peer, trusted)) {
		read_fields(&chain, request, has_plain ? &x_forwarded_for : &forwarded);
	}
	*client = chain.client;
}
