/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files: test/data/conf/<case>.yaml is refused with the very lines of
 * <case>.errors.  Beside them, what is no file, and files that nobody wrote.
 */
#include "conf/conf.h"

#include <dirent.h>
#include <regex.h>
#include <time.h>
#include <unistd.h>

#include "server/base/memory.h"
#include "test/conf/conf_test.h"

#define FOLDER TEST_DATA "/conf"

static bool read_file(const char *path, struct buffer *text)
{
	FILE *stream = fopen(path, "re");
	size_t length = 1;

	if (stream == NULL) {
		return false;
	}
	while (length > 0) {
		length = fread(buffer_reserve(text, BUFSIZ), 1, BUFSIZ, stream);
		text->length += length;
	}
	(void)fclose(stream);
	return true;
}

static bool is_case(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, ".yaml") == 0;
}

/* Gives the faults of test/data/conf/`name`. */
static char *faults_of_case(const char *name)
{
	struct buffer path = {0};
	struct buffer text = {0};
	struct buffer errors = {0};

	buffer_printf(&path, "%s/%s%c", FOLDER, name, '\0');
	assert_true(read_file(path.bytes, &text));
	if (conf_parse(name, text.bytes, text.length, &errors) != NULL) {
		fail_msg("%s was taken", name);
	}
	buffer_finish(&path);
	buffer_finish(&text);
	return text_of(&errors);
}

static void assert_golden(const char *name, const char *told)
{
	struct buffer path = {0};
	struct buffer golden = {0};
	char *expected;

	buffer_printf(&path, "%s/%.*s.errors%c", FOLDER, (int)strlen(name) - 5, name, '\0');
	if (!read_file(path.bytes, &golden)) {
		fail_msg("%s is missing", path.bytes);
	}
	expected = text_of(&golden);
	if (strcmp(told, expected) != 0) {
		fail_msg("%s:\n%s--- expected:\n%s", name, told, expected);
	}
	free(expected);
	buffer_finish(&path);
}

/* Every line names the file, a line and a column from 1, and holds nothing a terminal obeys. */
static void assert_places(const char *name, const char *told)
{
	regex_t place;

	assert_int_equal(regcomp(&place, "^[a-z0-9_]+\\.yaml:[1-9][0-9]*:[1-9][0-9]*: [^ ]",
	                         REG_EXTENDED | REG_NOSUB),
	                 0);
	assert_true(strlen(told) > 0);
	for (const char *line = told; *line != '\0'; line += strcspn(line, "\n") + 1) {
		char *copy = mem_copy_text(line, strcspn(line, "\n"));

		if (regexec(&place, copy, 0, NULL, 0) != 0) {
			fail_msg("%s has no place: %s", name, copy);
		}
		assert_memory_equal(copy, name, strlen(name));
		for (const char *at = copy; *at != '\0'; at++) {
			assert_false((unsigned char)*at < ' ' || *at == 0x7f);
		}
		free(copy);
	}
	regfree(&place);
}

static void test_bad_files_are_refused_with_their_lines(void **state)
{
	DIR *folder = opendir(FOLDER);
	size_t cases = 0;
	const struct dirent *entry;

	(void)state;
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (is_case(entry->d_name)) {
			char *told = faults_of_case(entry->d_name);

			assert_golden(entry->d_name, told);
			assert_places(entry->d_name, told);
			free(told);
			cases++;
		}
	}
	(void)closedir(folder);
	assert_true(cases >= 30);
}

