/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/clients: one worker's clients by their ids. */
#include "server/net/clients.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/net/client.h"

#define MANY 3000

/* Whether these, by id, are all that there are. */
static void assert_clients(const struct clients *clients, const bool *is_in, uint64_t ids)
{
	const struct client *client = clients_next(clients, 0);

	for (uint64_t id = 1; id <= ids; id++) {
		if (is_in[id]) {
			assert_non_null(client);
			assert_int_equal(client->id, id);
			client = clients_next(clients, id);
		}
	}
	assert_null(client);
}

/* clients.h: by id, in whatever order they come and go. */
static void test_clients_are_found_by_id(void **state)
{
	static struct client made[MANY + 1];
	static bool is_in[MANY + 1];
	struct clients clients = {0};
	unsigned seed = 1;

	(void)state;
	assert_null(clients_next(&clients, 0));
	for (unsigned i = 0; i < 20 * MANY; i++) {
		unsigned id;

		seed = seed * 1103515245U + 12345U;
		id = 1 + (seed >> 8) % MANY;
		made[id].id = id;
		if (is_in[id]) {
			clients_remove(&clients, &made[id]);
		} else {
			clients_add(&clients, &made[id]);
		}
		is_in[id] = !is_in[id];
		if (i % MANY == 0) {
			assert_clients(&clients, is_in, MANY);
		}
	}
	assert_clients(&clients, is_in, MANY);
	clients_finish(&clients);
	assert_null(clients_next(&clients, 0));
}

/* clients.h: who has left takes no room for long, as ids grow for ever. */
static void test_clients_take_room_for_those_who_are_there(void **state)
{
	struct client made[100] = {{.id = 0}};
	struct clients clients = {0};

	(void)state;
	for (uint64_t id = 1; id <= 100000; id++) {
		struct client *client = &made[id % 100];

		if (client->id > 0) {
			clients_remove(&clients, client);
		}
		client->id = id;
		clients_add(&clients, client);
		assert_true(clients.count - clients.gone <= 100);
		assert_true(clients.capacity <= 256);
	}
	for (unsigned i = 0; i < 100; i++) {
		clients_remove(&clients, &made[i]);
	}
	assert_int_equal(clients.count, 0);
	clients_finish(&clients);
}

/* clients.h: a connection that goes over from HTTP to IRC is two clients of one id for a moment. */
static void test_clients_may_have_one_id_for_a_moment(void **state)
{
	struct client made[4] = {{.id = 5}, {.id = 5}, {.id = 5}, {.id = 7}};
	struct clients clients = {0};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		clients_add(&clients, &made[i]);
	}
	clients_remove(&clients, &made[0]);
	clients_remove(&clients, &made[2]);
	assert_ptr_equal(clients_next(&clients, 4), &made[1]);
	assert_ptr_equal(clients_next(&clients, 5), &made[3]);
	clients_remove(&clients, &made[1]);
	assert_ptr_equal(clients_next(&clients, 0), &made[3]);
	assert_null(clients_next(&clients, UINT64_MAX));
	clients_remove(&clients, &made[3]);
	clients_finish(&clients);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clients_are_found_by_id),
	    cmocka_unit_test(test_clients_take_room_for_those_who_are_there),
	    cmocka_unit_test(test_clients_may_have_one_id_for_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
