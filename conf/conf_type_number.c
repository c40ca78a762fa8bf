/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_type_number.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_schema.h"

#define DIGITS "0123456789"

struct unit {
	const char *suffix;
	uint64_t factor;
};

/* The first is for a number alone. */
static const struct unit plain_units[] = {{"", 1}, {NULL, 0}};
static const struct unit time_units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {NULL, 0}};
static const struct unit fine_time_units[] = {
    {"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {NULL, 0}};
static const struct unit size_units[] = {
    {"", 1}, {"KiB", 1U << 10}, {"MiB", 1U << 20}, {"GiB", 1U << 30}, {NULL, 0}};

/*
 * Whole numbers in decimal: no sign, no blanks, and no leading zero, behind which
 * YAML 1.1 would have meant octal.  What is too large for a uint64_t becomes its
 * maximum, which is over every limit.
 */
static bool parse_scaled(const char *text, const struct unit *unit, uint64_t *value)
{
	size_t digits = text != NULL ? strspn(text, DIGITS) : 0;
	uint64_t number = 0;

	if (digits == 0 || (digits > 1 && text[0] == '0')) {
		return false;
	}
	while (unit->suffix != NULL && strcmp(unit->suffix, text + digits) != 0) {
		unit++;
	}
	if (unit->suffix == NULL) {
		return false;
	}
	for (size_t i = 0; i < digits; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		number = number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : number * 10 + digit;
	}
	*value = number > UINT64_MAX / unit->factor ? UINT64_MAX : number * unit->factor;
	return true;
}

static bool parse_whole(const struct conf_node *node, const struct conf_option *option,
                        const struct unit *units, uint64_t *value, struct conf_faults *faults)
{
	if (!parse_scaled(conf_type_text(node), units, value)) {
		return conf_type_refuse(node, option, faults);
	}
	if (*value < (uint64_t)option->min || *value > (uint64_t)option->max) {
		return conf_type_refuse_as(node, option, "is out of range", faults);
	}
	return true;
}

static bool parse_into_unsigned(const struct conf_node *node, const struct conf_option *option,
                                const struct unit *units, void *member, struct conf_faults *faults)
{
	uint64_t value = 0;

	if (!parse_whole(node, option, units, &value, faults)) {
		return false;
	}
	*(unsigned *)member = (unsigned)value; /* no limit of an unsigned is over UINT_MAX */
	return true;
}

static void print_unsigned(const void *member, struct buffer *out)
{
	buffer_printf(out, "%u", *(const unsigned *)member);
}

static void want_range(const struct conf_option *option, struct buffer *out)
{
	buffer_printf(out, "%.15g to %.15g", option->min, option->max);
}

static void want_number(const struct conf_option *option, struct buffer *out)
{
	buffer_append_text(out, "a number, ");
	want_range(option, out);
}

static bool parse_number(const struct conf_node *node, const struct conf_option *option,
                         void *member, struct conf_faults *faults)
{
	return parse_into_unsigned(node, option, plain_units, member, faults);
}

const struct conf_type conf_type_number_unsigned = {
    .noun = "a whole number",
    .want = want_number,
    .parse = parse_number,
    .print = print_unsigned,
};

static void want_auto(const struct conf_option *option, struct buffer *out)
{
	buffer_append_text(out, "auto or a number, ");
	want_range(option, out);
}

static bool parse_auto(const struct conf_node *node, const struct conf_option *option, void *member,
                       struct conf_faults *faults)
{
	const char *text = conf_type_text(node);

	if (text != NULL && strcmp(text, "auto") == 0) {
		*(unsigned *)member = 0;
		return true;
	}
	return parse_number(node, option, member, faults);
}

static void print_auto(const void *member, struct buffer *out)
{
	if (*(const unsigned *)member == 0) {
		buffer_append_text(out, "auto");
	} else {
		print_unsigned(member, out);
	}
}

const struct conf_type conf_type_number_auto = {
    .noun = "a whole number",
    .want = want_auto,
    .parse = parse_auto,
    .print = print_auto,
};

static void want_seconds(const struct conf_option *option, struct buffer *out)
{
	buffer_append_text(out, "seconds, ");
	want_range(option, out);
}

static bool parse_seconds(const struct conf_node *node, const struct conf_option *option,
                          void *member, struct conf_faults *faults)
{
	return parse_into_unsigned(node, option, time_units, member, faults);
}

const struct conf_type conf_type_number_seconds = {
    .noun = "a duration",
    .want = want_seconds,
    .parse = parse_seconds,
    .print = print_unsigned,
};

/* A number alone is seconds, as everywhere. */
static void want_milliseconds(const struct conf_option *option, struct buffer *out)
{
	buffer_printf(out, "seconds, or with ms behind it, %.0fms to %.0fms", option->min,
	              option->max);
}

static bool parse_milliseconds(const struct conf_node *node, const struct conf_option *option,
                               void *member, struct conf_faults *faults)
{
	return parse_into_unsigned(node, option, fine_time_units, member, faults);
}

static void print_milliseconds(const void *member, struct buffer *out)
{
	buffer_printf(out, "%ums", *(const unsigned *)member);
}

const struct conf_type conf_type_number_millis = {
    .noun = "a duration",
    .want = want_milliseconds,
    .parse = parse_milliseconds,
    .print = print_milliseconds,
};

/* In the largest unit that leaves no rest. */
static void print_size(uint64_t size, struct buffer *out)
{
	const struct unit *best = size_units;

	for (const struct unit *unit = size_units; unit->suffix != NULL; unit++) {
		if (size >= unit->factor && size % unit->factor == 0) {
			best = unit;
		}
	}
	buffer_printf(out, "%llu%s", (unsigned long long)(size / best->factor), best->suffix);
}

static void want_bytes(const struct conf_option *option, struct buffer *out)
{
	buffer_append_text(out, "bytes, ");
	print_size((uint64_t)option->min, out);
	buffer_append_text(out, " to ");
	print_size((uint64_t)option->max, out);
}

static bool parse_bytes(const struct conf_node *node, const struct conf_option *option,
                        void *member, struct conf_faults *faults)
{
	uint64_t value = 0;

	if (!parse_whole(node, option, size_units, &value, faults)) {
		return false;
	}
	*(size_t *)member = (size_t)value; /* no limit is over 1 GiB */
	return true;
}

static void print_bytes(const void *member, struct buffer *out)
{
	print_size(*(const size_t *)member, out);
}

const struct conf_type conf_type_number_bytes = {
    .noun = "a size",
    .want = want_bytes,
    .parse = parse_bytes,
    .print = print_bytes,
};

/* Digits with at most one point between them: strtod() takes far more, such as "nan". */
static bool is_decimal(const char *text)
{
	size_t whole = strspn(text, DIGITS);

	if (whole == 0) {
		return false;
	}
	text += whole;
	if (*text == '.') {
		size_t decimals = strspn(text + 1, DIGITS);

		if (decimals == 0) {
			return false;
		}
		text += 1 + decimals;
	}
	return *text == '\0';
}

static bool parse_rate(const struct conf_node *node, const struct conf_option *option, void *member,
                       struct conf_faults *faults)
{
	const char *text = conf_type_text(node);
	double value;

	if (text == NULL || !is_decimal(text)) {
		return conf_type_refuse(node, option, faults);
	}
	value = strtod(text, NULL);
	if (!(value >= option->min && value <= option->max)) {
		return conf_type_refuse_as(node, option, "is out of range", faults);
	}
	*(double *)member = value;
	return true;
}

/* Never with an exponent: a rate is 0, or between 0.001 and 1000000. */
static void print_rate(const void *member, struct buffer *out)
{
	double value = *(const double *)member;
	struct buffer text = {0};

	buffer_printf(&text, "%.15g", value);
	buffer_append_byte(&text, '\0');
	if (fabs(strtod(text.bytes, NULL) - value) > 0) {
		buffer_printf(out, "%.17g", value);
	} else {
		buffer_append_text(out, text.bytes);
	}
	buffer_finish(&text);
}

const struct conf_type conf_type_number_rate = {
    .noun = "a number",
    .want = want_number,
    .parse = parse_rate,
    .print = print_rate,
};
