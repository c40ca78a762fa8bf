/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_BASE_ERROR_H
#define SERVER_BASE_ERROR_H

/*
 * A sentence for a person: where, what was met, what was wanted.  Set where it
 * happens, prefixed as it rises, printed once where it is decided.
 *
 * Threads: an error belongs to its caller's stack.
 */
struct error {
	char text[512];
};

/* Set the sentence, cut at the size of `text`.  NULL `error` does nothing. */
void error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Put "where" in front of what is there, as in "irc: listen: ". */
void error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
