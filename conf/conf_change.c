/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values are compared, and copied, by the text that a dump has for them: each type can print
 * and read its own, and test_conf_dump.c holds the two to each other.
 */
#include "conf/conf_change.h"

#include <string.h>

#include "conf/conf_schema.h"
#include "server/base/memory.h"

static bool is_equal(const struct conf_option *option, const void *one, const void *other)
{
	struct buffer a = {0}, b = {0};
	bool equal;

	option->type->print(one, &a);
	option->type->print(other, &b);
	equal = a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
	buffer_finish(&a);
	buffer_finish(&b);
	return equal;
}

static void copy(const struct conf_option *option, void *to, const void *from)
{
	struct conf_faults faults = {.file = "built-in"};
	struct buffer text = {0};
	struct conf_node *node;

	option->type->print(from, &text);
	buffer_append_byte(&text, '\0');
	node = conf_yaml_parse_constant(text.bytes);
	if (option->type->finish != NULL) {
		option->type->finish(to);
	}
	require(option->type->parse(node, option, to, &faults));
	conf_yaml_destroy(node);
	conf_fault_finish(&faults);
	buffer_finish(&text);
}

/* --- sections ------------------------------------------------------------- */

struct settling {
	struct conf *next;
	const struct conf *now;
	conf_change_fn *on_change;
	void *context;
};

static void *next_of(const struct settling *settling, const struct conf_section *section)
{
	return (char *)settling->next + section->offset;
}

static const void *now_of(const struct settling *settling, const struct conf_section *section)
{
	return (const char *)settling->now + section->offset;
}

/* `present` is the first member of every section's struct. */
static bool comes_or_goes(const struct settling *settling, const struct conf_section *section)
{
	return *(const bool *)next_of(settling, section) !=
	       *(const bool *)now_of(settling, section);
}

/* Whether it is a section, or in one, that only the next start can begin or end. */
static bool is_kept_whole(const struct settling *settling, const struct conf_section *section)
{
	for (size_t i = 0; i < conf_schema_section_count; i++) {
		const struct conf_section *parent = &conf_schema_sections[i];

		if (conf_schema_child_key(section, parent) != NULL &&
		    comes_or_goes(settling, parent)) {
			return true;
		}
	}
	return comes_or_goes(settling, section);
}

static void tell(const struct settling *settling, const struct conf_section *section,
                 const struct conf_option *option, bool is_live)
{
	struct buffer key = {0};

	buffer_printf(&key, "%s%s%s%c", section->path, section->path[0] != '\0' ? "." : "",
	              option->key, '\0');
	settling->on_change(settling->context, key.bytes, is_live);
	buffer_finish(&key);
}

static void settle_option(const struct settling *settling, const struct conf_section *section,
                          const struct conf_option *option, bool is_kept)
{
	void *next = (char *)next_of(settling, section) + option->offset;
	const void *now = (const char *)now_of(settling, section) + option->offset;
	bool is_live = option->reload == CONF_RELOAD_LIVE;

	if (is_equal(option, next, now)) {
		return;
	}
	if (!is_kept) {
		tell(settling, section, option, is_live);
	}
	if (is_kept || !is_live) {
		copy(option, next, now);
	}
}

static void settle_section(const struct settling *settling, const struct conf_section *section)
{
	bool is_kept = is_kept_whole(settling, section);

	if (comes_or_goes(settling, section)) {
		settling->on_change(settling->context, section->path, false);
		*(bool *)next_of(settling, section) = *(const bool *)now_of(settling, section);
	}
	for (size_t i = 0; i < section->option_count; i++) {
		settle_option(settling, section, &section->options[i], is_kept);
	}
}

/* A section stands in front of those in it, which have to see it as the file has it. */
void conf_change_settle(struct conf *next, const struct conf *now, conf_change_fn *on_change,
                        void *context)
{
	struct settling settling = {
	    .next = next, .now = now, .on_change = on_change, .context = context};

	for (size_t i = conf_schema_section_count; i > 0; i--) {
		if (conf_schema_sections[i - 1].kind != CONF_KIND_INGEST) {
			settle_section(&settling, &conf_schema_sections[i - 1]);
		}
	}
}

/* --- entries of `ingest` --------------------------------------------------- */

bool conf_change_is_same_entry(const struct conf_ingest *one, const struct conf_ingest *other)
{
	const struct conf_section *section = conf_schema_ingest(one->type);
	bool is_same = strcmp(one->type, other->type) == 0 && strcmp(one->name, other->name) == 0 &&
	               one->deduplicate == other->deduplicate;

	for (size_t i = 0; is_same && i < section->option_count; i++) {
		const struct conf_option *option = &section->options[i];
		size_t offset = section->offset + option->offset;

		is_same =
		    is_equal(option, (const char *)one + offset, (const char *)other + offset);
	}
	return is_same;
}

const struct conf_ingest *conf_change_find_entry(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->ingest_count; i++) {
		if (strcmp(conf->ingest[i].name, name) == 0) {
			return &conf->ingest[i];
		}
	}
	return NULL;
}
