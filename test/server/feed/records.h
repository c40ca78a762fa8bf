/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_SERVER_FEED_RECORDS_H
#define TEST_SERVER_FEED_RECORDS_H

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/base/buffer.h"
#include "server/feed/change.h"

/*
 * For the tests of the codecs: the recorded changes (test/data/rcfeed/README.md)
 * and texts to compare.
 */

/* A literal with its length, NULs inside included. */
#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})

/* Call `check` for every record of a file of test/data/rcfeed/.  Returns how many there were. */
static inline size_t for_each_record(const char *path, void (*check)(const json_t *record))
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t capacity = 0;
	size_t count = 0;
	json_error_t error;

	assert_non_null(file);
	while (getline(&line, &capacity, file) > 0) {
		json_t *record = json_loads(line, JSON_ALLOW_NUL, &error);

		assert_non_null(record);
		check(record);
		json_decref(record);
		count++;
	}
	free(line);
	assert_int_equal(fclose(file), 0);
	return count;
}

/* Lends the text of a member; NULL bytes when it is null or missing. */
static inline struct text member_text(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return (struct text){json_string_value(value), json_string_length(value)};
}

static inline void assert_texts_equal(struct text met, struct text wanted)
{
	if (met.length != wanted.length || (met.bytes == NULL) != (wanted.bytes == NULL) ||
	    (met.bytes != NULL && memcmp(met.bytes, wanted.bytes, met.length) != 0)) {
		fail_msg("met %s \"%.*s\", wanted %s \"%.*s\"", met.bytes == NULL ? "NULL" : "",
		         (int)met.length, met.bytes == NULL ? "" : met.bytes,
		         wanted.bytes == NULL ? "NULL" : "", (int)wanted.length,
		         wanted.bytes == NULL ? "" : wanted.bytes);
	}
}

static inline struct text buffer_text(const struct buffer *buffer)
{
	return (struct text){buffer->bytes != NULL ? buffer->bytes : "", buffer->length};
}

#endif
