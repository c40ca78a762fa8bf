/* SPDX-License-Identifier: Apache-2.0 */
#include "server/mailbox.h"

#include <stdlib.h>

#include "server/base/memory.h"

void mailbox_init(struct mailbox *mailbox)
{
	*mailbox = (struct mailbox){0};
	require(uv_mutex_init(&mailbox->lock) == 0);
}

void mailbox_finish(struct mailbox *mailbox)
{
	require(mailbox->changes.count == 0 && mailbox->moved == NULL && mailbox->errands == NULL);
	free(mailbox->changes.items);
	uv_mutex_destroy(&mailbox->lock);
}

bool mailbox_has_room(struct mailbox *mailbox)
{
	bool has_room;

	uv_mutex_lock(&mailbox->lock);
	has_room = mailbox->changes.count < MAILBOX_CHANGES_MAX &&
	           mailbox->changes.bytes < MAILBOX_BYTES_MAX;
	mailbox->wants_room = mailbox->wants_room || !has_room;
	uv_mutex_unlock(&mailbox->lock);
	return has_room;
}

static void list_add(struct change_list *list, struct change *change)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity > 0 ? list->capacity * 2 : 64;
		list->items = mem_resize(list->items, list->capacity * sizeof(list->items[0]));
	}
	list->items[list->count++] = change;
	list->bytes += change->json_bytes + change->line.length;
}

void mailbox_put_changes(struct mailbox *mailbox, struct change *const *changes, size_t count)
{
	uv_mutex_lock(&mailbox->lock);
	for (size_t i = 0; i < count; i++) {
		list_add(&mailbox->changes, changes[i]);
	}
	uv_mutex_unlock(&mailbox->lock);
}

bool mailbox_put_moved(struct mailbox *mailbox, struct moved *moved)
{
	bool is_taken;

	uv_mutex_lock(&mailbox->lock);
	is_taken = !mailbox->is_closed;
	if (is_taken) {
		moved->next = mailbox->moved;
		mailbox->moved = moved;
	}
	uv_mutex_unlock(&mailbox->lock);
	return is_taken;
}

bool mailbox_put_errand(struct mailbox *mailbox, struct errand *errand)
{
	bool is_taken;

	uv_mutex_lock(&mailbox->lock);
	is_taken = !mailbox->is_closed;
	if (is_taken) {
		errand->next = mailbox->errands;
		mailbox->errands = errand;
	}
	uv_mutex_unlock(&mailbox->lock);
	return is_taken;
}

void mailbox_put_conf(struct mailbox *mailbox, const struct conf *conf)
{
	const struct conf *spare;

	uv_mutex_lock(&mailbox->lock);
	spare = mailbox->is_closed ? conf : mailbox->conf;
	mailbox->conf = mailbox->is_closed ? NULL : conf;
	uv_mutex_unlock(&mailbox->lock);
	conf_destroy(spare);
}

void mailbox_put_end(struct mailbox *mailbox)
{
	uv_mutex_lock(&mailbox->lock);
	mailbox->is_ending = true;
	uv_mutex_unlock(&mailbox->lock);
}

static struct moved *reverse(struct moved *last)
{
	struct moved *first = NULL;

	while (last != NULL) {
		struct moved *next = last->next;

		last->next = first;
		first = last;
		last = next;
	}
	return first;
}

static struct change_list exchange(struct change_list *waiting, struct change_list empty)
{
	struct change_list taken = *waiting;

	empty.bytes = 0;
	*waiting = empty;
	return taken;
}

struct mail mailbox_take(struct mailbox *mailbox, struct change_list *changes)
{
	struct mail mail = {0};

	uv_mutex_lock(&mailbox->lock);
	if (changes->count == 0) {
		*changes = exchange(&mailbox->changes, *changes);
		mail.is_ending = mailbox->is_ending;
		mail.gave_room = mailbox->wants_room;
		mailbox->wants_room = false;
	}
	mail.moved = mailbox->moved;
	mailbox->moved = NULL;
	mail.errands = mailbox->errands;
	mailbox->errands = NULL;
	mail.conf = mailbox->conf;
	mailbox->conf = NULL;
	uv_mutex_unlock(&mailbox->lock);
	mail.moved = reverse(mail.moved);
	return mail;
}

void mailbox_close(struct mailbox *mailbox)
{
	uv_mutex_lock(&mailbox->lock);
	mailbox->is_closed = true;
	uv_mutex_unlock(&mailbox->lock);
}
