/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_type.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf_schema.h"
#include "conf/conf_text.h"

const char *conf_type_text(const struct conf_node *node)
{
	if (node->kind != CONF_NODE_SCALAR || strlen(node->text) != node->length) {
		return NULL;
	}
	return node->text;
}

void conf_type_describe(const struct conf_node *node, struct buffer *out)
{
	switch (node->kind) {
	case CONF_NODE_LIST:
		buffer_append_text(out, "a list");
		break;
	case CONF_NODE_MAPPING:
		buffer_append_text(out, "a mapping");
		break;
	case CONF_NODE_SCALAR:
		conf_text_quote_cut(out, node->text, node->length);
		break;
	default:
		buffer_append_text(out, "nothing");
		break;
	}
}

bool conf_type_refuse_as(const struct conf_node *node, const struct conf_option *option,
                         const char *problem, struct conf_faults *faults)
{
	struct buffer sentence = {0};

	conf_type_describe(node, &sentence);
	buffer_printf(&sentence, " %s (want ", problem);
	option->type->want(option, &sentence);
	buffer_append_byte(&sentence, ')');
	conf_fault_give(faults, node->mark, &sentence);
	return false;
}

bool conf_type_refuse(const struct conf_node *node, const struct conf_option *option,
                      struct conf_faults *faults)
{
	struct buffer problem = {0};
	char *text;

	if (node->kind == CONF_NODE_NULL) {
		buffer_append_text(&problem, "is given");
	} else {
		buffer_printf(&problem, "is not %s", option->type->noun);
	}
	text = buffer_take(&problem, NULL);
	(void)conf_type_refuse_as(node, option, text, faults);
	free(text);
	return false;
}
