/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The usual form of Redis URLs (that of redis-py and redis-cli), taken apart from the left:
 *
 *   scheme :// user : password @ host : port / database
 */
#include "conf/conf_type_redis.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_schema.h"
#include "conf/conf_text.h"
#include "server/base/memory.h"

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* A part of the URL's text. */
struct part {
	const char *begin;
	const char *end;
};

static const struct {
	const char *prefix;
	bool is_unix;
	bool is_tls;
} schemes[] = {
    {"redis://", false, false},
    {"rediss://", false, true},
    {"unix://", true, false},
    {"redis+unix://", true, false},
};

static size_t length_of(struct part part)
{
	return (size_t)(part.end - part.begin);
}

/* Sets the number of at most nine digits that `part` is. */
static bool parse_decimal(struct part part, unsigned max, unsigned *value)
{
	size_t length = length_of(part);

	if (length == 0 || length > 9 || strspn(part.begin, DIGITS) < length) {
		return false;
	}
	*value = (unsigned)strtoul(part.begin, NULL, 10);
	return *value <= max;
}

static int hex_value(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = digit != '\0' ? strchr(digits, digit | 0x20) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

/* Gives the text with %XX decoded (RFC 3986 §2.1); NULL when one is malformed or a NUL. */
static char *decode(struct part part)
{
	char *text = mem_copy_text(part.begin, length_of(part));
	char *out = text;

	for (const char *in = part.begin; in < part.end; in++) {
		int high = *in == '%' && part.end - in > 2 ? hex_value(in[1]) : -1;
		int low = high >= 0 ? hex_value(in[2]) : -1;

		if (*in == '%' && (low < 0 || (high == 0 && low == 0))) {
			free(text);
			return NULL;
		}
		*out++ = (char)(*in == '%' ? high * 16 + low : *in);
		in += *in == '%' ? 2 : 0;
	}
	*out = '\0';
	return text;
}

static bool parse_user(struct part part, struct conf_redis_url *url)
{
	const char *colon = memchr(part.begin, ':', length_of(part));
	struct part user = {part.begin, colon != NULL ? colon : part.end};

	if (length_of(user) > 0) {
		url->user = decode(user);
		if (url->user == NULL) {
			return false;
		}
	}
	if (colon != NULL) {
		url->password = decode((struct part){colon + 1, part.end});
		return url->password != NULL && url->password[0] != '\0';
	}
	return url->user != NULL;
}

/* Takes "user:password@" off the front of what stands before the first slash. */
static bool take_user(struct part *rest, struct conf_redis_url *url)
{
	const char *slash = memchr(rest->begin, '/', length_of(*rest));
	struct part authority = {rest->begin, slash != NULL ? slash : rest->end};
	const char *at = memrchr(authority.begin, '@', length_of(authority));

	if (at == NULL) {
		return true;
	}
	rest->begin = at + 1;
	return parse_user((struct part){authority.begin, at}, url);
}

/* RFC 1035 §2.3.4: labels of 1 to 63 bytes; the last may be the empty one of the root. */
static bool is_host_name(const char *host)
{
	size_t length = strlen(host);
	size_t label = 0;

	if (length > CONF_REDIS_HOST_MAX) {
		return false;
	}
	do {
		label = strspn(host, LETTERS DIGITS "_-");
		if (label == 0 || label > 63 || host[0] == '-') {
			return false;
		}
		host += label + (host[label] == '.' ? 1 : 0);
	} while (host[0] != '\0' && host[-1] == '.');
	return host[0] == '\0';
}

static bool parse_host(struct part part, struct conf_redis_url *url)
{
	bool has_brackets = part.begin < part.end && *part.begin == '[';
	const char *end = memchr(part.begin, has_brackets ? ']' : ':', length_of(part));
	struct in6_addr ignored;

	if (has_brackets) {
		if (end == NULL) {
			return false;
		}
		url->host = mem_copy_text(part.begin + 1, (size_t)(end - part.begin - 1));
		part.begin = end + 1;
		if (inet_pton(AF_INET6, url->host, &ignored) != 1) {
			return false;
		}
	} else {
		end = end != NULL ? end : part.end;
		url->host = mem_copy_text(part.begin, (size_t)(end - part.begin));
		part.begin = end;
		if (!is_host_name(url->host)) {
			return false;
		}
	}
	url->port = CONF_REDIS_PORT;
	if (part.begin == part.end) {
		return true;
	}
	part.begin++;
	return part.begin[-1] == ':' && parse_decimal(part, 65535, &url->port) && url->port > 0;
}

static bool parse_database(struct part part, struct conf_redis_url *url)
{
	return length_of(part) == 0 || parse_decimal(part, 999999999, &url->database);
}

static bool parse_tcp(struct part rest, struct conf_redis_url *url)
{
	const char *slash = memchr(rest.begin, '/', length_of(rest));
	struct part host = {rest.begin, slash != NULL ? slash : rest.end};

	return parse_host(host, url) &&
	       (slash == NULL || parse_database((struct part){slash + 1, rest.end}, url));
}

static bool parse_unix(struct part rest, struct conf_redis_url *url)
{
	static const char key[] = "?db=";
	const char *query = memchr(rest.begin, '?', length_of(rest));
	struct part path = {rest.begin, query != NULL ? query : rest.end};

	url->path = decode(path);
	if (url->path == NULL || url->path[0] != '/' || strlen(url->path) > CONF_REDIS_PATH_MAX) {
		return false;
	}
	if (query == NULL) {
		return true;
	}
	return strncmp(query, key, strlen(key)) == 0 &&
	       parse_decimal((struct part){query + strlen(key), rest.end}, 999999999,
	                     &url->database);
}

static char *join(struct part first, const char *middle, struct part last)
{
	struct buffer text = {0};

	buffer_append(&text, first.begin, length_of(first));
	buffer_append_text(&text, middle);
	buffer_append(&text, last.begin, length_of(last));
	return buffer_take(&text, NULL);
}

static bool parse_text(const char *text, struct conf_redis_url *url)
{
	struct part rest = {text, text + strlen(text)};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t length = strlen(schemes[i].prefix);

		if (strncmp(text, schemes[i].prefix, length) != 0) {
			continue;
		}
		rest.begin += length;
		url->is_tls = schemes[i].is_tls;
		if (!take_user(&rest, url)) {
			return false;
		}
		url->shown = join((struct part){text, text + length}, "", rest);
		return schemes[i].is_unix ? parse_unix(rest, url) : parse_tcp(rest, url);
	}
	return false;
}

