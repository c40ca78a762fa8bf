/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_type_text.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf_schema.h"
#include "conf/conf_text.h"
#include "conf/conf_type_list.h"
#include "server/base/memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const truths[] = {"true", "false"};

static void want_truth(const struct conf_option *option, struct buffer *out)
{
	(void)option;
	conf_text_join(out, truths, COUNT(truths), "or");
}

/* YAML 1.1's yes, no, on and off are not taken: a host called "no" has bitten many. */
static bool parse_truth(const struct conf_node *node, const struct conf_option *option,
                        void *member, struct conf_faults *faults)
{
	const char *text = conf_type_text(node);

	for (size_t i = 0; text != NULL && i < COUNT(truths); i++) {
		if (strcmp(text, truths[i]) == 0) {
			*(bool *)member = i == 0;
			return true;
		}
	}
	return conf_type_refuse(node, option, faults);
}

static void print_truth(const void *member, struct buffer *out)
{
	buffer_append_text(out, truths[*(const bool *)member ? 0 : 1]);
}

const struct conf_type conf_type_text_bool = {
    .noun = "a boolean",
    .want = want_truth,
    .parse = parse_truth,
    .print = print_truth,
};

static void want_level(const struct conf_option *option, struct buffer *out)
{
	const char *names[LOG_LEVEL_ERROR + 1];

	(void)option;
	for (int i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_ERROR; i++) {
		names[i] = log_level_name((enum log_level)i);
	}
	conf_text_join(out, names, COUNT(names), "or");
}

static bool parse_level(const struct conf_node *node, const struct conf_option *option,
                        void *member, struct conf_faults *faults)
{
	const char *text = conf_type_text(node);

	return (text != NULL && log_level_parse(text, member)) ||
	       conf_type_refuse(node, option, faults);
}

static void print_level(const void *member, struct buffer *out)
{
	buffer_append_text(out, log_level_name(*(const enum log_level *)member));
}

const struct conf_type conf_type_text_log_level = {
    .noun = "a log level",
    .want = want_level,
    .parse = parse_level,
    .print = print_level,
};

static void want_format(const struct conf_option *option, struct buffer *out)
{
	const char *names[LOG_FORMAT_JOURNAL + 1];

	(void)option;
	for (int i = LOG_FORMAT_AUTO; i <= LOG_FORMAT_JOURNAL; i++) {
		names[i] = log_format_name((enum log_format)i);
	}
	conf_text_join(out, names, COUNT(names), "or");
}

static bool parse_format(const struct conf_node *node, const struct conf_option *option,
                         void *member, struct conf_faults *faults)
{
	const char *text = conf_type_text(node);

	return (text != NULL && log_format_parse(text, member)) ||
	       conf_type_refuse(node, option, faults);
}

static void print_format(const void *member, struct buffer *out)
{
	buffer_append_text(out, log_format_name(*(const enum log_format *)member));
}

const struct conf_type conf_type_text_log_format = {
    .noun = "a log format",
    .want = want_format,
    .parse = parse_format,
    .print = print_format,
};

static void want_length(const struct conf_option *option, struct buffer *out)
{
	if (option->min > 0) {
		buffer_printf(out, "%.0f to %.0f bytes", option->min, option->max);
	} else {
		buffer_printf(out, "at most %.0f bytes", option->max);
	}
}

static void want_string(const struct conf_option *option, struct buffer *out)
{
	buffer_append_text(out, "a line of ");
	want_length(option, out);
}

static void want_text(const struct conf_option *option, struct buffer *out)
{
	buffer_append_text(out, "text of ");
	want_length(option, out);
}

static bool parse_words(const struct conf_node *node, const struct conf_option *option,
                        const char *forbidden, void *member, struct conf_faults *faults)
{
	const char *text = conf_type_text(node);

	if (text == NULL || strpbrk(text, forbidden) != NULL) {
		return conf_type_refuse(node, option, faults);
	}
	if (node->length < (size_t)option->min) {
		return conf_type_refuse_as(node, option, "is too short", faults);
	}
	if (node->length > (size_t)option->max) {
		return conf_type_refuse_as(node, option, "is too long", faults);
	}
	*(const char **)member = mem_copy_text(text, node->length);
	return true;
}

static bool parse_string(const struct conf_node *node, const struct conf_option *option,
                         void *member, struct conf_faults *faults)
{
	return parse_words(node, option, "\r\n", member, faults);
}

/* A carriage return would end an IRC line inside a line of the MOTD. */
static bool parse_text(const struct conf_node *node, const struct conf_option *option, void *member,
                       struct conf_faults *faults)
{
	return parse_words(node, option, "\r", member, faults);
}

static void print_words(const void *member, struct buffer *out)
{
	const char *text = *(const char *const *)member;

	conf_text_quote(out, text, strlen(text));
}

