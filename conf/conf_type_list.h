/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_TYPE_LIST_H
#define CONF_CONF_TYPE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf_schema.h"
#include "conf/conf_type.h"

/*
 * What all types of lists have in common: any number of items of one type, the option
 * bounding how many.  A scalar stands for a list of one.
 *
 * Threads: constant.
 */
struct conf_type_list {
	const struct conf_option *item; /* its type and its own bounds */
	size_t size;                    /* of an item */
	const char *noun;               /* "addresses" */
};

/* Add "1 to 64 addresses". */
void conf_type_list_want(const struct conf_type_list *list, const struct conf_option *option,
                         struct buffer *out);

/*
 * Gives the items, to be ended with conf_type_list_free(), and how many in `count`; never
 * NULL unless there are faults, all of which are added: `count` is then 0.
 */
void *conf_type_list_parse(const struct conf_type_list *list, const struct conf_node *node,
                           const struct conf_option *option, struct conf_faults *faults,
                           size_t *count);

/* Add the items in YAML's flow style. */
void conf_type_list_print(const struct conf_type_list *list, const void *items, size_t count,
                          struct buffer *out);

/* Free them with what they own.  NULL does nothing. */
void conf_type_list_free(const struct conf_type_list *list, void *items, size_t count);

#endif
