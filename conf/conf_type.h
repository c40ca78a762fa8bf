/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_TYPE_H
#define CONF_CONF_TYPE_H

#include <stdbool.h>

#include "conf/conf_fault.h"
#include "conf/conf_yaml.h"
#include "server/base/buffer.h"

/*
 * A type of options.def: how a value is read into its member, written and freed,
 * and what to call it in messages.
 *
 *   "soon" is not a duration (want seconds, 5 to 86400)
 *          ^ refuse   ^ noun       ^ want()
 *
 * The types themselves are in conf_type_number.h, conf_type_text.h and
 * conf_type_address.h; this is what they have in common.
 *
 * Threads: constant.
 */
struct conf_option;

struct conf_type {
	const char *noun;

	/* Add what is wanted, with the limits of `option`. */
	void (*want)(const struct conf_option *option, struct buffer *out);

	/*
	 * Set `member` from `node`, which is neither FAULTY nor lent for longer; what it
	 * needs is copied.  False, with the reasons in `faults` and `member` empty.
	 */
	bool (*parse)(const struct conf_node *node, const struct conf_option *option, void *member,
	              struct conf_faults *faults);

	/* Add the value in YAML's flow style, on one line. */
	void (*print)(const void *member, struct buffer *out);

	/* Free what parse() took; all zero is fine.  NULL when a value owns nothing. */
	void (*finish)(void *member);
};

/* Add the fault `MET is not NOUN (want ...)`.  Returns false. */
bool conf_type_refuse(const struct conf_node *node, const struct conf_option *option,
                      struct conf_faults *faults);

/* Add the fault `MET <problem> (want ...)`, as in "is out of range".  Returns false. */
bool conf_type_refuse_as(const struct conf_node *node, const struct conf_option *option,
                         const char *problem, struct conf_faults *faults);

/* Add what was met: `"soon"`, `a list`, `nothing`. */
void conf_type_describe(const struct conf_node *node, struct buffer *out);

/* Lends the text of a scalar; NULL when `node` is none or holds a NUL, which no value may. */
const char *conf_type_text(const struct conf_node *node);

#endif