/* DESIGN: without a file, both front-ends and both UDP sources, on loopback only. */
static void test_default_is_everything_on_loopback(void **state)
{
	struct conf *conf = conf_create_default(NULL);

	(void)state;
	assert_null(conf->file);
	assert_true(conf->irc.present && conf->http.present && conf->socketio.present);
	assert_string_equal(conf->irc.listen.items[0].text, "localhost:6667");
	assert_string_equal(conf->http.listen.items[0].text, "localhost:8080");
	assert_int_equal(conf->ingest_count, 2);
	assert_string_equal(conf->ingest[0].name, "rc2udp");
	assert_string_equal(conf->ingest[0].as.rc2udp.listen.text, "localhost:9390");
	assert_string_equal(conf->ingest[1].name, "rcfeed-udp");
	assert_string_equal(conf->ingest[1].as.rcfeed_udp.listen.text, "localhost:9391");
	assert_int_equal(conf->ingest[1].mark.line, 0);
	assert_int_equal(conf->http.listen.items[0].mark.line, 0);
	conf_destroy(conf);
}

/* --demo: the sample beside them, slow enough to read, and looking as if it were now. */
static void test_demo_replays_the_file(void **state)
{
	char name[] = "/tmp/a b: \"c\" \\ #d";
	struct conf *conf = conf_create_default(name);
	const struct conf_replay *replay = &conf->ingest[2].as.replay;

	(void)state;
	name[1] = 'x'; /* the name is copied */
	assert_int_equal(conf->ingest_count, 3);
	assert_string_equal(conf->ingest[2].type, "replay");
	assert_string_equal(replay->file, "/tmp/a b: \"c\" \\ #d");
	assert_true(replay->loop && replay->refresh);
	assert_true(replay->rate > 4.9 && replay->rate < 5.1);
	conf_destroy(conf);
	conf_destroy(NULL);
}

/* An entry of the file may be called "demo" already, and names are unique. */
static void test_demo_gets_a_name_of_its_own(void **state)
{
	struct conf *conf = conf_of("ingest: [{type: rc2udp, name: demo}]");

	(void)state;
	conf_add_demo(conf, "a");
	conf_add_demo(conf, "not UTF-8: \xff");
	assert_int_equal(conf->ingest_count, 3);
	assert_string_equal(conf->ingest[1].name, "demo-2");
	assert_string_equal(conf->ingest[1].as.replay.file, "a");
	assert_string_equal(conf->ingest[2].name, "demo-3");
	assert_string_equal(conf->ingest[2].as.replay.file, "not UTF-8: \xff");
	conf_destroy(conf);
	conf = conf_of("");
	conf_add_demo(conf, "a");
	assert_int_equal(conf->ingest_count, 1);
	assert_string_equal(conf->ingest[0].name, "demo");
	conf_destroy(conf);
}

static char *load_faults(const char *file)
{
	struct buffer errors = {0};

	assert_null(conf_load(file, &errors));
	return text_of(&errors);
}

/* What cannot be read has no line; the system's reason is told. */
static void test_unreadable_files_are_told_with_the_reason(void **state)
{
	char *told = load_faults("/nonexistent/rcstreamd.yaml");

	(void)state;
	assert_string_equal(
	    told, "/nonexistent/rcstreamd.yaml: cannot be read: No such file or directory\n");
	free(told);
	told = load_faults("/tmp");
	assert_string_equal(told, "/tmp: cannot be read: Is a directory\n");
	free(told);
}

/* Even a file without an end is read no further than the limit. */
static void test_endless_file_is_too_large(void **state)
{
	char *told = load_faults("/dev/zero");

	(void)state;
	assert_string_equal(told, "/dev/zero: is too large (want at most 1048576 bytes)\n");
	free(told);
}

static void write_file(const char *path, const char *text, size_t comment)
{
	FILE *stream = fopen(path, "we");

	assert_non_null(stream);
	assert_true(fputs(text, stream) >= 0);
	for (size_t i = 0; i < comment; i++) {
		assert_int_equal(fputc('#', stream), '#');
	}
	assert_int_equal(fclose(stream), 0);
}

