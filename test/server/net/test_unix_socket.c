/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/unix_socket: datagram sockets with a name in the file system. */
#include "server/net/unix_socket.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/test_unix_socket_XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof(path), "%s/socket", mkdtemp(folder));
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static int send_to(const char *bytes)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int sender = socket(AF_UNIX, SOCK_DGRAM, 0);
	ssize_t sent;

	memcpy(address.sun_path, path, strlen(path));
	sent =
	    sendto(sender, bytes, strlen(bytes), 0, (struct sockaddr *)&address, sizeof(address));
	(void)close(sender);
	return (int)sent;
}

static int must_bind(struct unix_socket *file)
{
	struct error error = {""};
	int descriptor = unix_socket_bind(file, SOCK_DGRAM, path, 0660, &error);

	assert_string_equal(error.text, "");
	assert_true(descriptor >= 0);
	return descriptor;
}

static bool is_there(void)
{
	return access(path, F_OK) == 0;
}

/* unix_socket.h: it receives, does not block, and is removed with its name. */
static void test_unix_socket_receives_until_it_is_removed(void **state)
{
	struct unix_socket file = {0};
	int descriptor = must_bind(&file);
	char bytes[16];

	(void)state;
	assert_int_equal(recv(descriptor, bytes, sizeof(bytes), 0), -1);
	assert_int_equal(send_to("hello"), 5);
	assert_int_equal(recv(descriptor, bytes, sizeof(bytes), 0), 5);
	assert_true((fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0);
	unix_socket_remove(&file);
	assert_false(is_there());
	unix_socket_remove(&file);
	(void)close(descriptor);
}

/* unix_socket.h: the mode is the one asked for, whatever the umask. */
static void test_unix_socket_has_its_mode(void **state)
{
	static const mode_t modes[] = {0600, 0660, 0666, 0777, 0000};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		mode_t before = umask(i % 2 == 0 ? 0077 : 0000);
		struct unix_socket file = {0};
		struct error error;
		struct stat bound;
		int descriptor = unix_socket_bind(&file, SOCK_DGRAM, path, modes[i], &error);

		(void)umask(before);
		assert_true(descriptor >= 0);
		assert_int_equal(lstat(path, &bound), 0);
		assert_int_equal(bound.st_mode & 07777, modes[i]);
		unix_socket_remove(&file);
		(void)close(descriptor);
	}
}

/* unix_socket.h: what a dead process left behind is replaced. */
static void test_unix_socket_replaces_a_stale_one(void **state)
{
	struct unix_socket dead = {0};
	struct unix_socket file = {0};
	int descriptor;
	char bytes[16];

	(void)state;
	(void)close(must_bind(&dead));
	assert_true(is_there());
	descriptor = must_bind(&file);
	assert_int_equal(send_to("hello"), 5);
	assert_int_equal(recv(descriptor, bytes, sizeof(bytes), 0), 5);
	unix_socket_remove(&file);
	assert_false(is_there());
	(void)close(descriptor);
}

static void assert_refused(const char *words)
{
	struct unix_socket file = {0};
	struct error error = {""};

	assert_int_equal(unix_socket_bind(&file, SOCK_DGRAM, path, 0660, &error), -1);
	assert_non_null(strstr(error.text, words));
	assert_non_null(strstr(error.text, path));
	assert_null(file.path);
	unix_socket_remove(&file);
}

/* unix_socket.h: what somebody has put there since is not removed. */
static void test_unix_socket_leaves_what_is_not_its_own(void **state)
{
	struct unix_socket file = {0};
	int descriptor = must_bind(&file);
	char aside[80];

	(void)state;
	(void)snprintf(aside, sizeof(aside), "%s.aside", path);
	assert_int_equal(rename(path, aside), 0); /* and keeps its inode from being used again */
	assert_int_equal(symlink("nowhere", path), 0);
	unix_socket_remove(&file);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(aside), 0);
	(void)close(descriptor);
}

/* unix_socket.h: one that is alive is refused and goes on. */
static void test_unix_socket_refuses_one_that_is_alive(void **state)
{
	struct unix_socket file = {0};
	int descriptor = must_bind(&file);

	(void)state;
	assert_refused("is in use");
	assert_int_equal(send_to("hello"), 5);
	unix_socket_remove(&file);
	(void)close(descriptor);
}

/* unix_socket.h: a stream socket that listens is alive too, and a file is none to be replaced. */
static void test_unix_socket_refuses_what_is_not_its_own(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int other = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	memcpy(address.sun_path, path, strlen(path));
	assert_int_equal(bind(other, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(other, 1), 0);
	assert_refused("is in use");
	(void)close(other);
	assert_int_equal(unlink(path), 0);
	other = open(path, O_CREAT | O_WRONLY, 0600);
	assert_refused("is in use");
	(void)close(other);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_refused("");
	assert_int_equal(unlink(path), 0);
}

/* unix_socket.h: the reason is the system's where the path leads nowhere. */
static void test_unix_socket_tells_why_it_cannot_bind(void **state)
{
	struct unix_socket file = {0};
	struct error error = {""};

	(void)state;
	assert_int_equal(unix_socket_bind(&file, SOCK_DGRAM, "/nonexistent/socket", 0660, &error),
	                 -1);
	assert_string_equal(error.text,
	                    "cannot bind unix:/nonexistent/socket: No such file or directory");
}

/* unix_socket.h: a stream socket is a listener's; one that nobody listens on is stale too. */
static void test_unix_socket_takes_clients(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct unix_socket file = {0};
	struct error error = {""};
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	int descriptor = unix_socket_bind(&file, SOCK_STREAM, path, 0600, &error);
	int second;

	(void)state;
	assert_true(descriptor >= 0);
	assert_int_equal(listen(descriptor, 4), 0);
	memcpy(address.sun_path, path, strlen(path));
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(unix_socket_bind(&file, SOCK_STREAM, path, 0600, &error), -1);
	assert_non_null(strstr(error.text, " is in use"));
	(void)close(descriptor);
	(void)close(client);
	second = unix_socket_bind(&file, SOCK_STREAM, path, 0600, &error);
	assert_true(second >= 0);
	unix_socket_remove(&file);
	assert_false(is_there());
	(void)close(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unix_socket_receives_until_it_is_removed),
	    cmocka_unit_test(test_unix_socket_has_its_mode),
	    cmocka_unit_test(test_unix_socket_takes_clients),
	    cmocka_unit_test(test_unix_socket_replaces_a_stale_one),
	    cmocka_unit_test(test_unix_socket_leaves_what_is_not_its_own),
	    cmocka_unit_test(test_unix_socket_refuses_one_that_is_alive),
	    cmocka_unit_test(test_unix_socket_refuses_what_is_not_its_own),
	    cmocka_unit_test(test_unix_socket_tells_why_it_cannot_bind),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
