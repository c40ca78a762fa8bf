/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target without libFuzzer, by any compiler: every file it is given, then
 * mutations of them, which follow from a seed.
 *
 *   fuzz_NAME [--mutations N] [--seed S] FILE|FOLDER...
 *
 * When a trial ends the process, the input is in fuzz_NAME.input beside the program.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/base/memory.h"
#include "test/fuzz/fuzz.h"

#define INPUT_MAX      (64 * 1024)
#define MUTATIONS_EACH 8 /* of one input at most, one upon the other */

struct replay {
	struct buffer *inputs;
	size_t count;
	uint64_t random;
	int kept; /* descriptor of a file with what is being tried */
};

static void fail(const char *what, const char *path)
{
	(void)fprintf(stderr, "replay: %s: %s\n", path, what);
	exit(2);
}

/* --- inputs ---------------------------------------------------------------- */

static void read_file(struct replay *replay, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct buffer input = {0};

	if (file == NULL) {
		fail(strerror(errno), path);
		return;
	}
	input.length = fread(buffer_reserve(&input, INPUT_MAX), 1, INPUT_MAX, file);
	(void)fclose(file);
	replay->inputs = mem_resize(replay->inputs, (replay->count + 1) * sizeof(input));
	replay->inputs[replay->count++] = input;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In the order of their names: the same mutations for one seed on every machine. */
static void read_folder(struct replay *replay, const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_visible, alphasort);

	if (count < 0) {
		if (errno != ENOTDIR) {
			fail(strerror(errno), path);
		}
		read_file(replay, path);
		return;
	}
	for (int i = 0; i < count; i++) {
		struct buffer file = {0};

		buffer_printf(&file, "%s/%s", path, entries[i]->d_name);
		buffer_append_byte(&file, '\0');
		read_file(replay, file.bytes);
		buffer_finish(&file);
		free(entries[i]);
	}
	free(entries);
}

/* --- mutations ------------------------------------------------------------- */

/* A number below `limit`, which is not 0 (splitmix64). */
static size_t below(struct replay *replay, size_t limit)
{
	uint64_t value = replay->random += 0x9E3779B97F4A7C15U;

	value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
	value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
	return (size_t)((value ^ (value >> 31)) % limit);
}

static void insert(struct buffer *input, size_t at, const void *bytes, size_t length)
{
	char *copy = fuzz_copy(bytes, length);

	if (input->length + length <= INPUT_MAX) {
		(void)buffer_reserve(input, length);
		memmove(input->bytes + at + length, input->bytes + at, input->length - at);
		memcpy(input->bytes + at, copy, length);
		input->length += length;
	}
	free(copy);
}

static void take_out(struct buffer *input, size_t at, size_t length)
{
	memmove(input->bytes + at, input->bytes + at + length, input->length - at - length);
	input->length -= length;
}

/* What parsers look for, and what they should not meet. */
static void insert_token(struct replay *replay, struct buffer *input)
{
	static const char *const tokens[] = {
	    "\r\n", "\n",   ":",        " ",           "\x03",         "\xff",     "\xe2\x82",
	    "{",    "}",    "\"",       "\\u0000",     "\\ud800",      "[",        ",",
	    "@",    "data", "99999999", "\r\n\r\n",    "\xef\xbf\xbd", "-1",       "null",
	    "$-1",  "*2",   "\x02",     "\xc0\x80",    "\xef\xbb\xbf", "0x",       "\t",
	    "#",    "]]",   "id:",      "chunked\r\n", "&#x110000;",   "&amp;lt;", "%00",
	};
	const char *token = tokens[below(replay, sizeof(tokens) / sizeof(tokens[0]))];

	insert(input, below(replay, input->length + 1), token, strlen(token));
}

