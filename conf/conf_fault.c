/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_fault.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/conf_text.h"
#include "server/base/memory.h"

size_t conf_fault_enter(struct conf_faults *faults, const char *key, size_t length)
{
	size_t entered = faults->path.length;

	if (entered > 0) {
		buffer_append_byte(&faults->path, '.');
	}
	conf_text_key(&faults->path, key, length);
	return entered;
}

size_t conf_fault_enter_index(struct conf_faults *faults, size_t index)
{
	size_t entered = faults->path.length;

	buffer_printf(&faults->path, "[%zu]", index);
	return entered;
}

void conf_fault_leave(struct conf_faults *faults, size_t entered)
{
	require(entered <= faults->path.length);
	faults->path.length = entered;
}

static bool is_before(struct conf_mark a, struct conf_mark b)
{
	return a.line != b.line ? a.line < b.line : a.column < b.column;
}

/* Keeps the order of the file, and of finding among those of one place. */
static void insert(struct conf_faults *faults, struct conf_mark mark, char *text)
{
	size_t at = faults->count++;

	faults->items = mem_resize(faults->items, faults->count * sizeof(*faults->items));
	while (at > 0 && is_before(mark, faults->items[at - 1].mark)) {
		faults->items[at] = faults->items[at - 1];
		at--;
	}
	faults->items[at] = (struct conf_fault){.mark = mark, .text = text};
}

void conf_fault_give(struct conf_faults *faults, struct conf_mark mark, struct buffer *sentence)
{
	struct buffer text = {0};

	if (faults->count < CONF_FAULTS_MAX) {
		if (faults->path.length > 0) {
			buffer_append(&text, faults->path.bytes, faults->path.length);
			buffer_append_text(&text, ": ");
		}
		buffer_append(&text, sentence->bytes, sentence->length);
		insert(faults, mark, buffer_take(&text, NULL));
	} else if (faults->omitted++ == 0) {
		faults->cut_at = mark;
	}
	buffer_finish(sentence);
}

void conf_fault_add(struct conf_faults *faults, struct conf_mark mark, const char *format, ...)
{
	struct buffer sentence = {0};
	char *text;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	require(length >= 0);
	buffer_append(&sentence, text, (size_t)length);
	free(text);
	conf_fault_give(faults, mark, &sentence);
}

static void print_place(const struct conf_faults *faults, struct conf_mark mark, struct buffer *out)
{
	buffer_append_text(out, faults->file);
	if (mark.line > 0) {
		buffer_printf(out, ":%zu:%zu", mark.line, mark.column);
	}
	buffer_append_text(out, ": ");
}

void conf_fault_print(const struct conf_faults *faults, struct buffer *out)
{
	for (size_t i = 0; i < faults->count; i++) {
		print_place(faults, faults->items[i].mark, out);
		buffer_append_text(out, faults->items[i].text);
		buffer_append_byte(out, '\n');
	}
	if (faults->omitted > 0) {
		print_place(faults, faults->cut_at, out);
		buffer_printf(out, "more faults than %d, %zu are not shown\n", CONF_FAULTS_MAX,
		              faults->omitted);
	}
}

void conf_fault_finish(struct conf_faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		free(faults->items[i].text);
	}
	free(faults->items);
	buffer_finish(&faults->path);
	*faults = (struct conf_faults){.file = faults->file};
}
