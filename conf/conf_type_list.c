/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_type_list.h"

#include <stdlib.h>

#include "server/base/memory.h"

void conf_type_list_want(const struct conf_type_list *list, const struct conf_option *option,
                         struct buffer *out)
{
	if (option->min > 0) {
		buffer_printf(out, "%.0f to %.0f %s", option->min, option->max, list->noun);
	} else {
		buffer_printf(out, "at most %.0f %s", option->max, list->noun);
	}
}

void conf_type_list_free(const struct conf_type_list *list, void *items, size_t count)
{
	const struct conf_type *type = list->item->type;

	for (size_t i = 0; i < count && type->finish != NULL; i++) {
		type->finish((char *)items + i * list->size);
	}
	free(items);
}

void conf_type_list_print(const struct conf_type_list *list, const void *items, size_t count,
                          struct buffer *out)
{
	buffer_append_byte(out, '[');
	for (size_t i = 0; i < count; i++) {
		buffer_append_text(out, i > 0 ? ", " : "");
		list->item->type->print((const char *)items + i * list->size, out);
	}
	buffer_append_byte(out, ']');
}

/* Goes on behind a fault, so that all of a list are told. */
static bool parse_children(const struct conf_type_list *list, const struct conf_node *parent,
                           char *items, struct conf_faults *faults)
{
	bool is_good = true;
	size_t count = 0;

	for (const struct conf_node *node = parent->children; node != NULL; node = node->next) {
		size_t entered = conf_fault_enter_index(faults, count);
		void *member = items + count++ * list->size;

		is_good = node->kind != CONF_NODE_FAULTY &&
		          list->item->type->parse(node, list->item, member, faults) && is_good;
		conf_fault_leave(faults, entered);
	}
	return is_good;
}

static bool has_good_length(const struct conf_node *node, const struct conf_option *option,
                            struct conf_faults *faults)
{
	if (node->kind != CONF_NODE_LIST && node->kind != CONF_NODE_SCALAR) {
		return conf_type_refuse(node, option, faults);
	}
	if (node->kind == CONF_NODE_LIST && node->child_count < (size_t)option->min) {
		return conf_type_refuse_as(node, option, "is too short", faults);
	}
	if (node->child_count > (size_t)option->max) {
		return conf_type_refuse_as(node, option, "is too long", faults);
	}
	return true;
}

void *conf_type_list_parse(const struct conf_type_list *list, const struct conf_node *node,
                           const struct conf_option *option, struct conf_faults *faults,
                           size_t *count)
{
	char *items;
	bool is_good;

	*count = 0;
	if (!has_good_length(node, option, faults)) {
		return NULL;
	}
	/* One more than there are, so that an empty list is not NULL either. */
	items = mem_zeroed((node->child_count + 1) * list->size);
	*count = node->kind == CONF_NODE_LIST ? node->child_count : 1;
	if (node->kind == CONF_NODE_LIST) {
		is_good = parse_children(list, node, items, faults);
	} else {
		is_good = list->item->type->parse(node, list->item, items, faults);
	}
	if (!is_good) {
		conf_type_list_free(list, items, *count);
		*count = 0;
		return NULL;
	}
	return items;
}
