/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void http_request_destroy(struct http_request *request)
{
	if (request == NULL) {
		return;
	}
	buffer_finish(&request->head);
	buffer_finish(&request->content);
	free(request->fields);
	free(request);
}

bool http_request_text_is(struct text text, const char *word)
{
	return text.length == strlen(word) && strncasecmp(text.bytes, word, text.length) == 0;
}

struct text http_request_field(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->field_count; i++) {
		if (http_request_text_is(request->fields[i].name, name)) {
			return request->fields[i].value;
		}
	}
	return (struct text){0};
}

size_t http_request_field_count(const struct http_request *request, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < request->field_count; i++) {
		count += http_request_text_is(request->fields[i].name, name) ? 1 : 0;
	}
	return count;
}

/* Takes the first piece of `rest`, up to `separator` or the end, off it. */
static struct text next_piece(struct text *rest, char separator)
{
	const char *end = memchr(rest->bytes, separator, rest->length);
	struct text piece = {.bytes = rest->bytes, .length = rest->length};

	if (end == NULL) {
		*rest = (struct text){.bytes = rest->bytes + rest->length};
		return piece;
	}
	piece.length = (size_t)(end - rest->bytes);
	rest->bytes = end + 1;
	rest->length -= piece.length + 1;
	return piece;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

struct text http_request_trim(struct text text)
{
	while (text.length > 0 && is_blank(text.bytes[0])) {
		text.bytes++;
		text.length--;
	}
	while (text.length > 0 && is_blank(text.bytes[text.length - 1])) {
		text.length--;
	}
	return text;
}

/* Goes on with the next field of the list's name; false when there is none. */
static bool begin_field(struct http_request_list *list)
{
	const struct http_request *request = list->request;

	while (list->next_field < request->field_count) {
		const struct http_field *field = &request->fields[list->next_field++];

		if (http_request_text_is(field->name, list->name)) {
			list->rest = field->value;
			return true;
		}
	}
	return false;
}

bool http_request_list_next(struct http_request_list *list, struct text *element)
{
	do {
		while (list->rest.length > 0) {
			*element = http_request_trim(next_piece(&list->rest, ','));
			if (element->length > 0) {
				return true;
			}
		}
	} while (begin_field(list));
	return false;
}

bool http_request_field_lists(const struct http_request *request, const char *name,
                              const char *token)
{
	struct http_request_list list = {.request = request, .name = name};
	struct text element;

	while (http_request_list_next(&list, &element)) {
		if (http_request_text_is(element, token)) {
			return true;
		}
	}
	return false;
}

struct text http_request_parameter(const struct http_request *request, const char *name)
{
	struct text rest = request->query;
	size_t length = strlen(name);

	while (rest.length > 0) {
		struct text value = next_piece(&rest, '&');
		struct text key = next_piece(&value, '=');

		if (key.length == length && memcmp(key.bytes, name, length) == 0) {
			return value;
		}
	}
	return (struct text){0};
}
