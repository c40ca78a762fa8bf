/* SPDX-License-Identifier: Apache-2.0 */
/* server/listeners: the sockets that clients come to, one for each worker and address. */
#include "server/listeners.h"

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

#include "protocols/front_end.h"

#define WORKERS 3

static const struct conf_addresses *addresses(const struct conf *conf)
{
	return &conf->irc.listen;
}

static const struct conf_addresses *tls_addresses(const struct conf *conf)
{
	return &conf->irc.listen_tls;
}

static const struct conf_addresses *no_addresses(const struct conf *conf)
{
	(void)conf;
	return NULL;
}

static const struct front_end off = {.name = "off", .addresses = no_addresses};
static const struct front_end on = {
    .name = "on", .addresses = addresses, .tls_addresses = tls_addresses};

const struct front_end *const front_ends[] = {&off, &on, NULL};

struct rig {
	struct conf *conf;
	struct held_sockets *held;
	struct listeners listeners;
};

static void set_up_tls(struct rig *rig, const char *listen, const char *listen_tls)
{
	struct buffer yaml = {0}, errors = {0};

	buffer_printf(&yaml, "irc: {listen: [%s], listen_tls: [%s]}\ntls: {certificates: [x]}\n",
	              listen, listen_tls);
	rig->conf = conf_parse("test", yaml.bytes, yaml.length, &errors);
	assert_non_null(rig->conf);
	rig->held = held_sockets_create();
	listeners_init(&rig->listeners, WORKERS);
	buffer_finish(&yaml);
	buffer_finish(&errors);
}

static void set_up(struct rig *rig, const char *listen)
{
	set_up_tls(rig, listen, "");
}

static void tear_down(struct rig *rig)
{
	listeners_finish(&rig->listeners);
	held_sockets_destroy(rig->held);
	conf_destroy(rig->conf);
}

