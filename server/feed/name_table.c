/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/name_table.h"

#include <stdlib.h>
#include <string.h>

/* Bytes as unsigned, a shorter name before a longer one that begins with it: strcmp()'s order. */
static int compare_names(const void *key, const void *row)
{
	const struct text *name = key;
	const char *other = ((const struct name_row *)row)->name;
	size_t other_length = strlen(other);
	size_t common = name->length < other_length ? name->length : other_length;
	int order = memcmp(name->bytes, other, common);

	if (order != 0) {
		return order;
	}
	return (name->length > other_length) - (name->length < other_length);
}

const char *name_table_find(const struct name_row *rows, size_t count, struct text name)
{
	const struct name_row *row = bsearch(&name, rows, count, sizeof(rows[0]), compare_names);

	return row != NULL ? row->text : NULL;
}
