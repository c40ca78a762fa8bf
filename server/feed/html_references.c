/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/html_references.h"

#include "server/feed/name_table.h"

static const struct name_row rows[] = {
#define HTML_REFERENCE(name, text) {name, text},
#include "server/feed/html_references.def"
#undef HTML_REFERENCE
};

const char *html_references_find(struct text name)
{
	if (name.length > HTML_REFERENCE_NAME_MAX) {
		return NULL;
	}
	return name_table_find(rows, sizeof(rows) / sizeof(rows[0]), name);
}
