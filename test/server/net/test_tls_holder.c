/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/tls_holder: the context for clients that come now. */
#include "server/net/tls_holder.h"

#include <uv.h>

#include "test/server/net/tls_peer.h"

#define TURNS 2000

/* tls_holder.h: the one that was put last is given; the one before lives as long as it is used. */
static void test_tls_holder_gives_the_last_one(void **state)
{
	struct tls_context *first = make_context(), *second = make_context();
	struct tls_holder *holder = tls_holder_create(first);
	struct tls_context *used = tls_holder_get(holder), *now;

	(void)state;
	assert_ptr_equal(used, first);
	tls_holder_put(holder, second);
	now = tls_holder_get(holder);
	assert_ptr_equal(now, second);
	tls_context_unref(now);
	assert_true(tls_context_not_after_s(used) > 0); /* ASan would tell if it had gone */
	tls_context_unref(used);
	tls_holder_destroy(holder);
	tls_holder_destroy(NULL);
}

static void take_and_give(void *pointer)
{
	for (unsigned i = 0; i < TURNS; i++) {
		struct tls_context *context = tls_holder_get(pointer);

		require(tls_context_handshake_timeout_s(context) == TLS_PEER_TIMEOUT_S);
		tls_context_unref(context);
	}
}

/* ibid.: clients come to all workers while it is exchanged; TSan watches. */
static void test_tls_holder_is_every_threads(void **state)
{
	struct tls_holder *holder = tls_holder_create(make_context());
	struct tls_context *spare = make_context();
	uv_thread_t threads[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(uv_thread_create(&threads[i], take_and_give, holder), 0);
	}
	for (unsigned i = 0; i < TURNS; i++) {
		struct tls_context *before = tls_holder_get(holder);

		tls_holder_put(holder, spare);
		spare = before;
	}
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(uv_thread_join(&threads[i]), 0);
	}
	tls_context_unref(spare);
	tls_holder_destroy(holder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tls_holder_gives_the_last_one),
	    cmocka_unit_test(test_tls_holder_is_every_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