/* Have a listening socket of 127.0.0.1 be inherited under this name; returns its port. */
static unsigned inherit(struct rig *rig, const char *name)
{
	struct socket_name names[2];
	struct error error = {""};
	struct sockaddr_in address;
	char pid[32];
	int descriptor;

	assert_int_equal(socket_resolve("127.0.0.1", 0, names, &error), 1);
	assert_true(socket_bind_group(&names[0], &descriptor, 1, &error));
	if (descriptor != 3) {
		assert_int_equal(dup2(descriptor, 3), 3);
		(void)close(descriptor);
	}
	(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	(void)setenv("LISTEN_PID", pid, 1);
	(void)setenv("LISTEN_FDS", "1", 1);
	(void)setenv("LISTEN_FDNAMES", name, 1);
	held_sockets_inherit(rig->held);
	memcpy(&address, &names[0].address, sizeof(address));
	return ntohs(address.sin_port);
}

static ino_t inode_of(int descriptor)
{
	struct stat file;

	assert_int_equal(fstat(descriptor, &file), 0);
	return file.st_ino;
}

/* listeners.h: a socket of its own for each worker and address, none for a front-end that is off.
 */
static void test_listeners_are_bound_for_every_worker(void **state)
{
	struct rig rig;
	struct error error = {""};

	(void)state;
	set_up(&rig, "\"127.0.0.1:0\", \"127.0.0.1:0\"");
	assert_true(listeners_bind(&rig.listeners, rig.conf, rig.held, &error));
	assert_int_equal(rig.listeners.count, 2);
	for (size_t i = 0; i < WORKERS; i++) {
		for (size_t j = 0; j < 2; j++) {
			assert_int_equal(rig.listeners.sockets[i][j].front_end, 1);
			assert_false(rig.listeners.sockets[i][j].is_shared);
		}
	}
	assert_true(inode_of(rig.listeners.sockets[0][0].descriptor) !=
	            inode_of(rig.listeners.sockets[1][0].descriptor));
	tear_down(&rig);
}

/* listeners.h: one that is held is the same for all workers, found by the front-end's name. */
static void test_held_socket_is_shared_by_the_workers(void **state)
{
	struct rig rig;
	struct error error = {""};

	(void)state;
	set_up(&rig, "\"192.0.2.1:6667\""); /* RFC 5737: could not be bound, and is not */
	(void)inherit(&rig, "on");
	assert_true(listeners_bind(&rig.listeners, rig.conf, rig.held, &error));
	assert_int_equal(rig.listeners.count, 1);
	for (size_t i = 0; i < WORKERS; i++) {
		assert_true(rig.listeners.sockets[i][0].is_shared);
		assert_int_equal(inode_of(rig.listeners.sockets[i][0].descriptor), inode_of(3));
	}
	tear_down(&rig);
}

/* listeners.h: or by one of its addresses; the others are bound. */
static void test_held_socket_is_found_by_its_address(void **state)
{
	struct rig rig, listening;
	struct error error = {""};
	char listen[64];

	(void)state;
	set_up(&rig, "\"127.0.0.1:0\"");
	(void)snprintf(listen, sizeof(listen), "\"127.0.0.1:0\", \"127.0.0.1:%u\"",
	               inherit(&rig, "any.socket"));
	set_up(&listening, listen);
	assert_true(listeners_bind(&rig.listeners, listening.conf, rig.held, &error));
	assert_int_equal(rig.listeners.count, 2);
	assert_false(rig.listeners.sockets[0][0].is_shared);
	assert_true(rig.listeners.sockets[0][1].is_shared);
	tear_down(&listening);
	tear_down(&rig);
}

/* listeners.h: those of listen_tls are marked; a fault there is told as that. */
static void test_listeners_in_tls_are_marked(void **state)
{
	struct rig rig;
	struct error error = {""};

	(void)state;
	set_up_tls(&rig, "\"127.0.0.1:0\"", "\"127.0.0.1:0\"");
	assert_true(listeners_bind(&rig.listeners, rig.conf, rig.held, &error));
	assert_int_equal(rig.listeners.count, 2);
	assert_false(rig.listeners.sockets[0][0].is_tls);
	assert_true(rig.listeners.sockets[0][1].is_tls);
	assert_int_equal(rig.listeners.sockets[0][1].front_end, 1);
	tear_down(&rig);
	set_up_tls(&rig, "", "\"192.0.2.1:6697\"");
	assert_false(listeners_bind(&rig.listeners, rig.conf, rig.held, &error));
	assert_memory_equal(error.text, "on.listen_tls: cannot bind 192.0.2.1:6697: ", 43);
	tear_down(&rig);
}

/* listeners.h: held ones for TLS bear a name of their own, and are nobody's without listen_tls. */
static void test_held_socket_for_tls_has_its_own_name(void **state)
{
	struct rig rig;
	struct error error = {""};

	(void)state;
	set_up_tls(&rig, "", "\"192.0.2.1:6697\"");
	(void)inherit(&rig, "on-tls");
	assert_true(listeners_bind(&rig.listeners, rig.conf, rig.held, &error));
	assert_int_equal(rig.listeners.count, 1);
	assert_true(rig.listeners.sockets[0][0].is_tls);
	assert_int_equal(inode_of(rig.listeners.sockets[0][0].descriptor), inode_of(3));
	tear_down(&rig);
	set_up(&rig, "\"127.0.0.1:0\"");
	(void)inherit(&rig, "on-tls");
	assert_true(listeners_bind(&rig.listeners, rig.conf, rig.held, &error));
	assert_int_equal(rig.listeners.count, 1);
	assert_false(rig.listeners.sockets[0][0].is_tls);
	assert_false(rig.listeners.sockets[0][0].is_shared);
	tear_down(&rig);
}

/* listeners.h: false with the front-end named; what was bound before is closed at the end. */
static void test_listener_that_cannot_be_bound_is_named(void **state)
{
	struct rig rig;
	struct error error = {""};
	int before = dup(0), after;

	(void)state;
	set_up(&rig, "\"127.0.0.1:0\", \"192.0.2.1:6667\"");
	assert_false(listeners_bind(&rig.listeners, rig.conf, rig.held, &error));
	assert_memory_equal(error.text, "on.listen: cannot bind 192.0.2.1:6667: ", 39);
	tear_down(&rig);
	after = dup(0); /* the lowest that is free */
	assert_int_equal(after, before + 1);
	(void)close(before);
	(void)close(after);
}

/* listeners.h: what a worker has taken over is not closed here. */
static void test_taken_sockets_are_left_alone(void **state)
{
	struct rig rig;
	struct error error = {""};
	int taken;

	(void)state;
	set_up(&rig, "\"127.0.0.1:0\"");
	assert_true(listeners_bind(&rig.listeners, rig.conf, rig.held, &error));
	taken = rig.listeners.sockets[1][0].descriptor;
	listeners_taken(&rig.listeners, 1);
	tear_down(&rig);
	assert_true(fcntl(taken, F_GETFD) >= 0);
	(void)close(taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_listeners_are_bound_for_every_worker),
	    cmocka_unit_test(test_held_socket_is_shared_by_the_workers),
	    cmocka_unit_test(test_held_socket_is_found_by_its_address),
	    cmocka_unit_test(test_listeners_in_tls_are_marked),
	    cmocka_unit_test(test_held_socket_for_tls_has_its_own_name),
	    cmocka_unit_test(test_listener_that_cannot_be_bound_is_named),
	    cmocka_unit_test(test_taken_sockets_are_left_alone),
	};

	(void)close(3);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
