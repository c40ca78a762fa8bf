/* SPDX-License-Identifier: Apache-2.0 */
/* server/mailbox: what other threads have for a worker. */
#include "server/mailbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/base/memory.h"

static struct change *make_change(uint64_t id, size_t json_length)
{
	char *json = mem_zeroed(json_length + 1);
	struct change_parts parts = {.wiki = {"w", 1}, .channel = {"#w", 2}};
	struct change *change;

	parts.json = (struct text){.bytes = json, .length = json_length};
	change = change_create(&parts);
	change->id = id;
	free(json);
	return change;
}

static void put(struct mailbox *mailbox, uint64_t id)
{
	struct change *change = make_change(id, 2);

	mailbox_put_changes(mailbox, &change, 1);
}

/* Give the changes back; they must be numbered from `first` on. */
static void unref_all(struct change_list *changes, uint64_t first)
{
	for (size_t i = 0; i < changes->count; i++) {
		assert_int_equal(changes->items[i]->id, first + i);
		change_unref(changes->items[i]);
	}
	changes->count = 0;
}

static int setup(void **state)
{
	struct mailbox *mailbox = mem_new(struct mailbox);

	mailbox_init(mailbox);
	*state = mailbox;
	return 0;
}

static int teardown(void **state)
{
	mailbox_finish(*state);
	free(*state);
	return 0;
}

/* mailbox.h: changes come out in the order they were put in, all at once. */
static void test_mailbox_keeps_the_order(void **state)
{
	struct mailbox *mailbox = *state;
	struct change_list taken = {0};
	struct change *batch[100];

	for (size_t i = 0; i < 100; i++) {
		batch[i] = make_change(i + 1, 2);
	}
	mailbox_put_changes(mailbox, batch, 100);
	put(mailbox, 101);
	(void)mailbox_take(mailbox, &taken);
	assert_int_equal(taken.count, 101);
	unref_all(&taken, 1);
	(void)mailbox_take(mailbox, &taken);
	assert_int_equal(taken.count, 0);
	free(taken.items);
}

/* mailbox.h: while the owner has changes left, those that wait stay, and the memory is exchanged.
 */
static void test_mailbox_gives_changes_to_an_empty_list_only(void **state)
{
	struct mailbox *mailbox = *state;
	struct change_list taken = {0};

	put(mailbox, 1);
	(void)mailbox_take(mailbox, &taken);
	assert_int_equal(taken.count, 1);
	put(mailbox, 2);
	(void)mailbox_take(mailbox, &taken);
	assert_int_equal(taken.count, 1);
	unref_all(&taken, 1);
	(void)mailbox_take(mailbox, &taken);
	assert_int_equal(taken.count, 1);
	unref_all(&taken, 2);
	free(taken.items);
}

/* mailbox.h: a number of changes bounds it, and who found it full is told at the next taking. */
static void test_mailbox_has_room_for_so_many_changes(void **state)
{
	struct mailbox *mailbox = *state;
	struct change_list taken = {0};
	struct mail mail;

	for (uint64_t id = 1; id <= MAILBOX_CHANGES_MAX; id++) {
		assert_true(mailbox_has_room(mailbox));
		put(mailbox, id);
	}
	assert_false(mailbox_has_room(mailbox));
	mail = mailbox_take(mailbox, &taken);
	assert_true(mail.gave_room);
	assert_true(mailbox_has_room(mailbox));
	unref_all(&taken, 1);
	mail = mailbox_take(mailbox, &taken);
	assert_false(mail.gave_room);
	free(taken.items);
}

/* mailbox.h: so do their bytes, from the first one on again after a taking. */
static void test_mailbox_has_room_for_so_many_bytes(void **state)
{
	struct mailbox *mailbox = *state;
	struct change_list taken = {0};

	for (unsigned round = 0; round < 2; round++) {
		for (uint64_t id = 0; id < 64; id++) {
			struct change *change = make_change(id, MAILBOX_BYTES_MAX / 64);

			assert_true(mailbox_has_room(mailbox));
			mailbox_put_changes(mailbox, &change, 1);
		}
		assert_false(mailbox_has_room(mailbox));
		(void)mailbox_take(mailbox, &taken);
		unref_all(&taken, 0);
	}
	free(taken.items);
}

/* mailbox.h: the end is found with the last changes put in before it, not while some are left. */
static void test_mailbox_tells_the_end_after_the_changes(void **state)
{
	struct mailbox *mailbox = *state;
	struct change_list taken = {0};

	put(mailbox, 1);
	assert_false(mailbox_take(mailbox, &taken).is_ending);
	put(mailbox, 2);
	mailbox_put_end(mailbox);
	assert_false(mailbox_take(mailbox, &taken).is_ending);
	unref_all(&taken, 1);
	assert_true(mailbox_take(mailbox, &taken).is_ending);
	assert_int_equal(taken.count, 1);
	unref_all(&taken, 2);
	free(taken.items);
}

