/* SPDX-License-Identifier: Apache-2.0 */
/* server/net/tls_session against OpenSSL's own client, with the bytes cut in any way. */
#include "server/net/tls_session.h"

#include "server/base/memory.h"
#include "test/server/net/tls_peer.h"

/* Both ends, and what each has said to the other. */
struct pair {
	struct tls_context *context;
	struct tls_session *session;
	struct tls_peer peer;
	struct buffer to_server;
	struct buffer to_peer;
	enum tls_session_progress progress;
	size_t cut; /* bytes at a time; 0: all */
};

static void pair_open(struct pair *pair, struct tls_context *context, size_t cut)
{
	*pair = (struct pair){.context = context, .cut = cut};
	pair->session = tls_session_create(context, "irc");
	peer_open(&pair->peer);
}

static void pair_close(struct pair *pair)
{
	tls_session_destroy(pair->session);
	peer_close(&pair->peer);
	buffer_finish(&pair->to_server);
	buffer_finish(&pair->to_peer);
}

/* Give the server all of it, in pieces. */
static void give_server(struct pair *pair, const struct buffer *bytes)
{
	size_t step = pair->cut > 0 ? pair->cut : bytes->length;

	for (size_t at = 0; at < bytes->length; at += step) {
		size_t rest = bytes->length - at;

		pair->progress = tls_session_open(pair->session, bytes->bytes + at,
		                                  rest < step ? rest : step, &pair->to_server);
	}
}

/* Give the client what waits, in pieces. */
static void give_peer(struct pair *pair)
{
	struct iovec piece;

	while (tls_session_peek(pair->session, &piece) > 0) {
		size_t length =
		    pair->cut > 0 && pair->cut < piece.iov_len ? pair->cut : piece.iov_len;

		peer_give(&pair->peer, piece.iov_base, length, &pair->to_peer);
		tls_session_sent(pair->session, length);
	}
}

/* Carry until neither has anything to say. */
static void carry(struct pair *pair)
{
	bool has_moved = true;

	while (has_moved) {
		struct buffer bytes = {0};

		peer_give(&pair->peer, "", 0, &pair->to_peer);
		peer_take(&pair->peer, &bytes);
		has_moved = bytes.length > 0 || tls_session_waiting(pair->session) > 0;
		give_server(pair, &bytes);
		buffer_finish(&bytes);
		give_peer(pair);
	}
}

static void assert_is(const struct buffer *buffer, const char *text)
{
	assert_int_equal(buffer->length, strlen(text));
	assert_memory_equal(buffer->bytes, text, buffer->length);
}

/* tls_session.h: whatever way the bytes are cut, what was said arrives, on both sides. */
static void test_tls_session_does_not_care_where_bytes_are_cut(void **state)
{
	static const size_t cuts[] = {0, 1, 2, 3, 5, 7, 64, 100, 1000};
	struct tls_context *context = make_context();

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct pair pair;

		pair_open(&pair, context, cuts[i]);
		carry(&pair);
		assert_true(tls_session_is_established(pair.session));
		assert_string_equal(tls_session_version(pair.session), "TLSv1.3");
		peer_say(&pair.peer, "NICK a\r\n", 8);
		carry(&pair);
		assert_is(&pair.to_server, "NICK a\r\n");
		assert_true(tls_session_seal(pair.session, "PING :x\r\n", 9));
		carry(&pair);
		assert_is(&pair.to_peer, "PING :x\r\n");
		pair_close(&pair);
	}
	tls_context_unref(context);
}