static void finish_words(void *member)
{
	free(*(char **)member);
}

const struct conf_type conf_type_text_string = {
    .noun = "a line of text",
    .want = want_string,
    .parse = parse_string,
    .print = print_words,
    .finish = finish_words,
};

const struct conf_type conf_type_text_lines = {
    .noun = "text",
    .want = want_text,
    .parse = parse_text,
    .print = print_words,
    .finish = finish_words,
};

/* Names and patterns of other programs: an empty one would be a slip. */
static const struct conf_option string_item = {
    .type = &conf_type_text_string, .min = 1, .max = 255};
static const struct conf_type_list string_list = {
    .item = &string_item,
    .size = sizeof(const char *),
    .noun = "lines of text",
};

static void want_strings(const struct conf_option *option, struct buffer *out)
{
	conf_type_list_want(&string_list, option, out);
}

static bool parse_strings(const struct conf_node *node, const struct conf_option *option,
                          void *member, struct conf_faults *faults)
{
	struct conf_strings *strings = member;
	size_t count;

	strings->items = conf_type_list_parse(&string_list, node, option, faults, &count);
	strings->count = count;
	return strings->items != NULL;
}

static void print_strings(const void *member, struct buffer *out)
{
	const struct conf_strings *strings = member;

	conf_type_list_print(&string_list, strings->items, strings->count, out);
}

static void finish_strings(void *member)
{
	struct conf_strings *strings = member;

	conf_type_list_free(&string_list, strings->items, strings->count);
	*strings = (struct conf_strings){0};
}

const struct conf_type conf_type_text_strings = {
    .noun = "a list of lines of text",
    .want = want_strings,
    .parse = parse_strings,
    .print = print_strings,
    .finish = finish_strings,
};

static void want_map(const struct conf_option *option, struct buffer *out)
{
	buffer_printf(out, "a mapping of at most %.0f keys", option->max);
}

static void finish_map(void *member)
{
	struct conf_map *map = member;

	for (size_t i = 0; i < map->count; i++) {
		free((char *)map->items[i].key);
		free((char *)map->items[i].value);
	}
	free(map->items);
	*map = (struct conf_map){0};
}

/* Both sides as the bytes of a line of text: what they mean is for conf_check.c to say. */
static const struct conf_option pair_side = {.type = &conf_type_text_string, .min = 1, .max = 255};

static bool parse_pair(const struct conf_node *node, struct conf_pair *pair,
                       struct conf_faults *faults)
{
	const struct conf_node key = {.kind = CONF_NODE_SCALAR,
	                              .mark = node->key_mark,
	                              .text = node->key,
	                              .length = node->key_length};
	size_t entered = conf_fault_enter(faults, node->key, node->key_length);
	bool is_good = pair_side.type->parse(&key, &pair_side, &pair->key, faults);

	is_good = node->kind != CONF_NODE_FAULTY &&
	          pair_side.type->parse(node, &pair_side, &pair->value, faults) && is_good;
	pair->mark = node->mark;
	conf_fault_leave(faults, entered);
	return is_good;
}

static bool parse_map(const struct conf_node *node, const struct conf_option *option, void *member,
                      struct conf_faults *faults)
{
	struct conf_map *map = member;
	bool is_good = true;

	*map = (struct conf_map){0};
	if (node->kind != CONF_NODE_MAPPING) {
		return conf_type_refuse(node, option, faults);
	}
	if (node->child_count > (size_t)option->max) {
		return conf_type_refuse_as(node, option, "is too long", faults);
	}
	map->items = mem_zeroed((node->child_count + 1) * sizeof(*map->items));
	for (const struct conf_node *child = node->children; child != NULL; child = child->next) {
		if (child->key == NULL) {
			is_good = false; /* a fault that conf_yaml_parse() has added */
		} else {
			is_good = parse_pair(child, &map->items[map->count++], faults) && is_good;
		}
	}
	if (!is_good) {
		finish_map(map);
	}
	return is_good;
}

static void print_map(const void *member, struct buffer *out)
{
	const struct conf_map *map = member;

	buffer_append_byte(out, '{');
	for (size_t i = 0; i < map->count; i++) {
		const struct conf_pair *pair = &map->items[i];

		buffer_append_text(out, i > 0 ? ", " : "");
		conf_text_quote(out, pair->key, strlen(pair->key));
		buffer_append_text(out, ": ");
		conf_text_quote(out, pair->value, strlen(pair->value));
	}
	buffer_append_byte(out, '}');
}

const struct conf_type conf_type_text_map = {
    .noun = "a mapping",
    .want = want_map,
    .parse = parse_map,
    .print = print_map,
    .finish = finish_map,
};
