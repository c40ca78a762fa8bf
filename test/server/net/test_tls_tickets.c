/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/tls_tickets: how long a ticket can be opened. */
#include "server/net/tls_tickets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROTATE TLS_TICKETS_ROTATE_S

static bool finds(struct tls_tickets *tickets, uint64_t now_s, const struct tls_ticket_key *key,
                  bool *is_current)
{
	struct tls_ticket_key found;

	if (!tls_tickets_find(tickets, now_s, key->name, &found, is_current)) {
		return false;
	}
	assert_memory_equal(&found, key, sizeof(found));
	return true;
}

/* tls_tickets.h: a key makes tickets for its time, opens them for as long again, and is gone. */
static void test_tls_tickets_rotate(void **state)
{
	struct tls_tickets *tickets = tls_tickets_create();
	struct tls_ticket_key first, same, second;
	bool is_current;

	(void)state;
	tls_tickets_current(tickets, 100, &first);
	tls_tickets_current(tickets, 100 + ROTATE - 1, &same);
	assert_memory_equal(&first, &same, sizeof(first));
	tls_tickets_current(tickets, 100 + ROTATE, &second);
	assert_memory_not_equal(&first, &second, sizeof(first));
	assert_true(finds(tickets, 100 + ROTATE, &first, &is_current));
	assert_false(is_current);
	assert_true(finds(tickets, 100 + 2 * ROTATE - 1, &first, &is_current));
	assert_true(finds(tickets, 100 + ROTATE, &second, &is_current));
	assert_true(is_current);
	assert_false(finds(tickets, 100 + 2 * ROTATE, &first, &is_current));
	assert_true(finds(tickets, 100 + 2 * ROTATE, &second, &is_current));
	assert_false(is_current);
	tls_tickets_destroy(tickets);
}

/* ibid.: time without any client rotates too. */
static void test_tls_tickets_forget_while_nobody_comes(void **state)
{
	struct tls_tickets *tickets = tls_tickets_create();
	struct tls_ticket_key key;
	bool is_current;

	(void)state;
	tls_tickets_current(tickets, 0, &key);
	assert_false(finds(tickets, 2 * ROTATE, &key, &is_current));
	tls_tickets_destroy(tickets);
}

/* ibid.: a name that is nobody's finds nothing, in a new set either. */
static void test_tls_tickets_know_their_own(void **state)
{
	struct tls_tickets *tickets = tls_tickets_create();
	struct tls_ticket_key nobody = {.name = {0}};
	struct tls_ticket_key key;
	bool is_current;

	(void)state;
	assert_false(finds(tickets, 1, &nobody, &is_current));
	tls_tickets_current(tickets, 1, &key);
	assert_false(finds(tickets, 1, &nobody, &is_current));
	tls_tickets_destroy(tickets);
	tls_tickets_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tls_tickets_rotate),
	    cmocka_unit_test(test_tls_tickets_forget_while_nobody_comes),
	    cmocka_unit_test(test_tls_tickets_know_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
