/* SPDX-License-Identifier: Apache-2.0 */
/* server/server: everything together, in this process; test_life.py does it from outside. */
#include "server/server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "protocols/front_end.h"
#include "server/base/memory.h"

/* A front-end that does nothing but raise SIGTERM when it is started, if a test wants that. */
static volatile sig_atomic_t wants_signal;

static const struct conf_addresses *addresses(const struct conf *conf)
{
	return &conf->irc.listen;
}

static void *start(const struct front_end_env *env)
{
	if (wants_signal != 0 && env->worker == 0) {
		assert_int_equal(raise(SIGTERM), 0);
	}
	return mem_new(char);
}

static const struct front_end silent = {
    .name = "silent", .addresses = addresses, .start = start, .destroy = free};

const struct front_end *const front_ends[] = {&silent, NULL};

static struct conf *parse(const char *yaml)
{
	struct buffer errors = {0};
	struct conf *conf = conf_parse("test", yaml, strlen(yaml), &errors);

	assert_non_null(conf);
	buffer_finish(&errors);
	return conf;
}

static struct conf *load_nothing(void *owner, struct buffer *errors)
{
	(void)owner;
	buffer_append_text(errors, "nothing to read\n");
	return NULL;
}

static void leave_log(void *owner, const struct conf *conf)
{
	(void)owner;
	(void)conf;
}

static bool serve(const struct conf *conf, struct error *error)
{
	return server_run(
	    &(struct server_options){
		.conf = conf, .version = "0", .load = load_nothing, .configure_log = leave_log},
	    error);
}

/* server.h: true when it served and ended in order; a signal while it starts is not lost. */
static void test_server_serves_until_a_signal(void **state)
{
	static const char *const worker_counts[] = {
	    "workers: auto\nirc: {listen: [\"127.0.0.1:0\"]}\n",
	    "workers: 1\nirc: {listen: [\"localhost:0\"]}\n",
	    "workers: 5\nirc: {listen: [\"127.0.0.1:0\", \"localhost:0\"]}\n"};
	struct error error = {""};

	(void)state;
	wants_signal = 1;
	for (size_t i = 0; i < 3; i++) {
		struct conf *conf = parse(worker_counts[i]);

		assert_true(serve(conf, &error));
		conf_destroy(conf);
	}
}

/* server.h: false with a sentence when it could not start, however far it came; nothing leaks. */
static void test_server_that_cannot_start_says_why(void **state)
{
	/* RFC 5737: nobody has 192.0.2.1. */
	static const char *const cases[][2] = {
	    {"irc: {listen: [\"127.0.0.1:0\", \"192.0.2.1:6667\"]}\n",
	     "silent.listen: cannot bind 192.0.2.1:6667: "},
	    {"irc: {listen: [\"127.0.0.1:0\"]}\n"
	     "ingest: [{type: rc2udp, listen: \"192.0.2.1:9390\"}]\n",
	     "ingest: rc2udp: cannot bind 192.0.2.1:9390: "},
	};

	(void)state;
	wants_signal = 0;
	for (size_t i = 0; i < 2; i++) {
		struct conf *conf = parse(cases[i][0]);
		struct error error = {""};

		assert_false(serve(conf, &error));
		assert_memory_equal(error.text, cases[i][1], strlen(cases[i][1]));
		conf_destroy(conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_server_serves_until_a_signal),
	    cmocka_unit_test(test_server_that_cannot_start_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
