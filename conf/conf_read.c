/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_read.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf_check.h"
#include "conf/conf_schema.h"
#include "conf/conf_text.h"
#include "server/base/memory.h"

struct reader {
	struct conf *conf;
	struct conf_faults *faults;
	struct conf_places places;
};

static void add_place(struct reader *reader, const void *member, const struct conf_node *node,
                      bool is_faulty)
{
	struct conf_places *places = &reader->places;

	places->items = mem_resize(places->items, (places->count + 1) * sizeof(*places->items));
	places->items[places->count++] =
	    (struct conf_place){.member = member, .mark = node->mark, .is_faulty = is_faulty};
}

static void set_default(struct reader *reader, const struct conf_option *option, void *member)
{
	struct conf_node *node;

	if (conf_schema_is_required(option)) {
		return; /* stays empty; a fault was or will be told */
	}
	node = conf_yaml_parse_constant(option->default_text);
	require(option->type->parse(node, option, member, reader->faults));
	conf_yaml_destroy(node);
}

/* `parent` is the mapping that the option may be in, NULL when that is absent. */
static void read_option(struct reader *reader, const struct conf_option *option, void *member,
                        const struct conf_node *parent)
{
	const struct conf_node *node = conf_yaml_find(parent, option->key);
	size_t entered = conf_fault_enter(reader->faults, option->key, strlen(option->key));
	bool is_good = false;

	if (node != NULL) {
		is_good = node->kind != CONF_NODE_FAULTY &&
		          option->type->parse(node, option, member, reader->faults);
		add_place(reader, member, node, !is_good);
	} else if (parent != NULL && conf_schema_is_required(option)) {
		struct buffer sentence = {0};

		buffer_append_text(&sentence, "is missing (want ");
		option->type->want(option, &sentence);
		buffer_append_byte(&sentence, ')');
		conf_fault_give(reader->faults, parent->mark, &sentence);
	}
	if (!is_good) {
		set_default(reader, option, member);
	}
	conf_fault_leave(reader->faults, entered);
}

static bool is_known(const struct conf_names *known, const struct conf_node *node)
{
	for (size_t i = 0; i < known->count; i++) {
		if (strlen(known->items[i]) == node->key_length &&
		    memcmp(known->items[i], node->key, node->key_length) == 0) {
			return true;
		}
	}
	return false;
}

static void refuse_key(struct reader *reader, const struct conf_names *known,
                       const struct conf_node *node)
{
	size_t entered = conf_fault_enter(reader->faults, node->key, node->key_length);
	const char *nearest = conf_text_nearest(node->key, known->items, known->count);
	struct buffer sentence = {0};

	if (nearest != NULL) {
		buffer_printf(&sentence, "is not a key here (did you mean %s?)", nearest);
	} else {
		buffer_append_text(&sentence, "is not a key here (want ");
		conf_text_join(&sentence, known->items, known->count, "or");
		buffer_append_byte(&sentence, ')');
	}
	conf_fault_give(reader->faults, node->key_mark, &sentence);
	conf_fault_leave(reader->faults, entered);
}

static void refuse_unknown_keys(struct reader *reader, const struct conf_section *section,
                                const struct conf_node *mapping)
{
	struct conf_names known;

	conf_schema_keys(section, &known);
	for (const struct conf_node *node = mapping->children; node != NULL; node = node->next) {
		if (node->key != NULL && !is_known(&known, node)) {
			refuse_key(reader, &known, node);
		}
	}
}

/*
 * Lends the mapping a section is, NULL when there is none; a key with nothing behind
 * it is a section left at its defaults, whose node has no children.
 */
static const struct conf_node *check_mapping(struct reader *reader, const struct conf_node *node,
                                             const char *wanted)
{
	if (node == NULL || node->kind == CONF_NODE_FAULTY) {
		return NULL;
	}
	if (node->kind == CONF_NODE_LIST || node->kind == CONF_NODE_SCALAR) {
		struct buffer sentence = {0};

		conf_type_describe(node, &sentence);
		buffer_printf(&sentence, " is not %s", wanted);
		conf_fault_give(reader->faults, node->mark, &sentence);
		return NULL;
	}
	return node;
}

