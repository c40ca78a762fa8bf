/* SPDX-License-Identifier: Apache-2.0 */
/* server/feed/delivery: one change as one worker delivers it, and the wires made from it. */
#include "server/feed/delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct text text_of(const char *bytes)
{
	return (struct text){.bytes = bytes, .length = strlen(bytes)};
}

static struct change *create_change(void)
{
	struct change_parts parts = {
	    .wiki = text_of("w"), .channel = text_of("#w"), .json = text_of("{}")};

	return change_create(&parts);
}

static void encode_json(const struct encoder *encoder, const struct change *change,
                        struct buffer *out)
{
	struct text json = change_json(change);

	buffer_append_text(out, encoder->name);
	buffer_append(out, json.bytes, json.length);
}

static void encode_nothing(const struct encoder *encoder, const struct change *change,
                           struct buffer *out)
{
	(void)encoder;
	(void)change;
	(void)out;
}

static const struct encoder first = {.name = "1", .slot = 0, .encode = encode_json};
static const struct encoder last = {
    .name = "2", .slot = CHANGE_ENCODINGS_MAX - 1, .encode = encode_json};
static const struct encoder nothing = {.name = "3", .slot = 2, .encode = encode_nothing};

/* delivery.h: the wire points at the change's own bytes, one wire for all who ask. */
static void test_delivery_wire_shares_the_changes_bytes(void **state)
{
	struct change *change = create_change();
	struct delivery *delivery = delivery_create(change);
	struct wire *wire = delivery_wire(delivery, &first);

	(void)state;
	assert_ptr_equal(delivery_change(delivery), change);
	assert_ptr_equal(wire->bytes, change_encoded(change, &first).bytes);
	assert_int_equal(wire->length, 3);
	assert_memory_equal(wire->bytes, "1{}", 3);
	assert_ptr_equal(delivery_wire(delivery, &first), wire);
	assert_memory_equal(delivery_wire(delivery, &last)->bytes, "2{}", 3);
	delivery_unref(delivery);
}

/* delivery.h: NULL when the change has nothing in this encoding, at every asking. */
static void test_delivery_has_no_wire_of_an_empty_encoding(void **state)
{
	struct delivery *delivery = delivery_create(create_change());

	(void)state;
	assert_null(delivery_wire(delivery, &nothing));
	assert_null(delivery_wire(delivery, &nothing));
	delivery_unref(delivery);
}

/* delivery.h: the change goes with the last holder and the last wire, in any order of theirs. */
static void test_delivery_ends_with_the_last_holder_and_the_last_wire(void **state)
{
	(void)state;
	for (unsigned order = 0; order < 4; order++) {
		struct change *change = create_change();
		struct delivery *delivery = delivery_create(change);
		struct wire *wires[2];

		change_ref(change, 1);
		wires[0] = wire_ref(delivery_wire(delivery, &first));
		wires[1] = wire_ref(delivery_wire(delivery, &last));
		assert_ptr_equal(delivery_ref(delivery), delivery);
		delivery_unref(delivery);
		if (order < 2) {
			delivery_unref(delivery);
		}
		wire_unref(wires[order % 2]);
		/* The other wire keeps the bytes. */
		assert_memory_equal(wires[1 - order % 2]->bytes + 1, "{}", 2);
		wire_unref(wires[1 - order % 2]);
		if (order >= 2) {
			/* A wire all of whose users went is still the delivery's to give. */
			assert_memory_equal(delivery_wire(delivery, &first)->bytes, "1{}", 3);
			delivery_unref(delivery);
		}
		change_unref(change);
	}
}

/* delivery.h: one reference to the change, whatever is made from it. */
static void test_delivery_without_wires_gives_the_change_back(void **state)
{
	struct delivery *delivery = delivery_create(create_change());

	(void)state;
	delivery_unref(delivery_ref(delivery));
	delivery_unref(delivery);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_delivery_wire_shares_the_changes_bytes),
	    cmocka_unit_test(test_delivery_has_no_wire_of_an_empty_encoding),
	    cmocka_unit_test(test_delivery_ends_with_the_last_holder_and_the_last_wire),
	    cmocka_unit_test(test_delivery_without_wires_gives_the_change_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