/* The same with cuts at random, and more than a record holds in either direction. */
static void test_tls_session_carries_much(void **state)
{
	struct tls_context *context = make_context();
	size_t length = 5 * TLS_SESSION_RECORD_MAX + 77;
	char *bytes = mem_zeroed(length);
	struct pair pair;

	(void)state;
	srand(1);
	for (size_t i = 0; i < length; i++) {
		bytes[i] = (char)rand();
	}
	pair_open(&pair, context, 0);
	carry(&pair);
	for (size_t at = 0; at < length;) {
		size_t rest = length - at;
		size_t part = (size_t)rand() % TLS_SESSION_RECORD_MAX + 1;

		part = part < rest ? part : rest;
		pair.cut = (size_t)rand() % 3000 + 1;
		assert_true(tls_session_seal(pair.session, bytes + at, part));
		peer_say(&pair.peer, bytes + at, part);
		carry(&pair);
		at += part;
	}
	assert_int_equal(pair.to_peer.length, length);
	assert_memory_equal(pair.to_peer.bytes, bytes, length);
	assert_int_equal(pair.to_server.length, length);
	assert_memory_equal(pair.to_server.bytes, bytes, length);
	pair_close(&pair);
	free(bytes);
	tls_context_unref(context);
}

/* tls_session.h: what is lent to be sent stays where it is, whatever is made meanwhile. */
static void test_tls_session_does_not_move_what_is_being_sent(void **state)
{
	struct tls_context *context = make_context();
	struct iovec before, after;
	struct pair pair;

	(void)state;
	pair_open(&pair, context, 0);
	carry(&pair);
	assert_true(tls_session_seal(pair.session, "one", 3));
	assert_int_equal(tls_session_peek(pair.session, &before), 1);
	for (unsigned i = 0; i < 100; i++) {
		assert_true(tls_session_seal(pair.session, "more", 4));
	}
	assert_int_equal(tls_session_peek(pair.session, &after), 1);
	assert_ptr_equal(before.iov_base, after.iov_base);
	assert_int_equal(before.iov_len, after.iov_len);
	assert_true(tls_session_waiting(pair.session) > 100 * before.iov_len);
	carry(&pair);
	assert_int_equal(pair.to_peer.length, 403);
	pair_close(&pair);
	tls_context_unref(context);
}

/* RFC 8446 §6.1: an end is said, in either direction, and said once. */
static void test_tls_session_says_its_end(void **state)
{
	struct tls_context *context = make_context();
	struct pair pair;

	(void)state;
	pair_open(&pair, context, 0);
	tls_session_end(pair.session); /* nothing can be said before the handshake */
	assert_int_equal(tls_session_waiting(pair.session), 0);
	carry(&pair);
	tls_session_end(pair.session);
	assert_true(tls_session_waiting(pair.session) > 0);
	carry(&pair);
	assert_int_equal(SSL_get_shutdown(pair.peer.ssl), SSL_RECEIVED_SHUTDOWN);
	tls_session_end(pair.session);
	assert_int_equal(tls_session_waiting(pair.session), 0);
	assert_false(tls_session_seal(pair.session, "late", 4));
	assert_int_equal(SSL_shutdown(pair.peer.ssl), 1);
	carry(&pair);
	assert_int_equal(pair.progress, TLS_SESSION_ENDED);
	pair_close(&pair);
	tls_context_unref(context);
}

/* tls_session.h: what is no TLS fails, with a reason and nothing more to be had from it. */
static void test_tls_session_fails_on_plain_bytes(void **state)
{
	static const char *const said[] = {"GET / HTTP/1.1\r\n\r\n", "NICK reader\r\n",
	                                   "SSH-2.0-client\r\n"};
	struct tls_context *context = make_context();

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct tls_session *session = tls_session_create(context, "irc");
		struct buffer plain = {0};

		assert_int_equal(tls_session_open(session, said[i], strlen(said[i]), &plain),
		                 TLS_SESSION_FAILED);
		assert_string_not_equal(tls_session_fault(session), "none");
		assert_int_equal(plain.length, 0);
		assert_false(tls_session_is_established(session));
		assert_int_equal(tls_session_open(session, "x", 1, &plain), TLS_SESSION_FAILED);
		tls_session_end(session);
		buffer_finish(&plain);
		tls_session_destroy(session);
	}
	tls_context_unref(context);
}