/* mailbox.h: connections come oldest first, whether changes are left or not. */
static void test_mailbox_gives_connections_in_order(void **state)
{
	struct mailbox *mailbox = *state;
	struct change_list taken = {0};
	struct moved moved[3] = {{.front_end = 1}, {.front_end = 2}, {.front_end = 3}};
	struct mail mail;

	put(mailbox, 1);
	(void)mailbox_take(mailbox, &taken);
	for (size_t i = 0; i < 3; i++) {
		assert_true(mailbox_put_moved(mailbox, &moved[i]));
	}
	mail = mailbox_take(mailbox, &taken);
	assert_ptr_equal(mail.moved, &moved[0]);
	assert_ptr_equal(mail.moved->next, &moved[1]);
	assert_ptr_equal(mail.moved->next->next, &moved[2]);
	assert_null(moved[2].next);
	assert_null(mailbox_take(mailbox, &taken).moved);
	unref_all(&taken, 1);
	free(taken.items);
}

/* mailbox.h: a closed one refuses connections, which stay their giver's. */
static void test_mailbox_refuses_connections_once_closed(void **state)
{
	struct mailbox *mailbox = *state;
	struct moved moved = {.front_end = 1};
	struct change_list taken = {0};

	mailbox_close(mailbox);
	assert_false(mailbox_put_moved(mailbox, &moved));
	assert_null(mailbox_take(mailbox, &taken).moved);
}

#define PRODUCED 20000

static void produce(void *pointer)
{
	struct mailbox *mailbox = pointer;

	for (uint64_t id = 1; id <= PRODUCED; id++) {
		put(mailbox, id);
	}
	mailbox_put_end(mailbox);
}

/* mailbox.h, "Threads": one thread puts, another takes; nothing is lost and the order stays. */
static void test_mailbox_loses_nothing_between_threads(void **state)
{
	struct mailbox *mailbox = *state;
	struct change_list taken = {0};
	uint64_t next = 1;
	uv_thread_t producer;
	bool is_ending = false;

	assert_int_equal(uv_thread_create(&producer, produce, mailbox), 0);
	while (!is_ending) {
		is_ending = mailbox_take(mailbox, &taken).is_ending;
		next += taken.count;
		unref_all(&taken, next - taken.count);
	}
	assert_int_equal(next, PRODUCED + 1);
	assert_int_equal(uv_thread_join(&producer), 0);
	free(taken.items);
}

/* mailbox.h: errands are given to whoever takes, each once, and none once it is closed. */
static void test_mailbox_gives_errands_until_it_is_closed(void **state)
{
	struct mailbox *mailbox = *state;
	struct change_list changes = {0};
	struct errand errands[2] = {{.home = 1}, {.home = 2}};
	struct mail mail;

	assert_true(mailbox_put_errand(mailbox, &errands[0]));
	assert_true(mailbox_put_errand(mailbox, &errands[1]));
	mail = mailbox_take(mailbox, &changes);
	assert_non_null(mail.errands);
	assert_non_null(mail.errands->next);
	assert_ptr_not_equal(mail.errands, mail.errands->next);
	assert_null(mail.errands->next->next);
	assert_null(mailbox_take(mailbox, &changes).errands);
	mailbox_close(mailbox);
	assert_false(mailbox_put_errand(mailbox, &errands[0]));
}

static const struct conf *make_conf(void)
{
	return conf_create_default(NULL);
}

/* mailbox.h: of configurations the last one put in counts, also while changes wait. */
static void test_mailbox_gives_the_last_configuration(void **state)
{
	struct mailbox *mailbox = *state;
	struct change_list taken = {0};
	const struct conf *last = make_conf();
	struct mail mail;

	mailbox_put_conf(mailbox, make_conf());
	mailbox_put_conf(mailbox, last);
	put(mailbox, 1);
	mail = mailbox_take(mailbox, &taken);
	assert_int_equal(taken.count, 1);
	assert_ptr_equal(mail.conf, last);
	conf_destroy(last);
	mailbox_put_conf(mailbox, make_conf());
	mail = mailbox_take(mailbox, &taken); /* the change is not done with */
	assert_non_null(mail.conf);
	conf_destroy(mail.conf);
	assert_null(mailbox_take(mailbox, &taken).conf);
	unref_all(&taken, 1);
	free(taken.items);
}

/* mailbox.h: once closed, one that is put in is freed. */
static void test_mailbox_frees_a_configuration_once_closed(void **state)
{
	struct mailbox *mailbox = *state;
	struct change_list taken = {0};

	mailbox_close(mailbox);
	mailbox_put_conf(mailbox, make_conf());
	assert_null(mailbox_take(mailbox, &taken).conf);
	free(taken.items);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_mailbox_keeps_the_order),
	    TEST(test_mailbox_gives_changes_to_an_empty_list_only),
	    TEST(test_mailbox_has_room_for_so_many_changes),
	    TEST(test_mailbox_has_room_for_so_many_bytes),
	    TEST(test_mailbox_tells_the_end_after_the_changes),
	    TEST(test_mailbox_gives_connections_in_order),
	    TEST(test_mailbox_refuses_connections_once_closed),
	    TEST(test_mailbox_gives_errands_until_it_is_closed),
	    TEST(test_mailbox_gives_the_last_configuration),
	    TEST(test_mailbox_frees_a_configuration_once_closed),
	    TEST(test_mailbox_loses_nothing_between_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