/* Sets the struct of a section, at `object`, and those of its child sections. */
static void read_section(struct reader *reader, const struct conf_section *section, void *object,
                         const struct conf_node *mapping)
{
	bool may_be_off = section->kind == CONF_KIND_OPTIONAL || section->kind == CONF_KIND_EXTRA;

	*(bool *)object = !may_be_off || mapping != NULL; /* present */
	for (size_t i = 0; i < section->option_count; i++) {
		const struct conf_option *option = &section->options[i];

		read_option(reader, option, (char *)object + option->offset, mapping);
	}
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		const struct conf_section *child = &conf_schema_sections[i];
		const char *key = conf_schema_child_key(child, section);
		size_t entered;

		if (key == NULL) {
			continue;
		}
		entered = conf_fault_enter(reader->faults, key, strlen(key));
		read_section(reader, child, (char *)reader->conf + child->offset,
		             check_mapping(reader, conf_yaml_find(mapping, key),
		                           "a section (want a mapping of options)"));
		conf_fault_leave(reader->faults, entered);
	}
	if (mapping != NULL) {
		refuse_unknown_keys(reader, section, mapping);
	}
}

/* Lends the section that the `type` of an entry names, NULL when there is none. */
static const struct conf_section *read_type(struct reader *reader, const struct conf_node *entry)
{
	const struct conf_node *node = conf_yaml_find(entry, "type");
	const struct conf_section *section = NULL;
	struct buffer sentence = {0};
	struct conf_names types;
	size_t entered;

	if (node != NULL && node->kind == CONF_NODE_FAULTY) {
		return NULL;
	}
	if (node != NULL && conf_type_text(node) != NULL) {
		section = conf_schema_ingest(node->text);
	}
	if (section != NULL) {
		return section;
	}
	entered = conf_fault_enter(reader->faults, "type", strlen("type"));
	if (node == NULL) {
		buffer_append_text(&sentence, "is missing");
	} else {
		conf_type_describe(node, &sentence);
		buffer_append_text(
		    &sentence, node->kind == CONF_NODE_NULL ? " is given" : " is not a known type");
	}
	buffer_append_text(&sentence, " (want ");
	conf_schema_ingest_types(&types);
	conf_text_join(&sentence, types.items, types.count, "or");
	buffer_append_byte(&sentence, ')');
	conf_fault_give(reader->faults, node != NULL ? node->mark : entry->mark, &sentence);
	conf_fault_leave(reader->faults, entered);
	return NULL;
}

static const struct conf_ingest *find_entry(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->ingest_count; i++) {
		if (conf->ingest[i].name != NULL && strcmp(conf->ingest[i].name, name) == 0) {
			return &conf->ingest[i];
		}
	}
	return NULL;
}

static const char *check_name(const struct conf *conf, const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";

	if (name[strspn(name, allowed)] != '\0') {
		return " is not a name (want letters, digits, '_', '-' and '.')";
	}
	if (find_entry(conf, name) != NULL) {
		return " is taken by another entry (want a name of its own)";
	}
	return NULL;
}

/* Sets the name of an entry that gives one. */
static void read_name(struct reader *reader, const struct conf_node *entry,
                      struct conf_ingest *ingest)
{
	const struct conf_option *option = &conf_schema_entry_options[CONF_ENTRY_NAME];
	const struct conf_node *node = conf_yaml_find(entry, option->key);
	size_t entered = conf_fault_enter(reader->faults, option->key, strlen(option->key));
	const char *name = NULL;

	if (node != NULL && node->kind != CONF_NODE_FAULTY &&
	    option->type->parse(node, option, &name, reader->faults)) {
		const char *problem = check_name(reader->conf, name);

		if (problem != NULL) {
			struct buffer sentence = {0};

			conf_text_quote_cut(&sentence, name, strlen(name));
			buffer_append_text(&sentence, problem);
			conf_fault_give(reader->faults, node->mark, &sentence);
			option->type->finish(&name);
			name = NULL;
		}
	}
	ingest->name = name;
	conf_fault_leave(reader->faults, entered);
}