/* CONF_FILE_MAX bytes are read, one more is not; the name of the file is kept as given. */
static void test_file_is_read_up_to_the_limit(void **state)
{
	char path[] = "/tmp/test_conf_XXXXXX";
	int descriptor = mkstemp(path);
	struct buffer errors = {0};
	struct conf *conf;
	char *told;

	(void)state;
	assert_true(descriptor >= 0);
	(void)close(descriptor);
	write_file(path, "irc:\n", CONF_FILE_MAX - 5);
	conf = conf_load(path, &errors);
	assert_non_null(conf);
	assert_int_equal(errors.length, 0);
	assert_string_equal(conf->file, path);
	assert_true(conf->irc.present);
	conf_destroy(conf);
	write_file(path, "irc:\n", CONF_FILE_MAX - 4);
	told = load_faults(path);
	assert_non_null(strstr(told, ": is too large (want at most 1048576 bytes)\n"));
	free(told);
	(void)unlink(path);
}

/* Errors are added behind what is there: the caller may have told something before. */
static void test_errors_are_added(void **state)
{
	struct buffer errors = {0};
	char *told;

	(void)state;
	buffer_append_text(&errors, "before\n");
	assert_null(conf_parse("t", "a: 1", 4, &errors));
	told = text_of(&errors);
	assert_memory_equal(told, "before\nt:1:1: a: ", 17);
	free(told);
}

/* An empty text is a configuration, even as (NULL, 0). */
static void test_empty_text_is_a_configuration(void **state)
{
	struct buffer errors = {0};
	struct conf *conf = conf_parse("t", NULL, 0, &errors);

	(void)state;
	assert_non_null(conf);
	assert_int_equal(errors.length, 0);
	conf_destroy(conf);
}

/* Changes, drops or doubles a piece of the text. */
static void mutate(struct buffer *text)
{
	static const char odd[] = "{}[],:-?&*!|>'\"%@`#\n\t ~0\x01\xff";
	size_t at = (size_t)rand() % (text->length + 1);
	size_t length = (size_t)rand() % 40;

	if (length > text->length - at) {
		length = text->length - at;
	}
	switch (rand() % 3) {
	case 0:
		memmove(text->bytes + at, text->bytes + at + length, text->length - at - length);
		text->length -= length;
		break;
	case 1:
		(void)buffer_reserve(text, length);
		memmove(text->bytes + at + length, text->bytes + at, text->length - at);
		text->length += length;
		break;
	default:
		if (at < text->length) {
			text->bytes[at] = odd[(size_t)rand() % (sizeof(odd) - 1)];
		}
		break;
	}
}

/* Whatever is in a file, there is a configuration or a reason, and no memory is lost. */
static void test_mutated_files_are_taken_or_told(void **state)
{
	unsigned seed = (unsigned)time(NULL);
	struct buffer sample = {0};

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	assert_true(read_file(TEST_DATA "/../../conf/rcstreamd.yaml", &sample));
	for (size_t round = 0; round < 1500; round++) {
		struct buffer text = {0};
		struct buffer errors = {0};
		struct conf *conf;

		buffer_append(&text, sample.bytes, sample.length);
		for (int times = rand() % 6; times >= 0; times--) {
			mutate(&text);
		}
		conf = conf_parse("t", text.bytes, text.length, &errors);
		assert_int_equal(conf != NULL, errors.length == 0);
		conf_destroy(conf);
		buffer_finish(&text);
		buffer_finish(&errors);
	}
	buffer_finish(&sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bad_files_are_refused_with_their_lines),
	    cmocka_unit_test(test_default_is_everything_on_loopback),
	    cmocka_unit_test(test_demo_replays_the_file),
	    cmocka_unit_test(test_demo_gets_a_name_of_its_own),
	    cmocka_unit_test(test_unreadable_files_are_told_with_the_reason),
	    cmocka_unit_test(test_endless_file_is_too_large),
	    cmocka_unit_test(test_file_is_read_up_to_the_limit),
	    cmocka_unit_test(test_errors_are_added),
	    cmocka_unit_test(test_empty_text_is_a_configuration),
	    cmocka_unit_test(test_mutated_files_are_taken_or_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
