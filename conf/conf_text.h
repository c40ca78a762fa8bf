/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_TEXT_H
#define CONF_CONF_TEXT_H

#include <stddef.h>

#include "server/base/buffer.h"

/*
 * Words for people: quoting what a file holds, listing what is known, finding the
 * word that was meant, folding a paragraph.
 *
 * Threads: any.
 */

/*
 * Add `text`, valid UTF-8, in double quotes with YAML's escapes: one line, which a
 * YAML parser reads back to the same and which can do no harm on a terminal.
 */
void conf_text_quote(struct buffer *out, const char *text, size_t length);

/* The same for a message: cut at CONF_TEXT_CUT characters, with "..." behind the quotes. */
#define CONF_TEXT_CUT 40
void conf_text_quote_cut(struct buffer *out, const char *text, size_t length);

/* Add a key of a file for a message: as it is when it is a plain word, else quoted and cut. */
void conf_text_key(struct buffer *out, const char *key, size_t length);

/* Add "a, b and c", `last` being "and" here. */
void conf_text_join(struct buffer *out, const char *const *words, size_t count, const char *last);

/*
 * Lends the word that `met` was most likely meant to be: the one the fewest
 * insertions, deletions, replacements and swaps of neighbours away, else the one
 * it is the beginning of.  NULL when none is near.
 */
const char *conf_text_nearest(const char *met, const char *const *words, size_t count);

/* Add `text` folded at blanks to lines of at most `columns`, each with `before` in front. */
void conf_text_fold(struct buffer *out, const char *before, const char *text, size_t columns);

#endif
