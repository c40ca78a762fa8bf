/* SPDX-License-Identifier: Apache-2.0 */
/* server/notify: what the service manager is told. */
#include "server/notify.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATH "/tmp/test_notify"

/* A socket of this name, "@" being an abstract one. */
static int listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int descriptor = socket(AF_UNIX, SOCK_DGRAM, 0);
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));

	(void)unlink(name);
	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@') {
		address.sun_path[0] = '\0';
	}
	assert_int_equal(bind(descriptor, (struct sockaddr *)&address, length), 0);
	return descriptor;
}

static void assert_told(int descriptor, const char *expected)
{
	char text[256] = "";
	ssize_t length = recv(descriptor, text, sizeof(text) - 1, MSG_DONTWAIT);

	assert_int_equal(length, (ssize_t)strlen(expected));
	assert_string_equal(text, expected);
}

/* sd_notify(3): a path, or "@" and the name of an abstract socket; lines as they are. */
static void test_notify_tells_whom_the_environment_names(void **state)
{
	static const char *const names[] = {PATH, "@rcstreamd-test-notify"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int descriptor = listen_at(names[i]);
		struct notify notify;

		assert_int_equal(setenv("NOTIFY_SOCKET", names[i], 1), 0);
		notify_init(&notify);
		assert_null(getenv("NOTIFY_SOCKET"));
		notify_tell(&notify, "READY=1\nSTATUS=%s", "Serving");
		assert_told(descriptor, "READY=1\nSTATUS=Serving");
		notify_finish(&notify);
		notify_tell(&notify, "READY=1");
		assert_int_equal(recv(descriptor, (char[1]){0}, 1, MSG_DONTWAIT), -1);
		(void)close(descriptor);
	}
	(void)unlink(PATH);
}

/* notify.h: without the variable, or with one that names no socket, nothing is told to anyone. */
static void test_notify_without_anybody_does_nothing(void **state)
{
	static const char *const names[] = {"", "/", "relative", "@"};
	struct notify notify;

	(void)state;
	notify_init(&notify);
	assert_int_equal(notify.descriptor, -1);
	notify_tell(&notify, "READY=1");
	notify_finish(&notify);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(setenv("NOTIFY_SOCKET", names[i], 1), 0);
		notify_init(&notify);
		assert_int_equal(notify.descriptor, -1);
	}
}

/* A service manager that is gone, or slow, costs no time and ends nothing. */
static void test_notify_does_not_wait_for_anybody(void **state)
{
	int descriptor = listen_at(PATH);
	struct notify notify;

	(void)state;
	assert_int_equal(setenv("NOTIFY_SOCKET", PATH, 1), 0);
	notify_init(&notify);
	for (unsigned i = 0; i < 100000; i++) { /* far more than its queue holds */
		notify_tell(&notify, "WATCHDOG=1");
	}
	(void)close(descriptor);
	notify_tell(&notify, "WATCHDOG=1");
	notify_finish(&notify);
	(void)unlink(PATH);
}

/* sd_notify(3): RELOADING=1 comes with the time, which tells it from one of before. */
static void test_notify_tells_the_time_of_a_reload(void **state)
{
	int descriptor = listen_at(PATH);
	char text[256] = "";
	struct notify notify;
	struct timespec now;
	uint64_t told;

	(void)state;
	assert_int_equal(setenv("NOTIFY_SOCKET", PATH, 1), 0);
	notify_init(&notify);
	notify_tell_reloading(&notify);
	assert_true(recv(descriptor, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
	assert_int_equal(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%" SCNu64 "\n", &told), 1);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	assert_true((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 - told < 5000000);
	notify_finish(&notify);
	(void)close(descriptor);
	(void)unlink(PATH);
}

/* sd_watchdog_enabled(3): the time is this process's unless WATCHDOG_PID names another. */
static void test_notify_reads_the_time_of_the_watchdog(void **state)
{
	struct notify notify;
	char pid[32];

	(void)state;
	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	for (unsigned i = 0; i < 3; i++) {
		const char *const pids[] = {"", pid, "1"};

		assert_int_equal(setenv("NOTIFY_SOCKET", "@nobody", 1), 0);
		assert_int_equal(setenv("WATCHDOG_USEC", "10000000", 1), 0);
		assert_int_equal(setenv("WATCHDOG_PID", pids[i], 1), 0);
		notify_init(&notify);
		assert_int_equal(notify.watchdog_ms, i < 2 ? 10000 : 0);
		assert_null(getenv("WATCHDOG_USEC"));
		notify_finish(&notify);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_notify_tells_whom_the_environment_names),
	    cmocka_unit_test(test_notify_without_anybody_does_nothing),
	    cmocka_unit_test(test_notify_does_not_wait_for_anybody),
	    cmocka_unit_test(test_notify_tells_the_time_of_a_reload),
	    cmocka_unit_test(test_notify_reads_the_time_of_the_watchdog),
	};

	(void)unsetenv("NOTIFY_SOCKET");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
