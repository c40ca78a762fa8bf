/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_FAULT_H
#define CONF_CONF_FAULT_H

#include <stddef.h>

#include "conf/conf.h"

/*
 * The faults of one file: collected while it is read, printed in the file's order.
 * The collector follows the reader through the file, so that who finds a fault
 * need not know the key it is in:
 *
 *   enter("irc") ─ enter("listen") ─ enter_index(1) ─> "irc.listen[1]: ..."
 *
 * Threads: the caller's.
 */
#define CONF_FAULTS_MAX 200 /* a file with more of them is not a configuration */

struct conf_fault {
	struct conf_mark mark;
	char *text; /* "irc.listen[1]: ...", owned */
};

/* All zero but `file` is an empty collector. */
struct conf_faults {
	const char *file; /* its name in messages, lent */
	struct conf_fault *items;
	size_t count;
	size_t omitted;          /* faults over CONF_FAULTS_MAX */
	struct conf_mark cut_at; /* the first of them */
	struct buffer path;      /* "irc.listen[1]" */
};

/* Step into a key or an item.  Returns what conf_fault_leave() takes to step out again. */
size_t conf_fault_enter(struct conf_faults *faults, const char *key, size_t length);
size_t conf_fault_enter_index(struct conf_faults *faults, size_t index);
void conf_fault_leave(struct conf_faults *faults, size_t entered);

/* Add a fault of the key entered; it says what was met and what is wanted. */
void conf_fault_add(struct conf_faults *faults, struct conf_mark mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the sentence in a buffer, which is emptied. */
void conf_fault_give(struct conf_faults *faults, struct conf_mark mark, struct buffer *sentence);

/* Add each fault to `out`, as the line that conf_load() promises. */
void conf_fault_print(const struct conf_faults *faults, struct buffer *out);

/* Free what was collected. */
void conf_fault_finish(struct conf_faults *faults);

#endif
