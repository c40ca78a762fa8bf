/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/udp_sockets: what a source of datagrams receives on, all of it or nothing. */
#include "ingest/udp_sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "test/ingest/rig.h"

/* Open what the entry of a rig says. */
static bool open_sockets(const struct rig *rig, struct udp_sockets *sockets, struct error *error)
{
	const struct conf_rc2udp *conf = &rig->conf->ingest[0].as.rc2udp;
	struct udp_options options = {
	    .listen = &conf->listen,
	    .mode = conf->mode,
	    .join = &conf->join,
	    .interface = conf->interface,
	    .receive_buffer = conf->receive_buffer,
	};

	return udp_sockets_open(sockets, &rig->env, &options, error);
}

static void close_sockets(struct udp_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++) {
		assert_int_equal(close(sockets->descriptors[i]), 0);
	}
	udp_sockets_remove(sockets);
}

static int family_of(int descriptor)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
	return address.ss_family;
}

/* A descriptor that is new: the lowest free one, so it tells whether any stayed open. */
static int next_descriptor(void)
{
	int descriptor = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(close(descriptor), 0);
	return descriptor;
}

static void assert_opens(const char *entry, int family)
{
	struct rig *rig = rig_create(entry);
	struct udp_sockets sockets;
	struct error error = {""};

	assert_true(open_sockets(rig, &sockets, &error));
	assert_true(sockets.count >= 1);
	assert_int_equal(family_of(sockets.descriptors[0]), family);
	close_sockets(&sockets);
	rig_destroy(rig);
}

static void assert_refuses(const char *entry, const char *words)
{
	struct rig *rig = rig_create(entry);
	struct udp_sockets sockets;
	struct error error = {""};
	int before = next_descriptor();

	assert_false(open_sockets(rig, &sockets, &error));
	if (strstr(error.text, words) == NULL) {
		fail_msg("%s: %s", entry, error.text);
	}
	assert_int_equal(sockets.count, 0);
	assert_int_equal(next_descriptor(), before);
	rig_destroy(rig);
}

/* udp_sockets.h: UDP in either family, with groups or without, or a file. */
static void test_udp_sockets_are_of_the_kind_that_listen_says(void **state)
{
	(void)state;
	assert_opens("{type: rc2udp, listen: \"127.0.0.1:0\"}", AF_INET);
	assert_opens("{type: rc2udp, listen: \"localhost:0\"}", AF_INET);
	assert_opens("{type: rc2udp, listen: \"0.0.0.0:0\", join: [239.255.1.2, 239.255.1.3], "
	             "interface: lo}",
	             AF_INET);
	assert_opens("{type: rc2udp, listen: \"unix:/tmp/test_udp_sockets\"}", AF_UNIX);
	assert_int_equal(access("/tmp/test_udp_sockets", F_OK), -1);
	assert_int_equal(errno, ENOENT);
}

/* udp_sockets.h: false with a sentence and nothing left behind, however far it came. */
static void test_udp_sockets_open_all_or_none(void **state)
{
	(void)state;
	assert_refuses("{type: rc2udp, listen: \"192.0.2.1:0\"}", "cannot bind 192.0.2.1:0");
	assert_refuses("{type: rc2udp, listen: \"unix:/nonexistent/a\"}", "unix:/nonexistent/a");
	assert_refuses("{type: rc2udp, listen: \"0.0.0.0:0\", join: 239.255.1.2, interface: none0}",
	               "interface \"none0\": ");
	assert_refuses("{type: rc2udp, listen: \"0.0.0.0:0\", join: [239.255.1.2, \"ff15::1\"], "
	               "interface: lo}",
	               "cannot join ff15::1: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_udp_sockets_are_of_the_kind_that_listen_says),
	    cmocka_unit_test(test_udp_sockets_open_all_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