/* A piece of any input, put into this one. */
static void insert_piece(struct replay *replay, struct buffer *input)
{
	const struct buffer *other = &replay->inputs[below(replay, replay->count)];

	if (other->length > 0) {
		size_t from = below(replay, other->length);
		size_t length = 1 + below(replay, other->length - from);

		insert(input, below(replay, input->length + 1), other->bytes + from, length);
	}
}

static void mutate_once(struct replay *replay, struct buffer *input)
{
	size_t at = input->length > 0 ? below(replay, input->length) : 0;
	size_t length = input->length > 0 ? 1 + below(replay, input->length - at) : 0;
	char byte = (char)below(replay, 256);

	switch (below(replay, 7)) {
	case 0:
		if (length > 0) {
			input->bytes[at] = (char)(input->bytes[at] ^ (1 << below(replay, 8)));
		}
		break;
	case 1:
		insert(input, at, &byte, 1);
		break;
	case 2:
		insert_token(replay, input);
		break;
	case 3:
		take_out(input, at, length < 16 ? length : 1 + length % 16);
		break;
	case 4:
		insert(input, at, length > 0 ? input->bytes + at : "", length);
		break;
	case 5:
		insert_piece(replay, input);
		break;
	default:
		input->length = at;
	}
}

static void mutate(struct replay *replay, struct buffer *input)
{
	const struct buffer *base = &replay->inputs[below(replay, replay->count)];

	buffer_clear(input);
	buffer_append(input, base->bytes, base->length);
	for (size_t i = 1 + below(replay, MUTATIONS_EACH); i > 0; i--) {
		mutate_once(replay, input);
	}
}

/* --- running --------------------------------------------------------------- */

/* Keep what is tried, for who looks into a failure: it stays when the process ends here. */
static void keep(const struct replay *replay, const struct buffer *input)
{
	if (pwrite(replay->kept, input->bytes, input->length, 0) != (ssize_t)input->length ||
	    ftruncate(replay->kept, (off_t)input->length) != 0) {
		fail(strerror(errno), "what is tried");
	}
}

static void run(const struct replay *replay, const struct buffer *input)
{
	char *copy = fuzz_copy(input->bytes, input->length);

	keep(replay, input);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)copy, input->length);
	free(copy);
}

static void run_all(struct replay *replay, size_t mutations)
{
	struct buffer input = {0};

	for (size_t i = 0; i < replay->count; i++) {
		run(replay, &replay->inputs[i]);
	}
	for (size_t i = 0; i < mutations; i++) {
		mutate(replay, &input);
		run(replay, &input);
	}
	buffer_finish(&input);
}

/* --- the process ----------------------------------------------------------- */

static size_t number(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text != NULL ? text : "", &end, 10);

	if (text == NULL || *text < '0' || *text > '9' || *end != '\0') {
		fail("a number is wanted", text != NULL ? text : "the end");
	}
	return (size_t)value;
}

static void finish(struct replay *replay)
{
	for (size_t i = 0; i < replay->count; i++) {
		buffer_finish(&replay->inputs[i]);
	}
	free(replay->inputs);
	(void)close(replay->kept);
}

int main(int argc, char **argv)
{
	struct replay replay = {0};
	struct buffer kept = {0};
	size_t mutations = 0;
	size_t seed = 1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--mutations") == 0) {
			mutations = number(argv[++i]);
		} else if (strcmp(argv[i], "--seed") == 0) {
			seed = number(argv[++i]);
		} else {
			read_folder(&replay, argv[i]);
		}
	}
	if (replay.count == 0) {
		fail("there is no input", argv[0]);
	}
	buffer_printf(&kept, "%s.input", argv[0]);
	buffer_append_byte(&kept, '\0');
	replay.kept = open(kept.bytes, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (replay.kept < 0) {
		fail(strerror(errno), kept.bytes);
	}
	replay.random = seed;
	run_all(&replay, mutations);
	printf("%zu inputs and %zu mutations of them, seed %zu\n", replay.count, mutations, seed);
	(void)unlink(kept.bytes);
	buffer_finish(&kept);
	finish(&replay);
	return 0;
}
