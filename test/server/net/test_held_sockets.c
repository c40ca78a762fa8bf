/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/held_sockets: bound sockets that outlive those who use them. */
#include "server/net/held_sockets.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/base/memory.h"

#define PATH "/tmp/test_held_sockets"

static struct socket_name resolve(const char *host, unsigned port)
{
	struct socket_name names[2];
	struct error error = {""};

	assert_true(socket_resolve(host, port, names, &error) > 0);
	return names[0];
}

static int bind_datagram(struct socket_name *name)
{
	struct error error = {""};
	int descriptor = socket_bind_datagram(name, &error);

	assert_true(descriptor >= 0);
	return descriptor;
}

/* Put it where the service manager would, whose descriptors begin at 3. */
static void pass(int descriptor, int place)
{
	if (descriptor != place) {
		assert_int_equal(dup2(descriptor, place), place);
		(void)close(descriptor);
	}
}

static void set_environment(long pid, const char *count, const char *names)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%ld", pid);
	assert_int_equal(setenv("LISTEN_PID", text, 1), 0);
	assert_int_equal(setenv("LISTEN_FDS", count, 1), 0);
	assert_int_equal(setenv("LISTEN_FDNAMES", names, 1), 0);
}

static bool is_open(int descriptor)
{
	return fcntl(descriptor, F_GETFD) >= 0;
}

/* Whether both are the same socket: what is sent to one is read from the other. */
static bool is_same_socket(int one, int other)
{
	struct stat a, b;

	assert_int_equal(fstat(one, &a), 0);
	assert_int_equal(fstat(other, &b), 0);
	return a.st_ino == b.st_ino;
}

/* sd_listen_fds(3): descriptors from 3 on, names with colons between; the environment is cleared.
 */
