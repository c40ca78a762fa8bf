/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_MEMBER_H
#define CONF_CONF_MEMBER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "server/base/log.h"

/*
 * What the members of the configuration's structs are: a C type for each TYPE of
 * conf/options.def.
 *
 * Threads: immutable once loaded.
 */

/* Where a value stands in the file, for messages; line 0: a default. */
struct conf_mark {
	size_t line;   /* from 1 */
	size_t column; /* from 1 */
};

/*
 * "host:port", host being an IPv4 address, an IPv6 address in brackets, or
 * "localhost"; port 0 takes any free one.  For datagrams also "unix:path".
 */
struct conf_address {
	const char *text; /* as written */
	const char *host; /* without brackets; NULL where there is a path */
	const char *path; /* of "unix:path", in `text`; else NULL */
	unsigned port;
	struct conf_mark mark;
};

struct conf_addresses {
	struct conf_address *items;
	size_t count;
};

/* "192.0.2.0/24", "2001:db8::/32" or a bare address. */
struct conf_network {
	struct in6_addr address; /* IPv4 is mapped (::ffff:a.b.c.d), bits behind the prefix are 0 */
	unsigned prefix;         /* 0 to 128, of the mapped form */
};

struct conf_networks {
	struct conf_network *items;
	size_t count;
};

struct conf_pair {
	const char *key;
	const char *value;
	struct conf_mark mark; /* of the value */
};

struct conf_map {
	struct conf_pair *items;
	size_t count;
};

struct conf_strings {
	const char **items;
	size_t count;
};

/*
 * Where a Redis server is, and who we are there:
 *
 *   redis://user:password@host:port/database    rediss:// is the same in TLS
 *   unix://user:password@/path?db=database      or redis+unix://
 *
 * All but the scheme and the host or the path may be left out.  User, password and path are
 * percent-decoded.
 */
struct conf_redis_url {
	const char *text;     /* as written */
	const char *shown;    /* for logs: without user and password */
	const char *host;     /* without brackets; NULL: a Unix socket */
	const char *path;     /* of the Unix socket, else NULL */
	const char *user;     /* NULL: none given */
	const char *password; /* NULL: none given */
	unsigned port;
	unsigned database;
	bool is_tls;
};

/* A certificate with its chain and its key: two files (PEM), or twice the same. */
struct conf_certificate {
	const char *certificate;
	const char *key;
};

struct conf_certificates {
	struct conf_certificate *items;
	size_t count;
};

enum conf_tls_version { CONF_TLS_1_2, CONF_TLS_1_3 };

/* The types that options.def names. */
#define CONF_TYPE_BOOL       bool
#define CONF_TYPE_UNSIGNED   unsigned
#define CONF_TYPE_AUTO       unsigned
#define CONF_TYPE_SECONDS    unsigned
#define CONF_TYPE_MILLIS     unsigned
#define CONF_TYPE_BYTES      size_t
#define CONF_TYPE_RATE       double
#define CONF_TYPE_STRING     const char *
#define CONF_TYPE_TEXT       const char *
#define CONF_TYPE_LOG_LEVEL  enum log_level
#define CONF_TYPE_LOG_FORMAT enum log_format
#define CONF_TYPE_ADDRESSES  struct conf_addresses
#define CONF_TYPE_SOCKETS    struct conf_addresses
#define CONF_TYPE_DATAGRAM   struct conf_address
#define CONF_TYPE_GROUPS     struct conf_networks
#define CONF_TYPE_MODE       unsigned
#define CONF_TYPE_NETWORKS   struct conf_networks
#define CONF_TYPE_MAP        struct conf_map
#define CONF_TYPE_STRINGS    struct conf_strings
#define CONF_TYPE_REDIS_URL  struct conf_redis_url
#define CONF_TYPE_KEYPAIRS   struct conf_certificates
#define CONF_TYPE_VERSION    enum conf_tls_version

#endif
