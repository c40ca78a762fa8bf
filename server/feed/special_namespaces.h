/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_SPECIAL_NAMESPACES_H
#define SERVER_FEED_SPECIAL_NAMESPACES_H

#include "server/feed/change.h"

/*
 * What a wiki calls its Special namespace.  The IRC line of a log entry begins
 * with it, in the language of the wiki's content, and RCFeed JSON does not have
 * it: the server name has to tell.  Its first label is the language of most of
 * Wikimedia's wikis, by codes such as "als" and "zh-yue" that MediaWiki knows too.
 *
 * Threads: any.
 */

/* Lends the name; "Special" for a wiki whose name does not begin with a language. */
const char *special_namespaces_find(struct text server_name);

#endif
