/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/client_names.h"

#include <stdio.h>
#include <string.h>

#define MORE_MAX 32 /* of " and 4294967295 more" */

void client_names_add(struct client_names *names, const char *name, size_t length)
{
	const size_t room = sizeof(names->text) - MORE_MAX - names->length;
	const char *separator = names->count > 0 ? ", " : "";
	size_t before = strlen(separator);

	if (names->count++ == 0 && length > room) {
		length = room;
	}
	if (names->left_out > 0 || before + length > room) {
		names->left_out++;
		return;
	}
	memcpy(names->text + names->length, separator, before);
	memcpy(names->text + names->length + before, name, length);
	names->length += before + length;
}

const char *client_names_text(struct client_names *names)
{
	if (names->left_out > 0) {
		(void)snprintf(names->text + names->length, sizeof(names->text) - names->length,
		               " and %u more", names->left_out);
	}
	return names->text;
}
