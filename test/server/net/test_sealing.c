/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/sealing: from an outbox into records. */
#include "server/net/sealing.h"

#include "test/server/net/tls_peer.h"
#include "test/server/net/world.h"

struct rig {
	struct world *world;
	struct tls_context *context;
	struct tls_session *session;
	struct tls_peer peer;
	struct outbox outbox;
	struct buffer plain; /* what the client has read */
};

/* Give the client what waits in the session. */
static void pass_on(struct rig *rig)
{
	struct iovec piece;

	while (tls_session_peek(rig->session, &piece) > 0) {
		peer_give(&rig->peer, piece.iov_base, piece.iov_len, &rig->plain);
		tls_session_sent(rig->session, piece.iov_len);
	}
}

static int set_up(void **state)
{
	struct rig *rig = mem_new(struct rig);

	rig->world = world_create();
	rig->context = make_context();
	rig->session = tls_session_create(rig->context, "irc");
	peer_open(&rig->peer);
	while (!tls_session_is_established(rig->session)) {
		struct buffer bytes = {0};

		peer_give(&rig->peer, "", 0, &rig->plain);
		peer_take(&rig->peer, &bytes);
		assert_int_equal(
		    tls_session_open(rig->session, bytes.bytes, bytes.length, &rig->plain),
		    TLS_SESSION_GOES_ON);
		buffer_finish(&bytes);
		pass_on(rig);
	}
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	outbox_clear(&rig->world->net->pool, &rig->outbox);
	tls_session_destroy(rig->session);
	tls_context_unref(rig->context);
	peer_close(&rig->peer);
	buffer_finish(&rig->plain);
	world_end(rig->world);
	free(rig);
	return 0;
}

static void queue(struct rig *rig, const char *bytes, size_t length)
{
	struct wire *wire = wire_copy(bytes, length);

	outbox_push(&rig->world->net->pool, &rig->outbox, wire);
	wire_unref(wire);
}

static bool seal_next(struct rig *rig)
{
	return sealing_next(rig->world->net, rig->session, &rig->outbox);
}

/* sealing.h: small wires share a record, which is one header and one tag for all of them. */
static void test_sealing_joins_small_wires(void **state)
{
	struct rig *rig = *state;

	for (unsigned i = 0; i < 10; i++) {
		queue(rig, "0123456789", 10);
	}
	assert_true(seal_next(rig));
	assert_int_equal(rig->outbox.bytes, 0);
	assert_in_range(tls_session_waiting(rig->session), 101, 140);
	pass_on(rig);
	assert_int_equal(rig->plain.length, 100);
	assert_memory_equal(rig->plain.bytes + 90, "0123456789", 10);
	assert_false(seal_next(rig));
}

/* ibid.: one record waits at a time; the rest stays as it was. */
static void test_sealing_makes_one_record_at_a_time(void **state)
{
	size_t length = 2 * (size_t)TLS_SESSION_RECORD_MAX + 100;
	struct rig *rig = *state;
	char *bytes = mem_zeroed(length);

	for (size_t i = 0; i < length; i++) {
		bytes[i] = (char)(i * 7);
	}
	queue(rig, bytes, length);
	for (size_t left = length; left > 0;) {
		left -= left < TLS_SESSION_RECORD_MAX ? left : TLS_SESSION_RECORD_MAX;
		assert_true(seal_next(rig));
		assert_int_equal(rig->outbox.bytes, left);
		assert_true(seal_next(rig)); /* it still waits, and no other is made */
		assert_int_equal(rig->outbox.bytes, left);
		pass_on(rig);
	}
	assert_false(seal_next(rig));
	assert_int_equal(rig->plain.length, length);
	assert_memory_equal(rig->plain.bytes, bytes, length);
	free(bytes);
}

/* ibid.: a record ends inside a wire, and the next one goes on there. */
static void test_sealing_goes_on_inside_a_wire(void **state)
{
	struct rig *rig = *state;
	char bytes[1000];

	for (unsigned i = 0; i < 20; i++) {
		memset(bytes, 'a' + (int)i, sizeof(bytes));
		queue(rig, bytes, sizeof(bytes));
	}
	while (seal_next(rig)) {
		pass_on(rig);
	}
	assert_int_equal(rig->plain.length, 20 * sizeof(bytes));
	for (size_t i = 0; i < rig->plain.length; i++) {
		assert_int_equal(rig->plain.bytes[i], 'a' + (int)(i / sizeof(bytes)));
	}
}

/* ibid.: a session that has ended takes nothing: what waits is dropped, and the loop ends. */
static void test_sealing_drops_what_cannot_be_sealed(void **state)
{
	struct rig *rig = *state;

	tls_session_end(rig->session);
	pass_on(rig);
	queue(rig, "late", 4);
	assert_false(seal_next(rig));
	assert_int_equal(rig->outbox.bytes, 0);
	assert_int_equal(rig->plain.length, 0);
}

int main(void)
{
#define SEALING_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    SEALING_TEST(test_sealing_joins_small_wires),
	    SEALING_TEST(test_sealing_makes_one_record_at_a_time),
	    SEALING_TEST(test_sealing_goes_on_inside_a_wire),
	    SEALING_TEST(test_sealing_drops_what_cannot_be_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
