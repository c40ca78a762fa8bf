/* SPDX-License-Identifier: Apache-2.0 */
#include "server/feed/irc_link.h"

#include <string.h>

struct link_form {
	const char *before;
	const char *after;
};

static const struct link_form plain = {"[[", "]]"};
static const struct link_form coloured = {"[[\00302", "\00310]]"};

static void append_link(struct text title, const struct link_form *form, struct buffer *out)
{
	buffer_append_text(out, form->before);
	buffer_append(out, title.bytes, title.length);
	buffer_append_text(out, form->after);
}

/* As PHP's str_replace(): from left to right, and what was put in is not looked at again. */
static void replace(struct text comment, struct text title, const struct link_form *from,
                    const struct link_form *to, struct buffer *out)
{
	struct buffer link = {0};
	const char *found;

	append_link(title, from, &link);
	while ((found = memmem(comment.bytes, comment.length, link.bytes, link.length)) != NULL) {
		size_t before = (size_t)(found - comment.bytes);

		buffer_append(out, comment.bytes, before);
		append_link(title, to, out);
		comment.bytes += before + link.length;
		comment.length -= before + link.length;
	}
	buffer_append(out, comment.bytes, comment.length);
	buffer_finish(&link);
}

void irc_link_colour(struct text comment, struct text title, struct buffer *out)
{
	replace(comment, title, &plain, &coloured, out);
}

void irc_link_uncolour(struct text comment, struct text title, struct buffer *out)
{
	replace(comment, title, &coloured, &plain, out);
}
