/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/socketio/socketio_wire.h"

#include "protocols/socketio/socketio_encode.h"
#include "test/protocols/socketio/fake_transport.h"

#define PACKET     "5::/rc:{\"args\":[{}],\"name\":\"change\"}"
#define POSITIONED "5::/rc:{\"args\":[{},\"123456789ab-5\"],\"name\":\"change\"}"

static struct stage stage;

static int begin(void **state)
{
	(void)state;
	stage_init(&stage);
	return 0;
}

static int end(void **state)
{
	(void)state;
	stage_finish(&stage);
	return 0;
}

/* Gives the delivery of a change with this id. */
static struct delivery *make_delivery(uint64_t id)
{
	struct change *change = change_create(&(struct change_parts){
	    .wiki = TEXT("a"),
	    .channel = TEXT("#a"),
	    .json = TEXT("{}"),
	});

	change->id = id;
	return delivery_create(change);
}

static void follow(void)
{
	stage_take(&stage, "5::/rc:{\"name\":\"subscribe\",\"args\":[{}]}");
	assert_non_null(stage.session->following);
}

static void assert_wire_is(struct wire *wire, const char *wanted)
{
	assert_text_is((struct text){wire->bytes, wire->length}, wanted);
}

/* Who never subscribed with an object reads what RCStream sent, by the delivery's own wire. */
static void test_a_session_with_strings_reads_what_rcstream_sent(void **state)
{
	struct delivery *delivery = make_delivery(5);
	struct wire *wire = socketio_wire(stage.session, delivery, SOCKETIO_FORM_PACKET);

	(void)state;
	assert_wire_is(wire, PACKET);
	assert_ptr_equal(wire, delivery_wire(delivery, &socketio_encode_packet));
	assert_ptr_equal(socketio_wire(stage.session, delivery, SOCKETIO_FORM_FRAME),
	                 delivery_wire(delivery, &socketio_encode_frame));
	delivery_unref(delivery);
}

/* With an object: the position in both forms; a text frame has two bytes before so short a text. */
static void test_a_session_with_an_object_reads_positions(void **state)
{
	struct delivery *delivery = make_delivery(5);
	struct wire *frame;

	(void)state;
	follow();
	assert_wire_is(socketio_wire(stage.session, delivery, SOCKETIO_FORM_PACKET), POSITIONED);
	frame = socketio_wire(stage.session, delivery, SOCKETIO_FORM_FRAME);
	assert_int_equal(frame->length, 2 + strlen(POSITIONED));
	assert_memory_equal(frame->bytes + 2, POSITIONED, strlen(POSITIONED));
	delivery_unref(delivery);
}

/* Made once for all who read the change; who keeps one has it longer. */
static void test_positioned_wires_are_shared(void **state)
{
	struct delivery *delivery = make_delivery(5);
	struct delivery *next = make_delivery(6);
	struct wire *wire;

	(void)state;
	follow();
	wire = wire_ref(socketio_wire(stage.session, delivery, SOCKETIO_FORM_PACKET));
	assert_ptr_equal(wire, socketio_wire(stage.session, delivery, SOCKETIO_FORM_PACKET));
	assert_ptr_not_equal(wire, socketio_wire(stage.session, next, SOCKETIO_FORM_PACKET));
	assert_wire_is(wire, POSITIONED);
	assert_int_equal(wire->references, 1);
	wire_unref(wire);
	delivery_unref(delivery);
	delivery_unref(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	    TEST(test_a_session_with_strings_reads_what_rcstream_sent),
	    TEST(test_a_session_with_an_object_reads_positions),
	    TEST(test_positioned_wires_are_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
