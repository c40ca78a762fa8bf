/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts are not given to printf(): its formats must be literals for the
 * compiler to check them, and strings are all that is needed.
 */
#include "protocols/irc/irc_numerics.h"

#include <string.h>

#include "protocols/irc/irc_message.h"
#include "server/base/memory.h"

#define ARGUMENT "%s"

static const struct numeric_row {
	unsigned number;
	const char *text;
} rows[] = {
#define NUMERIC(row_number, name, row_text) [name] = {.number = (row_number), .text = (row_text)},
#include "protocols/irc/irc_numerics.def"
#undef NUMERIC
};

unsigned irc_numeric_number(enum irc_numeric numeric)
{
	return rows[numeric].number;
}

size_t irc_numeric_arguments(enum irc_numeric numeric)
{
	size_t count = 0;

	for (const char *at = strstr(rows[numeric].text, ARGUMENT); at != NULL;
	     at = strstr(at + strlen(ARGUMENT), ARGUMENT)) {
		count++;
	}
	return count;
}

static void fill_in(struct buffer *out, const char *text, const char *const *arguments)
{
	const char *place;

	while ((place = strstr(text, ARGUMENT)) != NULL) {
		require(*arguments != NULL);
		buffer_append(out, text, (size_t)(place - text));
		buffer_append_text(out, *arguments++);
		text = place + strlen(ARGUMENT);
	}
	require(*arguments == NULL);
	buffer_append_text(out, text);
}

void irc_numeric_write(struct buffer *out, enum irc_numeric numeric, const char *server_name,
                       const char *nick, const char *const *arguments)
{
	size_t start = out->length;

	buffer_printf(out, ":%s %03u %s ", server_name, rows[numeric].number, nick);
	fill_in(out, rows[numeric].text, arguments);
	irc_line_end(out, start);
}
