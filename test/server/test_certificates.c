/* SPDX-License-Identifier: Apache-2.0 */
/* server/certificates: from the configuration to a context, at the start and at a reload. */
#include "server/certificates.h"

#include <time.h>

#include "test/server/net/tls_peer.h"

#define LISTENING "irc: {listen_tls: \"localhost:0\"}\n"

static const struct tls_files nowhere = {.certificate = "no-such.crt", .key = "no-such.key"};

static struct conf *parse(const struct tls_files *files, const char *rest)
{
	struct buffer text = {0}, errors = {0};
	struct conf *conf;

	buffer_printf(&text, "tls: {certificates: [{certificate: %s, key: %s}]}\n%s",
	              files->certificate, files->key, rest);
	conf = conf_parse("test", text.bytes, text.length, &errors);
	assert_non_null(conf);
	buffer_finish(&text);
	buffer_finish(&errors);
	return conf;
}

static struct tls_context *in_force(const struct certificates *certificates)
{
	struct tls_context *context = tls_holder_get(certificates->holder);

	tls_context_unref(context);
	return context;
}

/* certificates.h: they are used where something listens in TLS, and not read otherwise. */
static void test_certificates_are_used_where_something_listens(void **state)
{
	static const struct {
		const char *yaml;
		bool is_used;
	} cases[] = {
	    {"irc: {listen: \"localhost:0\"}\n", false},
	    {LISTENING, true},
	    {"http: {listen: [], listen_tls: \"localhost:0\"}\n", true},
	    {"admin: {listen_tls: \"localhost:0\"}\n", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf *conf = parse(&nowhere, cases[i].yaml);
		struct certificates certificates = {0};
		struct error error = {""};

		assert_int_equal(certificates_are_used(conf), cases[i].is_used);
		assert_int_equal(certificates_start(&certificates, conf, &error),
		                 !cases[i].is_used);
		assert_int_equal(strncmp(error.text, "tls.certificates: no-such.crt: ", 31) == 0,
		                 cases[i].is_used);
		assert_null(certificates.holder);
		certificates_finish(&certificates);
		conf_destroy(conf);
	}
}

/* ibid.: a reload that fails leaves all as it was; one that does not is for who comes then. */
static void test_certificates_are_reloaded_or_left(void **state)
{
	metric not_after_ms = 0;
	struct certificates certificates = {.not_after_ms = &not_after_ms};
	struct error error = {""};
	struct tls_files files;
	struct tls_context *before;
	struct conf *conf;
	uint64_t first_ms;

	(void)state;
	make_certificate(&files, "one", "DNS:one.test", 3600);
	conf = parse(&files, LISTENING);
	assert_true(certificates_start(&certificates, conf, &error));
	first_ms = metric_read(&not_after_ms);
	assert_in_range(first_ms / 1000, (uint64_t)time(NULL) + 3500, (uint64_t)time(NULL) + 3660);
	before = in_force(&certificates);
	assert_int_equal(unlink(files.key), 0);
	assert_false(certificates_prepare(&certificates, conf, &error));
	assert_memory_equal(error.text, "tls.certificates: tls-one-", 26);
	certificates_put_in_force(&certificates);
	assert_ptr_equal(in_force(&certificates), before);
	assert_int_equal(metric_read(&not_after_ms), first_ms);
	make_certificate(&files, "one", "DNS:one.test", 7200);
	assert_true(certificates_prepare(&certificates, conf, &error));
	assert_ptr_equal(in_force(&certificates), before);
	certificates_put_in_force(&certificates);
	assert_ptr_not_equal(in_force(&certificates), before);
	assert_true(metric_read(&not_after_ms) > first_ms + 3000 * 1000);
	certificates_finish(&certificates);
	remove_certificate(&files);
	conf_destroy(conf);
}

/* ibid.: what was prepared for a reload that failed elsewhere is never used. */
static void test_certificates_that_were_only_prepared_are_dropped(void **state)
{
	metric not_after_ms = 0;
	struct certificates certificates = {.not_after_ms = &not_after_ms};
	struct error error = {""};
	struct tls_files files;
	struct tls_context *before;
	struct conf *conf;

	(void)state;
	make_certificate(&files, "one", "DNS:one.test", 3600);
	conf = parse(&files, LISTENING);
	assert_true(certificates_start(&certificates, conf, &error));
	before = in_force(&certificates);
	assert_true(certificates_prepare(&certificates, conf, &error));
	assert_int_equal(unlink(files.key), 0);
	assert_false(certificates_prepare(&certificates, conf, &error));
	certificates_put_in_force(&certificates);
	assert_ptr_equal(in_force(&certificates), before);
	certificates_finish(&certificates);
	remove_certificate(&files);
	conf_destroy(conf);
}

/* ibid.: where the file has none any more, those of before serve until the next start. */
static void test_certificates_that_were_taken_away_stay(void **state)
{
	metric not_after_ms = 0;
	struct certificates certificates = {.not_after_ms = &not_after_ms};
	struct buffer errors = {0};
	struct error error = {""};
	struct tls_files files;
	struct tls_context *before;
	struct conf *conf, *none;

	(void)state;
	make_certificate(&files, "one", "DNS:one.test", 3600);
	conf = parse(&files, LISTENING);
	none = conf_parse("test", "irc: {}\n", 8, &errors);
	assert_true(certificates_start(&certificates, conf, &error));
	before = in_force(&certificates);
	assert_true(certificates_prepare(&certificates, none, &error));
	certificates_put_in_force(&certificates);
	assert_ptr_equal(in_force(&certificates), before);
	certificates_finish(&certificates);
	remove_certificate(&files);
	buffer_finish(&errors);
	conf_destroy(conf);
	conf_destroy(none);
}

/* ibid.: without listeners in TLS there is nothing to reload. */
static void test_certificates_of_nobody_are_not_read(void **state)
{
	struct conf *conf = parse(&nowhere, "irc: {listen: \"localhost:0\"}\n");
	struct certificates certificates = {0};
	struct error error = {""};

	(void)state;
	assert_true(certificates_prepare(&certificates, conf, &error));
	certificates_put_in_force(&certificates);
	certificates_finish(&certificates);
	conf_destroy(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_certificates_are_used_where_something_listens),
	    cmocka_unit_test(test_certificates_are_reloaded_or_left),
	    cmocka_unit_test(test_certificates_that_were_only_prepared_are_dropped),
	    cmocka_unit_test(test_certificates_that_were_taken_away_stay),
	    cmocka_unit_test(test_certificates_of_nobody_are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
