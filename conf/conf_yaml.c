/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml's events become a tree.  Its own document API would do that too, but it
 * resolves aliases and forgets where keys stand.
 *
 * A frame is a list or mapping that is still open.  A key waits in its mapping's
 * frame until its value comes; as it may be a list or a mapping by YAML's rules, it
 * is a node until then.
 */
#include "conf/conf_yaml.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>
#include <utlist.h>
#include <yaml.h>

#include "conf/conf_text.h"
#include "server/base/memory.h"

struct frame {
	struct conf_node *container; /* its parent owns it */
	struct conf_node *key;       /* of a mapping: waits for its value; owned */
};

struct builder {
	struct conf_faults *faults;
	bool has_marks;
	bool has_document;
	struct conf_node *root; /* owned */
	struct frame frames[CONF_DEPTH_MAX];
	size_t depth;
};

void conf_yaml_destroy(struct conf_node *node)
{
	if (node == NULL) {
		return;
	}
	HASH_CLEAR(hh, node->by_key);
	while (node->children != NULL) {
		struct conf_node *child = node->children;

		DL_DELETE(node->children, child);
		conf_yaml_destroy(child); /* no deeper than CONF_DEPTH_MAX */
	}
	free(node->text);
	free(node->key);
	free(node);
}

const struct conf_node *conf_yaml_find(const struct conf_node *node, const char *key)
{
	struct conf_node *found;

	if (node == NULL) {
		return NULL;
	}
	HASH_FIND(hh, node->by_key, key, strlen(key), found);
	return found;
}

static struct conf_mark mark_of(const struct builder *builder, yaml_mark_t mark)
{
	if (!builder->has_marks) {
		return (struct conf_mark){0};
	}
	return (struct conf_mark){.line = mark.line + 1, .column = mark.column + 1};
}

/* Follows the open containers to the newest child, and no further than an open key. */
static size_t enter_path(struct builder *builder)
{
	size_t entered = builder->faults->path.length;

	for (size_t i = 0; i < builder->depth; i++) {
		const struct conf_node *container = builder->frames[i].container;
		const struct conf_node *newest;

		if (builder->frames[i].key != NULL || container->children == NULL) {
			break;
		}
		newest = container->children->prev;
		if (container->kind == CONF_NODE_LIST) {
			(void)conf_fault_enter_index(builder->faults, container->child_count - 1);
		} else if (newest->key != NULL) {
			(void)conf_fault_enter(builder->faults, newest->key, newest->key_length);
		}
	}
	return entered;
}

/* An anchor, a tag or an alias. */
static void refuse(struct builder *builder, const struct conf_node *node, const char *what,
                   const yaml_char_t *name, const char *wanted)
{
	size_t entered = enter_path(builder);
	struct buffer sentence = {0};

	buffer_printf(&sentence, "the %s ", what);
	conf_text_key(&sentence, (const char *)name, strlen((const char *)name));
	buffer_printf(&sentence, " is not taken (want %s)", wanted);
	conf_fault_give(builder->faults, node->mark, &sentence);
	conf_fault_leave(builder->faults, entered);
}

/* A value with a bad key stays, without one, so that it is owned and walked as any other. */
static void name_child(struct builder *builder, struct conf_node *container,
                       struct conf_node *child, struct conf_node *key)
{
	struct conf_node *twin;
	size_t entered;

	child->key_mark = key->mark;
	if (key->text == NULL) {
		return;
	}
	child->key = key->text;
	child->key_length = key->length;
	key->text = NULL;
	HASH_FIND(hh, container->by_key, child->key, child->key_length, twin);
	if (twin == NULL) {
		HASH_ADD_KEYPTR(hh, container->by_key, child->key, child->key_length, child);
		return;
	}
	entered = enter_path(builder);
	conf_fault_add(builder->faults, child->key_mark,
	               "is given twice, first on line %zu (want it once)", twin->key_mark.line);
	conf_fault_leave(builder->faults, entered);
	free(child->key);
	child->key = NULL;
}

static void attach_key(struct builder *builder, struct frame *frame, struct conf_node *node)
{
	frame->key = node;
	if (node->kind == CONF_NODE_LIST || node->kind == CONF_NODE_MAPPING) {
		size_t entered = enter_path(builder);

		conf_fault_add(builder->faults, node->mark, "a key is a %s (want text)",
		               node->kind == CONF_NODE_LIST ? "list" : "mapping");
		conf_fault_leave(builder->faults, entered);
	}
}

static void attach(struct builder *builder, struct conf_node *node)
{
	struct frame *frame;

	if (builder->depth == 0) {
		builder->root = node;
		return;
	}
	frame = &builder->frames[builder->depth - 1];
	require(frame->container != NULL);
	if (frame->container->kind == CONF_NODE_MAPPING && frame->key == NULL) {
		attach_key(builder, frame, node);
		return;
	}
	DL_APPEND(frame->container->children, node);
	frame->container->child_count++;
	if (frame->key != NULL) {
		struct conf_node *key = frame->key;

		frame->key = NULL;
		name_child(builder, frame->container, node, key);
		conf_yaml_destroy(key);
	}
}

static struct conf_node *node_create(const struct builder *builder, const yaml_event_t *event,
                                     enum conf_node_kind kind)
{
	struct conf_node *node = mem_new(struct conf_node);

	node->kind = kind;
	node->mark = mark_of(builder, event->start_mark);
	return node;
}

/* Anchors and tags do no harm to the tree, so the reader goes on with the value behind them. */
static void refuse_properties(struct builder *builder, const struct conf_node *node,
                              const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL) {
		refuse(builder, node, "anchor", anchor, "the value alone");
	}
	if (tag != NULL) {
		refuse(builder, node, "tag", tag, "the value alone");
	}
}