static void read_entry(struct reader *reader, const struct conf_node *node,
                       struct conf_ingest *ingest)
{
	const struct conf_section *section;

	ingest->mark = node->mark;
	if (node->kind == CONF_NODE_NULL) {
		conf_fault_add(reader->faults, node->mark,
		               "nothing is given (want a mapping with a type)");
		return;
	}
	if (check_mapping(reader, node, "an entry (want a mapping with a type)") == NULL) {
		return;
	}
	section = read_type(reader, node);
	if (section == NULL) {
		return; /* which keys it may hold is not known either */
	}
	ingest->type = section->path;
	read_name(reader, node, ingest);
	read_option(reader, &conf_schema_entry_options[CONF_ENTRY_DEDUPLICATE],
	            &ingest->deduplicate, node);
	read_section(reader, section, (char *)ingest + section->offset, node);
}

char *conf_read_free_name(const struct conf *conf, const char *name)
{
	struct buffer text = {0};

	buffer_printf(&text, "%s%c", name, '\0');
	for (unsigned number = 2; find_entry(conf, text.bytes) != NULL; number++) {
		buffer_clear(&text);
		buffer_printf(&text, "%s-%u%c", name, number, '\0');
	}
	return text.bytes;
}

/* Entries without a name get their type, with a number behind it from the second on. */
static void name_entries(struct conf *conf)
{
	for (size_t i = 0; i < conf->ingest_count; i++) {
		struct conf_ingest *ingest = &conf->ingest[i];

		if (ingest->type != NULL && ingest->name == NULL) {
			ingest->name = conf_read_free_name(conf, ingest->type);
		}
	}
}

static void read_entries(struct reader *reader, const struct conf_node *list)
{
	struct conf *conf = reader->conf;
	size_t index = 0;

	/* One piece that does not move: the places point into it. */
	conf->ingest = mem_zeroed((list->child_count + 1) * sizeof(*conf->ingest));
	conf->ingest_count = list->child_count;
	for (const struct conf_node *node = list->children; node != NULL; node = node->next) {
		size_t entered = conf_fault_enter_index(reader->faults, index);

		read_entry(reader, node, &conf->ingest[index++]);
		conf_fault_leave(reader->faults, entered);
	}
	name_entries(conf);
}

/* `ingest:` with nothing behind it is an empty list: its entries may all be commented out. */
static void read_ingest(struct reader *reader, const struct conf_node *root)
{
	const struct conf_node *list = conf_yaml_find(root, "ingest");
	size_t entered;

	if (list == NULL || list->kind == CONF_NODE_NULL || list->kind == CONF_NODE_FAULTY) {
		return;
	}
	entered = conf_fault_enter(reader->faults, "ingest", strlen("ingest"));
	if (list->kind != CONF_NODE_LIST) {
		struct buffer sentence = {0};

		conf_type_describe(list, &sentence);
		buffer_append_text(&sentence, " is not a list (want one of mappings with a type)");
		conf_fault_give(reader->faults, list->mark, &sentence);
	} else if (list->child_count > CONF_INGEST_MAX) {
		conf_fault_add(reader->faults, list->mark,
		               "a list is too long (want at most %d entries)", CONF_INGEST_MAX);
	} else {
		read_entries(reader, list);
	}
	conf_fault_leave(reader->faults, entered);
}

void conf_read_root(struct conf *conf, const struct conf_node *root, struct conf_faults *faults)
{
	struct reader reader = {.conf = conf, .faults = faults};
	const struct conf_node *mapping =
	    check_mapping(&reader, root, "a configuration (want a mapping of sections)");

	read_section(&reader, &conf_schema_sections[0], &conf->root, mapping);
	read_ingest(&reader, mapping);
	conf_check_rules(conf, &reader.places, faults);
	free(reader.places.items);
}
