/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_READ_H
#define CONF_CONF_READ_H

#include "conf/conf.h"
#include "conf/conf_fault.h"
#include "conf/conf_yaml.h"

/*
 * From the tree of a file to struct conf, along the schema: every option of every
 * section gets what its key holds, or its default; every key that no option asked
 * for is a fault.
 *
 * Threads: the caller's.
 */

/*
 * Fills `conf`, all zero but for its `file`, from the root of a file.  With faults
 * added it is complete enough for conf_destroy() and nothing else.
 */
void conf_read_root(struct conf *conf, const struct conf_node *root, struct conf_faults *faults);

/*
 * Gives `name`, or the first of "name-2", "name-3" ... that no entry of `ingest` has;
 * to be ended with free().
 */
char *conf_read_free_name(const struct conf *conf, const char *name);

#endif