/* YAML 1.1's null, but for its tag: nothing, ~ or null, without quotes. */
static bool is_null(const yaml_event_t *event)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

	if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
		return false;
	}
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
		if (strcmp((const char *)event->data.scalar.value, nulls[i]) == 0) {
			return true;
		}
	}
	return false;
}

static void add_scalar(struct builder *builder, const yaml_event_t *event)
{
	struct conf_node *node =
	    node_create(builder, event, is_null(event) ? CONF_NODE_NULL : CONF_NODE_SCALAR);

	node->length = event->data.scalar.length;
	node->text = mem_copy_text((const char *)event->data.scalar.value, node->length);
	attach(builder, node);
	refuse_properties(builder, node, event->data.scalar.anchor, event->data.scalar.tag);
}

static void add_alias(struct builder *builder, const yaml_event_t *event)
{
	struct conf_node *node = node_create(builder, event, CONF_NODE_FAULTY);

	attach(builder, node);
	refuse(builder, node, "alias", event->data.alias.anchor, "the value itself");
}

static bool open_container(struct builder *builder, const yaml_event_t *event)
{
	bool is_list = event->type == YAML_SEQUENCE_START_EVENT;
	struct conf_node *node;

	if (builder->depth == CONF_DEPTH_MAX) {
		size_t entered = enter_path(builder);

		conf_fault_add(builder->faults, mark_of(builder, event->start_mark),
		               "a %s is nested too deep (want at most %d levels)",
		               is_list ? "list" : "mapping", CONF_DEPTH_MAX);
		conf_fault_leave(builder->faults, entered);
		return false;
	}
	node = node_create(builder, event, is_list ? CONF_NODE_LIST : CONF_NODE_MAPPING);
	attach(builder, node);
	if (is_list) {
		refuse_properties(builder, node, event->data.sequence_start.anchor,
		                  event->data.sequence_start.tag);
	} else {
		refuse_properties(builder, node, event->data.mapping_start.anchor,
		                  event->data.mapping_start.tag);
	}
	builder->frames[builder->depth++] = (struct frame){.container = node};
	return true;
}

static bool open_document(struct builder *builder, const yaml_event_t *event)
{
	if (builder->has_document) {
		conf_fault_add(builder->faults, mark_of(builder, event->start_mark),
		               "a second document begins (want one)");
		return false;
	}
	builder->has_document = true;
	return true;
}

/* False ends the reading: what follows makes no sense. */
static bool take(struct builder *builder, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return open_document(builder, event);
	case YAML_SCALAR_EVENT:
		add_scalar(builder, event);
		return true;
	case YAML_ALIAS_EVENT:
		add_alias(builder, event);
		return true;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return open_container(builder, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		require(builder->depth > 0); /* libyaml's events are balanced */
		builder->depth--;
		return true;
	default:
		return true;
	}
}

/* Columns count characters, as libyaml's do. */
static struct conf_mark mark_at(const char *text, size_t offset)
{
	struct conf_mark mark = {.line = 1, .column = 1};

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			mark.line++;
			mark.column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

static void add_syntax_fault(struct conf_faults *faults, const yaml_parser_t *parser,
                             const char *text)
{
	require(parser->error != YAML_MEMORY_ERROR);
	if (parser->error == YAML_READER_ERROR) {
		conf_fault_add(faults, mark_at(text, parser->problem_offset), "%s: U+%04X",
		               parser->problem, (unsigned)parser->problem_value);
	} else {
		struct conf_mark mark = {.line = parser->problem_mark.line + 1,
		                         .column = parser->problem_mark.column + 1};

		conf_fault_add(faults, mark, "%s%s%s", parser->problem,
		               parser->context != NULL ? " " : "",
		               parser->context != NULL ? parser->context : "");
	}
}

static bool build(struct builder *builder, const char *text, size_t length)
{
	yaml_parser_t parser;
	bool is_going = true;
	bool is_over = false;

	require(yaml_parser_initialize(&parser) == 1);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	while (is_going && !is_over) {
		yaml_event_t event;

		if (yaml_parser_parse(&parser, &event) == 0) {
			add_syntax_fault(builder->faults, &parser, text);
			is_going = false;
			break;
		}
		is_going = take(builder, &event);
		is_over = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return is_going;
}

static struct conf_node *parse(struct builder *builder, const char *text, size_t length)
{
	if (build(builder, text, length)) {
		return builder->root != NULL ? builder->root : mem_new(struct conf_node);
	}
	for (size_t i = 0; i < CONF_DEPTH_MAX; i++) {
		conf_yaml_destroy(builder->frames[i].key);
	}
	conf_yaml_destroy(builder->root);
	return NULL;
}

struct conf_node *conf_yaml_parse(const char *text, size_t length, struct conf_faults *faults)
{
	struct builder builder = {.faults = faults, .has_marks = true};
	const uint8_t *bad = u8_check((const uint8_t *)text, length);

	if (bad != NULL) {
		conf_fault_add(faults, mark_at(text, (size_t)((const char *)bad - text)),
		               "the byte 0x%02x is not UTF-8 (want a file in UTF-8)", *bad);
		return NULL;
	}
	return parse(&builder, text, length);
}

struct conf_node *conf_yaml_parse_constant(const char *text)
{
	struct conf_faults faults = {.file = "built-in"};
	struct builder builder = {.faults = &faults};
	struct conf_node *root = parse(&builder, text, strlen(text));

	require(root != NULL && faults.count == 0);
	conf_fault_finish(&faults);
	return root;
}
