/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_since.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DIGITS        "0123456789"
#define RUN_DIGITS    "0123456789abcdef"
#define RUN_MIN       8              /* digits: a year's are not enough */
#define SECONDS_BELOW 100000000000.0 /* 10^11: in 5138 as seconds, in 1973 as milliseconds */
#define TIME_MS_BELOW 1e15
#define MS_DIGITS     3

/* --- positions ------------------------------------------------------------ */

static bool read_number(const char *text, size_t length, int base, uint64_t *number)
{
	char digits[24];

	if (length == 0 || length >= sizeof(digits) || (text[0] == '0' && length > 1)) {
		return false;
	}
	memcpy(digits, text, length);
	digits[length] = '\0';
	errno = 0;
	*number = strtoull(digits, NULL, base);
	return errno == 0;
}

static bool read_position(const char *text, struct socketio_since *since)
{
	size_t run = strspn(text, RUN_DIGITS);
	size_t id;

	if (run < RUN_MIN || text[run] != '-') {
		return false;
	}
	id = strspn(text + run + 1, DIGITS);
	if (text[run + 1 + id] != '\0' || !read_number(text, run, 16, &since->run_ms) ||
	    !read_number(text + run + 1, id, 10, &since->id)) {
		return false;
	}
	since->kind = SOCKETIO_SINCE_POSITION;
	return true;
}

void socketio_position_write(uint64_t run_ms, uint64_t id, char position[SOCKETIO_POSITION_MAX])
{
	(void)snprintf(position, SOCKETIO_POSITION_MAX, "%" PRIx64 "-%" PRIu64, run_ms, id);
}

/* --- times ---------------------------------------------------------------- */

/* What is behind the seconds: ".5", or nothing, and "Z".  Finer than a millisecond is left out. */
static bool read_fraction(const char *text, unsigned *milliseconds)
{
	size_t digits = text[0] == '.' ? strspn(text + 1, DIGITS) : 0;

	*milliseconds = 0;
	if (text[0] == '.' && digits == 0) {
		return false;
	}
	for (size_t i = 1; i <= MS_DIGITS; i++) {
		*milliseconds = *milliseconds * 10 + (i <= digits ? (unsigned)(text[i] - '0') : 0);
	}
	return strcmp(digits > 0 ? text + 1 + digits : text, "Z") == 0;
}

/* timegm() makes 3 March of 31 February; that is no date. */
static bool is_day(const struct tm *parts)
{
	struct tm copy = *parts;

	return timegm(&copy) >= 0 && copy.tm_mday == parts->tm_mday && copy.tm_mon == parts->tm_mon;
}

static bool has_shape(const char *text)
{
	static const char shape[] = "0000-00-00T00:00:00";

	for (size_t i = 0; shape[i] != '\0'; i++) {
		bool is_digit = text[i] >= '0' && text[i] <= '9';

		if (shape[i] == '0' ? !is_digit : text[i] != shape[i]) {
			return false;
		}
	}
	return true;
}

static int two_digits(const char *text)
{
	return (text[0] - '0') * 10 + (text[1] - '0');
}

static bool read_time(const char *text, struct socketio_since *since)
{
	struct tm parts = {0};
	unsigned milliseconds;

	if (!has_shape(text)) {
		return false;
	}
	parts.tm_year = two_digits(text) * 100 + two_digits(text + 2) - 1900;
	parts.tm_mon = two_digits(text + 5) - 1;
	parts.tm_mday = two_digits(text + 8);
	if (!is_day(&parts)) {
		return false;
	}
	parts.tm_hour = two_digits(text + 11);
	parts.tm_min = two_digits(text + 14);
	parts.tm_sec = two_digits(text + 17);
	if (parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 60 ||
	    !read_fraction(text + 19, &milliseconds)) {
		return false;
	}
	since->kind = SOCKETIO_SINCE_TIME;
	since->time_ms = (uint64_t)timegm(&parts) * 1000 + milliseconds;
	return true;
}

static bool read_unix(double number, struct socketio_since *since)
{
	double milliseconds = number < SECONDS_BELOW ? number * 1000 : number;

	if (!(milliseconds >= 0 && milliseconds < TIME_MS_BELOW)) {
		return false;
	}
	since->kind = SOCKETIO_SINCE_TIME;
	since->time_ms = (uint64_t)milliseconds;
	return true;
}

bool socketio_since_read(const json_t *value, struct socketio_since *since)
{
	const char *text = json_string_value(value);

	*since = (struct socketio_since){0};
	if (json_is_number(value)) {
		return read_unix(json_number_value(value), since);
	}
	if (text == NULL || strlen(text) != json_string_length(value)) {
		return false;
	}
	return read_position(text, since) || read_time(text, since);
}
