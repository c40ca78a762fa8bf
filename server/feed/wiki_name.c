/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exceptions are one array, walked: the built-in ones are sixteen, and the
 * few that a configuration adds do not make hashing pay.  At the limit of 4096
 * in conf/options.def a walk takes some ten microseconds.
 */
#include "server/feed/wiki_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/base/memory.h"

#define ORG        ".org"
#define ORG_LENGTH (sizeof(ORG) - 1)

struct exception {
	const char *wiki;
	const char *channel;
	const char *server_name; /* "": not known */
};

static const struct exception builtins[] = {
#define WIKI_CHANNEL(wiki, channel, server_name) {wiki, channel, server_name},
#include "server/feed/wiki_channels.def"
#undef WIKI_CHANNEL
};

#define BUILTINS (sizeof(builtins) / sizeof(builtins[0]))

/* Those of the configuration first; only their names are owned. */
struct wiki_names {
	size_t configured;
	size_t count;
	struct exception exceptions[];
};

static bool equals(const char *name, struct text text)
{
	return strlen(name) == text.length && memcmp(name, text.bytes, text.length) == 0;
}

/* Lends the server name of one of Wikimedia's exceptions; "" for any other wiki. */
static const char *builtin_server_name(const char *wiki)
{
	for (size_t i = 0; i < BUILTINS; i++) {
		if (strcmp(builtins[i].wiki, wiki) == 0) {
			return builtins[i].server_name;
		}
	}
	return "";
}

struct wiki_names *wiki_names_create(const struct wiki_name_exception *exceptions, size_t count)
{
	struct wiki_names *names =
	    mem_zeroed(sizeof(*names) + (count + BUILTINS) * sizeof(names->exceptions[0]));

	names->configured = count;
	names->count = count + BUILTINS;
	for (size_t i = 0; i < count; i++) {
		const char *wiki = exceptions[i].wiki;
		const char *channel = exceptions[i].channel;

		names->exceptions[i] = (struct exception){
		    .wiki = mem_copy_text(wiki, strlen(wiki)),
		    .channel = mem_copy_text(channel, strlen(channel)),
		    .server_name = builtin_server_name(wiki),
		};
	}
	memcpy(names->exceptions + count, builtins, sizeof(builtins));
	return names;
}

void wiki_names_destroy(struct wiki_names *names)
{
	if (names == NULL) {
		return;
	}
	for (size_t i = 0; i < names->configured; i++) {
		free((char *)names->exceptions[i].wiki);
		free((char *)names->exceptions[i].channel);
	}
	free(names);
}

/* Lends the channel that is an exception; NULL bytes when the wiki has none. */
static struct text exceptional_channel(const struct wiki_names *names, struct text server_name,
                                       struct text database)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct exception *exception = &names->exceptions[i];
		bool is_it = database.bytes != NULL ? equals(exception->wiki, database)
		                                    : equals(exception->server_name, server_name);

		if (is_it) {
			return (struct text){exception->channel, strlen(exception->channel)};
		}
	}
	return (struct text){.bytes = NULL};
}

static bool ends_in_org(struct text name)
{
	return name.length > ORG_LENGTH &&
	       memcmp(name.bytes + name.length - ORG_LENGTH, ORG, ORG_LENGTH) == 0;
}

bool wiki_channel(const struct wiki_names *names, struct text server_name, struct text database,
                  char channel[WIKI_CHANNEL_MAX + 1])
{
	struct text exception = exceptional_channel(names, server_name, database);
	char wanted[1 + WIKI_NAME_MAX + 1];
	struct text name = server_name;

	require(wiki_server_name_is_valid(server_name.bytes, server_name.length));
	if (exception.bytes == NULL) {
		name.length -= ends_in_org(name) ? ORG_LENGTH : 0;
		(void)snprintf(wanted, sizeof(wanted), "#%.*s", (int)name.length, name.bytes);
		exception = (struct text){wanted, strlen(wanted)};
	}
	if (!wiki_channel_is_valid(exception.bytes, exception.length)) {
		exception = (struct text){"#", 1};
	}
	memcpy(channel, exception.bytes, exception.length);
	channel[exception.length] = '\0';
	return exception.length > 1;
}

void wiki_server_name(const struct wiki_names *names, struct text channel,
                      char server_name[WIKI_NAME_MAX + 1])
{
	struct text name = {channel.bytes + 1, channel.length - 1};

	require(wiki_channel_is_valid(channel.bytes, channel.length));
	for (size_t i = 0; i < names->count; i++) {
		const struct exception *exception = &names->exceptions[i];

		if (exception->server_name[0] != '\0' && equals(exception->channel, channel)) {
			(void)snprintf(server_name, WIKI_NAME_MAX + 1, "%s",
			               exception->server_name);
			return;
		}
	}
	(void)snprintf(server_name, WIKI_NAME_MAX + 1, "%.*s%s", (int)name.length, name.bytes,
	               ends_in_org(name) ? "" : ORG);
}

/* Whether all of it are ASCII letters, digits and bytes of `others`. */
static bool consists_of(const char *bytes, size_t length, const char *others)
{
	for (size_t i = 0; i < length; i++) {
		char byte = bytes[i];
		bool is_alphanumeric = (byte >= 'a' && byte <= 'z') ||
		                       (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');

		if (!is_alphanumeric && (byte == '\0' || strchr(others, byte) == NULL)) {
			return false;
		}
	}
	return true;
}

bool wiki_channel_is_valid(const char *channel, size_t length)
{
	return length >= 2 && length <= WIKI_CHANNEL_MAX && channel[0] == '#' &&
	       consists_of(channel + 1, length - 1, "_.-");
}

bool wiki_server_name_is_valid(const char *name, size_t length)
{
	return length >= 1 && length <= WIKI_NAME_MAX && consists_of(name, length, "_.-:[]");
}
