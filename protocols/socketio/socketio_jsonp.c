/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_jsonp.h"

#include <jansson.h>
#include <stddef.h>
#include <string.h>

#include "protocols/socketio/socketio_script.h"

bool socketio_jsonp_is_index(struct text text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (text.bytes[i] < '0' || text.bytes[i] > '9') {
			return false;
		}
	}
	return text.length > 0 && text.length <= SOCKETIO_JSONP_DIGITS_MAX;
}

void socketio_jsonp_write(struct text index, struct text payload, struct buffer *out)
{
	if (!socketio_jsonp_is_index(index)) {
		index = (struct text){.bytes = "0", .length = 1};
	}
	buffer_printf(out, "io.j[%.*s](", (int)index.length, index.bytes);
	socketio_script_string(payload, SOCKETIO_SCRIPT_FILE, out);
	buffer_append_text(out, ");");
}

/* --- forms -------------------------------------------------------------- */

/* Take what stands before the next '&', and that too. */
static struct text take_field(struct text *form)
{
	const char *end = memchr(form->bytes, '&', form->length);
	struct text field = {.bytes = form->bytes, .length = form->length};

	if (end != NULL) {
		field.length = (size_t)(end - form->bytes);
	}
	form->bytes += field.length + (end != NULL ? 1 : 0);
	form->length -= field.length + (end != NULL ? 1 : 0);
	return field;
}

static bool find_data(struct text form, struct text *value)
{
	while (form.length > 0) {
		struct text field = take_field(&form);

		if (field.length >= 2 && memcmp(field.bytes, "d=", 2) == 0) {
			*value =
			    (struct text){.bytes = field.bytes + 2, .length = field.length - 2};
			return true;
		}
	}
	return false;
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9') {
		return digit - '0';
	}
	digit = (char)(digit | 0x20);
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* The byte that "%XX" stands for; -1 when the text does not begin so. */
static int escaped_byte(struct text text)
{
	int high, low;

	if (text.length < 3 || text.bytes[0] != '%') {
		return -1;
	}
	high = hex_digit(text.bytes[1]);
	low = hex_digit(text.bytes[2]);
	return high >= 0 && low >= 0 ? high << 4 | low : -1;
}

/* A "%" that begins no escape stands for itself, as in every browser. */
static void decode(struct text value, struct buffer *out)
{
	while (value.length > 0) {
		int byte = escaped_byte(value);
		size_t taken = byte >= 0 ? 3 : 1;

		if (byte >= 0) {
			buffer_append_byte(out, (char)byte);
		} else {
			buffer_append_byte(out, value.bytes[0] == '+' ? ' ' : value.bytes[0]);
		}
		value.bytes += taken;
		value.length -= taken;
	}
}

/* --- the JSON string ---------------------------------------------------- */

/* Nothing but a string is given to the parser: what does not nest cannot nest too deep. */
static bool read_string(struct text json, struct buffer *payload)
{
	json_t *string;

	if (json.length == 0 || json.bytes[0] != '"') {
		return false;
	}
	string = json_loadb(json.bytes, json.length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (string == NULL) {
		return false;
	}
	buffer_append(payload, json_string_value(string), json_string_length(string));
	json_decref(string);
	return true;
}

bool socketio_jsonp_read(struct text form, struct buffer *payload)
{
	struct buffer json = {0};
	struct text value;
	bool is_read;

	if (!find_data(form, &value)) {
		return false;
	}
	decode(value, &json);
	is_read = read_string((struct text){.bytes = json.bytes, .length = json.length}, payload);
	buffer_finish(&json);
	return is_read;
}