/* RFC 8446 §5.2: a record that was changed on its way is not given to anyone. */
static void test_tls_session_fails_on_a_changed_record(void **state)
{
	struct tls_context *context = make_context();
	struct buffer bytes = {0};
	struct pair pair;

	(void)state;
	pair_open(&pair, context, 0);
	carry(&pair);
	peer_say(&pair.peer, "NICK a\r\n", 8);
	peer_take(&pair.peer, &bytes);
	bytes.bytes[bytes.length - 1] ^= 1;
	give_server(&pair, &bytes);
	assert_int_equal(pair.progress, TLS_SESSION_FAILED);
	assert_int_equal(pair.to_server.length, 0);
	assert_true(tls_session_waiting(pair.session) > 0); /* the alert */
	assert_false(tls_session_seal(pair.session, "x", 1));
	buffer_finish(&bytes);
	pair_close(&pair);
	tls_context_unref(context);
}

/* tls_context.h: a client that wants new parameters within TLS 1.2 is told that there are none. */
static void test_tls_session_does_not_renegotiate(void **state)
{
	struct tls_context *context = make_context();
	struct pair pair;
	char byte;

	(void)state;
	pair_open(&pair, context, 0);
	assert_int_equal(SSL_set_max_proto_version(pair.peer.ssl, TLS1_2_VERSION), 1);
	carry(&pair);
	assert_string_equal(tls_session_version(pair.session), "TLSv1.2");
	assert_int_equal(SSL_renegotiate(pair.peer.ssl), 1);
	(void)SSL_do_handshake(pair.peer.ssl);
	carry(&pair);
	assert_true(SSL_read(pair.peer.ssl, &byte, 1) < 0);
	assert_int_equal(pair.progress, TLS_SESSION_FAILED); /* the client gives up */
	assert_string_not_equal(tls_session_fault(pair.session), "none");
	pair_close(&pair);
	tls_context_unref(context);
}

/* tls_tickets.h: who comes back with a ticket is known, whatever session gave it. */
static void test_tls_session_is_resumed_by_ticket(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct tls_context *context = make_context();
	struct tls_context *other = make_context();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pair first, second, elsewhere;
		SSL_SESSION *ticket;

		pair_open(&first, context, 0);
		assert_int_equal(SSL_set_max_proto_version(first.peer.ssl, versions[i]), 1);
		carry(&first);
		ticket = SSL_get1_session(first.peer.ssl);
		assert_int_equal(SSL_SESSION_has_ticket(ticket), 1);
		(void)SSL_shutdown(first.peer.ssl); /* without an end it would not be used again */
		pair_close(&first);

		pair_open(&second, context, 0);
		assert_int_equal(SSL_set_max_proto_version(second.peer.ssl, versions[i]), 1);
		assert_int_equal(SSL_set_session(second.peer.ssl, ticket), 1);
		carry(&second);
		assert_int_equal(SSL_session_reused(second.peer.ssl), 1);
		pair_close(&second);

		pair_open(&elsewhere, other, 0);
		assert_int_equal(SSL_set_max_proto_version(elsewhere.peer.ssl, versions[i]), 1);
		assert_int_equal(SSL_set_session(elsewhere.peer.ssl, ticket), 1);
		carry(&elsewhere);
		assert_true(tls_session_is_established(elsewhere.session));
		assert_int_equal(SSL_session_reused(elsewhere.peer.ssl), 0);
		pair_close(&elsewhere);
		SSL_SESSION_free(ticket);
	}
	tls_context_unref(context);
	tls_context_unref(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tls_session_does_not_care_where_bytes_are_cut),
	    cmocka_unit_test(test_tls_session_carries_much),
	    cmocka_unit_test(test_tls_session_does_not_move_what_is_being_sent),
	    cmocka_unit_test(test_tls_session_says_its_end),
	    cmocka_unit_test(test_tls_session_fails_on_plain_bytes),
	    cmocka_unit_test(test_tls_session_fails_on_a_changed_record),
	    cmocka_unit_test(test_tls_session_does_not_renegotiate),
	    cmocka_unit_test(test_tls_session_is_resumed_by_ticket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
