/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/special_namespaces.h"

#include <string.h>

#include "server/feed/name_table.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct name_row namespaces[] = {
#define SPECIAL_NAMESPACE(language, name) {language, name},
#include "server/feed/special_namespaces.def"
#undef SPECIAL_NAMESPACE
};

static const struct name_row languages[] = {
#define SPECIAL_LANGUAGE(server_name, language) {server_name, language},
#include "server/feed/special_languages.def"
#undef SPECIAL_LANGUAGE
};

/* Most wikis are named after their language: "de.wikipedia.org". */
static struct text first_label(struct text server_name)
{
	const char *dot = memchr(server_name.bytes, '.', server_name.length);
	struct text label = server_name;

	if (dot != NULL) {
		label.length = (size_t)(dot - server_name.bytes);
	}
	return label;
}

const char *special_namespaces_find(struct text server_name)
{
	const char *known = name_table_find(languages, COUNT(languages), server_name);
	struct text language = first_label(server_name);
	const char *name;

	if (known != NULL) {
		language = (struct text){known, strlen(known)};
	}
	name = name_table_find(namespaces, COUNT(namespaces), language);
	return name != NULL ? name : "Special";
}