static void test_held_sockets_are_inherited_with_their_names(void **state)
{
	struct held_sockets *held = held_sockets_create();
	struct socket_name one = resolve("127.0.0.1", 0), two = resolve("127.0.0.1", 0);
	int descriptors[2];

	(void)state;
	pass(bind_datagram(&one), 3);
	pass(bind_datagram(&two), 4);
	set_environment(getpid(), "2", "a:b");
	held_sockets_inherit(held);
	assert_null(getenv("LISTEN_PID"));
	assert_null(getenv("LISTEN_FDS"));
	assert_null(getenv("LISTEN_FDNAMES"));
	assert_int_equal(held_sockets_named(held, "c", SOCK_DGRAM, descriptors, 2), 0);
	assert_int_equal(held_sockets_named(held, "b", SOCK_STREAM, descriptors, 2), 0);
	assert_int_equal(held_sockets_named(held, "b", SOCK_DGRAM, descriptors, 2), 1);
	assert_true(is_same_socket(descriptors[0], 4));
	assert_int_equal(fcntl(descriptors[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(descriptors[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	(void)close(descriptors[0]);
	assert_true(is_open(4)); /* stays when its user has closed it */
	held_sockets_destroy(held);
	assert_false(is_open(3));
	assert_false(is_open(4));
}

/* sd_listen_fds(3): what is meant for another process, or is no number, is not touched. */
static void test_held_sockets_of_others_are_left_alone(void **state)
{
	static const char *const counts[] = {"1x", "", "-1", "99999999999"};
	struct held_sockets *held = held_sockets_create();
	struct socket_name name = resolve("127.0.0.1", 0);
	int descriptor;

	(void)state;
	pass(bind_datagram(&name), 3);
	set_environment(getpid() + 1, "1", "a");
	held_sockets_inherit(held);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		set_environment(getpid(), counts[i], "a");
		held_sockets_inherit(held);
	}
	assert_int_equal(held_sockets_named(held, "a", SOCK_DGRAM, &descriptor, 1), 0);
	held_sockets_destroy(held);
	assert_true(is_open(3));
	(void)close(3);
}

/* held_sockets.h: what is no socket is closed; fewer names than sockets is no fault. */
static void test_held_sockets_refuse_what_is_no_socket(void **state)
{
	struct held_sockets *held = held_sockets_create();
	struct socket_name name = resolve("127.0.0.1", 0);
	int descriptor;

	(void)state;
	pass(open("/dev/null", O_RDONLY), 3);
	pass(bind_datagram(&name), 4);
	set_environment(getpid(), "2", "a");
	held_sockets_inherit(held);
	assert_false(is_open(3));
	descriptor = held_sockets_at(held, "x", &name, SOCK_DGRAM);
	assert_true(is_same_socket(descriptor, 4));
	(void)close(descriptor);
	held_sockets_destroy(held);
}

static bool is_explained(const struct held_sockets *held, const struct socket_name *name, int kind)
{
	struct error error = {"in use"};

	held_sockets_explain(held, name, kind, &error);
	return strcmp(error.text, "in use") != 0;
}

/* held_sockets.h: an inherited socket of the port, of any family, that nobody has asked for. */
static void test_held_socket_in_the_way_is_named(void **state)
{
	struct held_sockets *held = held_sockets_create();
	struct socket_name name = resolve("::", 0), other = resolve("127.0.0.1", 1);
	struct socket_name wanted;
	unsigned port;
	int descriptor;

	(void)state;
	pass(bind_datagram(&name), 3);
	port = ntohs(((struct sockaddr_in6 *)&name.address)->sin6_port);
	wanted = resolve("127.0.0.1", port);
	set_environment(getpid(), "1", "a");
	held_sockets_inherit(held);
	assert_true(is_explained(held, &wanted, SOCK_DGRAM));
	assert_false(is_explained(held, &wanted, SOCK_STREAM));
	assert_false(is_explained(held, &other, SOCK_DGRAM));
	descriptor = held_sockets_at(held, "x", &name, SOCK_DGRAM);
	assert_true(descriptor >= 0);
	assert_false(is_explained(held, &wanted, SOCK_DGRAM));
	(void)close(descriptor);
	held_sockets_destroy(held);
}

/* held_sockets.h: a socket has one user, who may come again. */
static void test_held_socket_has_one_user(void **state)
{
	struct held_sockets *held = held_sockets_create();
	struct socket_name name = resolve("127.0.0.1", 0);

	(void)state;
	pass(bind_datagram(&name), 3);
	set_environment(getpid(), "1", "rcstreamd.socket");
	held_sockets_inherit(held);
	for (unsigned i = 0; i < 2; i++) {
		int descriptor = held_sockets_at(held, "one", &name, SOCK_DGRAM);

		assert_true(descriptor >= 0);
		(void)close(descriptor);
		assert_int_equal(held_sockets_at(held, "other", &name, SOCK_DGRAM), -1);
	}
	held_sockets_destroy(held);
}

/* held_sockets.h: port 0 is that of the user's own socket, and of no inherited one. */
static void test_held_socket_that_was_left_is_found_again(void **state)
{
	struct held_sockets *held = held_sockets_create();
	struct socket_name name = resolve("127.0.0.1", 0);
	struct socket_name any_port = resolve("127.0.0.1", 0);
	struct unix_socket none = {.path = NULL};
	int own = bind_datagram(&name);
	int again;

	(void)state;
	held_sockets_leave(held, "one", own, &none);
	assert_int_equal(held_sockets_at(held, "other", &name, SOCK_DGRAM), -1);
	again = held_sockets_at(held, "one", &any_port, SOCK_DGRAM);
	assert_true(is_same_socket(again, own));
	(void)close(again);
	held_sockets_forget(held, "other");
	again = held_sockets_at(held, "one", &name, SOCK_DGRAM);
	assert_true(again >= 0);
	(void)close(again);
	held_sockets_forget(held, "one");
	assert_int_equal(held_sockets_at(held, "one", &name, SOCK_DGRAM), -1);
	(void)close(own);
	held_sockets_destroy(held);
}

/* held_sockets.h: the file of a socket that was left goes with who takes it, or with nobody. */
static void test_held_socket_in_the_file_system_keeps_its_file(void **state)
{
	struct held_sockets *held = held_sockets_create();
	struct unix_socket file, taken;
	struct error error = {""};
	int own, again;

	(void)state;
	(void)unlink(PATH);
	own = unix_socket_bind(&file, SOCK_DGRAM, PATH, 0600, &error);
	assert_true(own >= 0);
	held_sockets_leave(held, "one", own, &file);
	(void)close(own);
	again = held_sockets_at_path(held, "one", PATH, SOCK_DGRAM, &taken);
	assert_true(again >= 0);
	held_sockets_forget(held, "one");
	assert_int_equal(access(PATH, F_OK), 0);
	held_sockets_leave(held, "one", again, &taken);
	(void)close(again);
	held_sockets_forget(held, "one"); /* nobody took it */
	assert_int_equal(access(PATH, F_OK), -1);
	assert_int_equal(held_sockets_at_path(held, "one", PATH, SOCK_DGRAM, &taken), -1);
	held_sockets_destroy(held);
}

/* held_sockets.h: one that the service manager has bound is the service manager's to remove. */
static void test_inherited_file_is_not_ours_to_remove(void **state)
{
	struct held_sockets *held = held_sockets_create();
	struct unix_socket file, taken;
	struct error error = {""};
	int again;

	(void)state;
	(void)unlink(PATH);
	pass(unix_socket_bind(&file, SOCK_DGRAM, PATH, 0600, &error), 3);
	set_environment(getpid(), "1", "unknown");
	held_sockets_inherit(held);
	again = held_sockets_at_path(held, "one", PATH, SOCK_DGRAM, &taken);
	assert_true(again >= 0);
	assert_null(taken.path);
	(void)close(again);
	held_sockets_destroy(held);
	assert_int_equal(access(PATH, F_OK), 0);
	(void)unlink(PATH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_held_sockets_are_inherited_with_their_names),
	    cmocka_unit_test(test_held_sockets_of_others_are_left_alone),
	    cmocka_unit_test(test_held_sockets_refuse_what_is_no_socket),
	    cmocka_unit_test(test_held_socket_in_the_way_is_named),
	    cmocka_unit_test(test_held_socket_has_one_user),
	    cmocka_unit_test(test_held_socket_that_was_left_is_found_again),
	    cmocka_unit_test(test_held_socket_in_the_file_system_keeps_its_file),
	    cmocka_unit_test(test_inherited_file_is_not_ours_to_remove),
	};

	/* Where the service manager puts its sockets, a test's runner may have something open. */
	(void)close(3);
	(void)close(4);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