static bool has_blank(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text <= ' ' || *text == 0x7f) {
			return true;
		}
	}
	return false;
}

static void want_url(const struct conf_option *option, struct buffer *out)
{
	(void)option;
	buffer_append_text(out, "redis://host:port/database, rediss:// for TLS, or unix:///path; "
	                        "user:password@ in front of it");
}

static void print_url(const void *member, struct buffer *out)
{
	const struct conf_redis_url *url = member;

	conf_text_quote(out, url->text, strlen(url->text));
}

static void finish_url(void *member)
{
	struct conf_redis_url *url = member;

	free((char *)url->text);
	free((char *)url->shown);
	free((char *)url->host);
	free((char *)url->path);
	free((char *)url->user);
	free((char *)url->password);
	*url = (struct conf_redis_url){0};
}

/* What is in front of the last "@" may be a password: it goes into no message. */
static bool refuse(const struct conf_node *node, const struct conf_option *option,
                   struct conf_faults *faults)
{
	const char *text = conf_type_text(node);
	const char *at = text != NULL ? strrchr(text, '@') : NULL;
	const char *slashes = at != NULL ? strstr(text, "://") : NULL;
	struct conf_node shown = *node;
	struct part scheme = {text, slashes != NULL && slashes < at ? slashes + 3 : text};

	if (at == NULL) {
		return conf_type_refuse(node, option, faults);
	}
	shown.text = join(scheme, "***", (struct part){at, text + node->length});
	shown.length = strlen(shown.text);
	(void)conf_type_refuse(&shown, option, faults);
	free(shown.text);
	return false;
}

static bool parse_url(const struct conf_node *node, const struct conf_option *option, void *member,
                      struct conf_faults *faults)
{
	struct conf_redis_url *url = member;
	const char *text = conf_type_text(node);

	*url = (struct conf_redis_url){0};
	if (text == NULL || has_blank(text) || !parse_text(text, url)) {
		finish_url(url);
		return refuse(node, option, faults);
	}
	url->text = mem_copy_text(text, node->length);
	return true;
}

const struct conf_type conf_type_redis_url = {
    .noun = "a Redis URL",
    .want = want_url,
    .parse = parse_url,
    .print = print_url,
    .finish = finish_url,
};
