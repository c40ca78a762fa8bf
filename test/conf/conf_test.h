/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_CONF_CONF_TEST_H
#define TEST_CONF_CONF_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cmocka wants the four above it. */
#include <cmocka.h>

#include "conf/conf.h"

/* What the tests of the configuration have in common; texts stand for files named "t". */

/* Gives the text of a buffer, which is emptied; to be ended with free(). */
static inline char *text_of(struct buffer *buffer)
{
	return buffer_take(buffer, NULL);
}

/* Gives what a text without faults says. */
static inline struct conf *conf_of(const char *text)
{
	struct buffer errors = {0};
	struct conf *conf = conf_parse("t", text, strlen(text), &errors);
	char *told = text_of(&errors);

	assert_string_equal(told, "");
	assert_non_null(conf);
	free(told);
	return conf;
}

/* Gives the faults of a text that has some, to be ended with free(). */
static inline char *faults_of(const char *text)
{
	struct buffer errors = {0};

	assert_null(conf_parse("t", text, strlen(text), &errors));
	return text_of(&errors);
}

static inline void assert_faults(const char *text, const char *expected)
{
	char *told = faults_of(text);

	assert_string_equal(told, expected);
	free(told);
}

/* Gives the dump of a configuration, to be ended with free(). */
static inline char *dump_of(const struct conf *conf)
{
	struct buffer dump = {0};

	conf_dump(conf, &dump);
	return text_of(&dump);
}

/* TEST_DATA is test/data of the sources. */
#define SOURCES TEST_DATA "/../../"

/* Gives what a file holds, to be ended with free(). */
static inline char *read_source(const char *path)
{
	struct buffer text = {0};
	FILE *stream = fopen(path, "re");
	size_t length = 1;

	if (stream == NULL) {
		fail_msg("cannot read %s", path);
	}
	while (length > 0) {
		length = fread(buffer_reserve(&text, BUFSIZ), 1, BUFSIZ, stream);
		text.length += length;
	}
	(void)fclose(stream);
	return text_of(&text);
}

/* A file of the sources is what `print` adds; `command` prints it anew. */
static inline void assert_file(const char *path, const char *command,
                               void (*print)(struct buffer *out))
{
	struct buffer out = {0};
	char *file = read_source(path);
	char *printed;

	print(&out);
	printed = text_of(&out);
	if (strcmp(file, printed) != 0) {
		fail_msg("%s is out of date: %s", path, command);
	}
	free(file);
	free(printed);
}

#endif
