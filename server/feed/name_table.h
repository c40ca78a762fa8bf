/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_NAME_TABLE_H
#define SERVER_FEED_NAME_TABLE_H

#include <stddef.h>

#include "server/feed/change.h"

/*
 * A table of data that the program carries: names, each with a text, sorted by
 * the bytes of the names.
 *
 * Threads: any.
 */
struct name_row {
	const char *name;
	const char *text;
};

/*
 * Lends the text of a name, NULL when it is not in the table.  Compares about
 * log2(count) names.
 */
const char *name_table_find(const struct name_row *rows, size_t count, struct text name);

#endif
