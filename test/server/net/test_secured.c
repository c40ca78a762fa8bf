/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server/net/secured, and what a connection does over TLS: on real sockets, with OpenSSL's own
 * client in the test's hands.
 */
#include "server/net/secured.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "server/net/connection_tls.h"
#include "server/net/sealing.h"
#include "server/net/tls_session.h"
#include "test/server/net/tls_peer.h"
#include "test/server/net/world.h"

#define KEY_UPDATES 100000
#define MUCH        (3 * 1024 * 1024)

static struct tls_holder *holder;

static const char *refusal(void *owner, enum close_reason reason)
{
	(void)owner;
	assert_int_equal(reason, CLOSE_TLS_WANTED);
	return "ERROR :TLS\r\n";
}

static int set_up(void **state)
{
	struct world *world = world_create();
	struct listener_tls tls = {.protocol = "irc", .refusal = refusal};

	holder = tls_holder_create(make_context());
	tls.holder = holder;
	listener_speak_tls(world->listener, &tls);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	world_end(*state);
	tls_holder_destroy(holder);
	return 0;
}

/* A client: a socket and the TLS in it. */
struct client {
	struct world *world;
	int socket;
	struct tls_peer peer;
	struct buffer plain; /* what it was told */
	bool is_at_end;
};

static void client_begin(struct client *client, struct world *world)
{
	int on = 1;

	*client = (struct client){.world = world, .socket = socket(AF_INET, SOCK_STREAM, 0)};
	/* Bytes go as they are cut, and do not wait for an answer to those before. */
	assert_int_equal(setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
	peer_open(&client->peer);
	assert_int_equal(
	    connect(client->socket, (struct sockaddr *)&world->name.address, world->name.length),
	    0);
	turns(world, 3);
}

static void send_all(struct client *client, const char *bytes, size_t length, size_t cut)
{
	for (size_t at = 0; at < length;) {
		size_t part = length - at < cut ? length - at : cut;
		ssize_t sent = send(client->socket, bytes + at, part, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			at += (size_t)sent;
		} else {
			assert_int_equal(errno, EAGAIN);
		}
		turn(client->world);
	}
}

/* Send what TLS has to send, and take what has come. */
static void pump(struct client *client, size_t cut)
{
	struct buffer out = {0}, in = {0};

	peer_give(&client->peer, "", 0, &client->plain);
	peer_take(&client->peer, &out);
	send_all(client, out.bytes, out.length, cut);
	turn(client->world);
	client->is_at_end = !client_read_some(client->socket, &in);
	peer_give(&client->peer, in.bytes, in.length, &client->plain);
	buffer_finish(&out);
	buffer_finish(&in);
}

static struct session *handshake(struct client *client, size_t cut)
{
	size_t before = client->world->count;

	for (unsigned i = 0; i < WORLD_TURNS && client->world->count == before; i++) {
		pump(client, cut);
	}
	assert_int_equal(client->world->count, before + 1);
	return &client->world->sessions[before];
}

static struct session *client_come(struct client *client, struct world *world)
{
	client_begin(client, world);
	return handshake(client, 65536);
}

/* The same with little room on the way, so that one who does not read is noticed soon. */
static struct session *client_come_small(struct client *client, struct world *world)
{
	struct session *session = client_come(client, world);
	int size = 65536;

	assert_int_equal(setsockopt(client->socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	assert_int_equal(
	    setsockopt(session->connection->descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
	    0);
	return session;
}

static void client_leave(struct client *client)
{
	(void)close(client->socket);
	peer_close(&client->peer);
	buffer_finish(&client->plain);
	turns(client->world, 10);
}

/* Read until the server has ended the connection. */
static void pump_to_end(struct client *client)
{
	for (unsigned i = 0; i < 100000 && !client->is_at_end; i++) {
		pump(client, 65536);
	}
	assert_true(client->is_at_end);
}

static void pump_until(struct client *client, size_t length)
{
	for (unsigned i = 0; i < 100000 && client->plain.length < length; i++) {
		pump(client, 65536);
	}
	assert_int_equal(client->plain.length, length);
}

/* All that failed, for whatever reason. */
static uint64_t failed(const struct world *world)
{
	const struct metrics *metrics = &world->metrics;

	return metric_read(&metrics->tls_failed_plain) + metric_read(&metrics->tls_failed_left) +
	       metric_read(&metrics->tls_failed_timeout) +
	       metric_read(&metrics->tls_failed_version) +
	       metric_read(&metrics->tls_failed_cipher) +
	       metric_read(&metrics->tls_failed_protocol) +
	       metric_read(&metrics->tls_failed_certificate) +
	       metric_read(&metrics->tls_failed_other);
}

/* secured.h: the owner hears of a client when the handshake is done; both ways are TLS's then. */
static void test_secured_speaks_when_the_handshake_is_done(void **state)
{
	static const size_t cuts[] = {65536, 1, 17};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct session *session;
		struct client client;

		client_begin(&client, world);
		session = handshake(&client, cuts[i]);
		assert_true(connection_is_secure(session->connection));
		peer_say(&client.peer, "NICK a\r\n", 8);
		pump(&client, cuts[i]);
		turns(world, 5);
		assert_bytes(&session->input, "NICK a\r\n");
		connection_send_bytes(session->connection, "PING :x\r\n", 9);
		pump_until(&client, 9);
		assert_bytes(&client.plain, "PING :x\r\n");
		client_leave(&client);
		assert_int_equal(session->ends, 1);
		assert_int_equal(session->reason, CLOSE_CLIENT_CLOSED);
	}
	assert_int_equal(metric_read(&world->metrics.tls_handshakes), 3);
	assert_int_equal(failed(world), 0);
}

/* ibid.: what comes in one piece with the end of the handshake is not lost. */
static void test_secured_keeps_what_comes_with_the_handshake(void **state)
{
	struct world *world = *state;
	struct session *session;
	struct client client;

	client_begin(&client, world);
	for (unsigned i = 0; i < 50 && SSL_is_init_finished(client.peer.ssl) == 0; i++) {
		struct buffer in = {0}, out = {0};

		peer_give(&client.peer, "", 0, &client.plain);
		peer_take(&client.peer, &out);
		send_all(&client, out.bytes, out.length, 65536);
		turns(world, 3);
		(void)client_read_some(client.socket, &in);
		peer_give(&client.peer, in.bytes, in.length, &client.plain);
		buffer_finish(&in);
		buffer_finish(&out);
	}
	assert_int_equal(world->count, 0);
	peer_say(&client.peer, "USER\r\n", 6);
	session = handshake(&client, 65536);
	turns(world, 3);
	assert_bytes(&session->input, "USER\r\n");
	client_leave(&client);
}

/* ibid.: what is no TLS is told so in plain words, is counted, and nobody has heard of it. */
static void test_secured_tells_who_speaks_plain(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	int client = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(
	    connect(client, (struct sockaddr *)&world->name.address, world->name.length), 0);
	client_send(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	client_read_to_end(world, client, &got);
	assert_bytes(&got, "ERROR :TLS\r\n");
	(void)close(client);
	turns(world, 10);
	assert_int_equal(world->count, 0);
	assert_int_equal(failed(world), 1);
	assert_int_equal(metric_read(&world->metrics.tls_failed_plain), 1);
	assert_int_equal(metric_read(&world->metrics.closed[CLOSE_TLS_WANTED]), 1);
	assert_int_equal(metric_read(&world->metrics.connections_open), 0);
	buffer_finish(&got);
}

/* ibid.: what only begins like TLS gets an alert, and an end. */
static void test_secured_refuses_what_is_no_handshake(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	int client = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(
	    connect(client, (struct sockaddr *)&world->name.address, world->name.length), 0);
	assert_int_equal(send(client, "\x16\x03\x01\0\x05nonsense", 13, MSG_NOSIGNAL), 13);
	client_read_to_end(world, client, &got);
	assert_true(got.length <= 7); /* an alert at most */
	(void)close(client);
	turns(world, 10);
	assert_int_equal(world->count, 0);
	assert_int_equal(failed(world), 1);
	assert_int_equal(metric_read(&world->metrics.tls_failed_other), 1);
	assert_int_equal(metric_read(&world->metrics.closed[CLOSE_TLS_FAILED]), 1);
	buffer_finish(&got);
}

/* ibid.: who goes away before the handshake is done is counted as gone. */
static void test_secured_counts_who_leaves(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < 2; i++) {
		struct client client;

		client_begin(&client, world);
		if (i == 1) {
			pump(&client, 65536);
		}
		client_leave(&client);
	}
	assert_int_equal(metric_read(&world->metrics.tls_failed_left), 2);
	assert_int_equal(failed(world), 2);
	assert_int_equal(metric_read(&world->metrics.connections_open), 0);
}

/* ibid.: a handshake has its time as a whole, and bytes that trickle do not move it. */
static void test_secured_waits_no_longer_than_its_time(void **state)
{
	struct world *world = *state;
	struct buffer got = {0};
	int client = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(
	    connect(client, (struct sockaddr *)&world->name.address, world->name.length), 0);
	turns(world, 3);
	client_send(client, "\x16");
	pass(world, (TLS_PEER_TIMEOUT_S - 1) * 1000);
	client_send(client, "\x03");
	turns(world, 3);
	assert_int_equal(metric_read(&world->metrics.connections_open), 1);
	pass(world, 1000 + 2 * DEADLINE_TICK_MS);
	client_read_to_end(world, client, &got);
	assert_int_equal(got.length, 0);
	(void)close(client);
	turns(world, 10);
	assert_int_equal(failed(world), 1);
	assert_int_equal(metric_read(&world->metrics.tls_failed_timeout), 1);
	buffer_finish(&got);
	assert_int_equal(metric_read(&world->metrics.closed[CLOSE_TIMEOUT]), 1);
	assert_int_equal(metric_read(&world->metrics.connections_open), 0);
}

static int alert_read;

static void on_info(const SSL *ssl, int where, int value)
{
	(void)ssl;
	if (where == SSL_CB_READ_ALERT) {
		alert_read = value & 0xff;
	}
}

/* RFC 5246 §7.2.2, no_renegotiation: a second handshake is refused, and no second one counted. */
static void test_secured_refuses_to_renegotiate(void **state)
{
	struct world *world = *state;
	struct session *session;
	struct client client;

	client_begin(&client, world);
	assert_int_equal(SSL_set_max_proto_version(client.peer.ssl, TLS1_2_VERSION), 1);
	session = handshake(&client, 65536);
	SSL_set_info_callback(client.peer.ssl, on_info);
	alert_read = 0;
	assert_int_equal(SSL_renegotiate(client.peer.ssl), 1);
	(void)SSL_do_handshake(client.peer.ssl);
	for (unsigned i = 0; i < 10; i++) {
		pump(&client, 65536);
	}
	assert_int_equal(alert_read, SSL_AD_NO_RENEGOTIATION);
	assert_int_equal(metric_read(&world->metrics.tls_handshakes), 1);
	client_leave(&client);
	assert_int_equal(session->ends, 1);
}

/* RFC 8446 §4.6.3: each request for new keys is answered; who reads no answer is not read. */
static void test_secured_floods_of_new_keys_wait_for_their_answers(void **state)
{
	struct world *world = *state;
	struct session *session;
	struct buffer out = {0};
	struct client client;
	size_t at = 0;

	session = client_come_small(&client, world);
	for (unsigned i = 0; i < KEY_UPDATES; i++) {
		assert_int_equal(SSL_key_update(client.peer.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(client.peer.ssl), 1);
	}
	peer_take(&client.peer, &out);
	for (unsigned i = 0; i < 1000; i++) {
		ssize_t sent = send(client.socket, out.bytes + at, out.length - at,
		                    MSG_NOSIGNAL | MSG_DONTWAIT);

		at += sent > 0 ? (size_t)sent : 0;
		turn(world);
		assert_true(connection_queued(session->connection) <
		            NET_CHOKE + 2 * NET_READ_BYTES);
	}
	assert_false(session->connection->is_reading);
	buffer_finish(&out);
	client_leave(&client);
}

/* RFC 8446 §6.1: the server says its end in TLS, behind its last word; a reset would lose that. */
static void test_secured_says_goodbye_in_tls(void **state)
{
	struct world *world = *state;
	struct session *session;
	struct client client;

	session = client_come(&client, world);
	session->goodbye = "ERROR :bye\r\n";
	connection_close(session->connection, CLOSE_SHUTDOWN);
	pump_to_end(&client);
	assert_bytes(&client.plain, "ERROR :bye\r\n");
	assert_int_equal(SSL_get_shutdown(client.peer.ssl), SSL_RECEIVED_SHUTDOWN);
	client_leave(&client);
	assert_int_equal(session->ends, 1);
}

/* ibid.: a client that says its end in TLS has ended, and gets what was on its way to it. */
static void test_secured_ends_when_the_client_says_so(void **state)
{
	struct world *world = *state;
	struct session *session;
	struct client client;

	session = client_come(&client, world);
	peer_say(&client.peer, "QUIT\r\n", 6);
	assert_int_equal(SSL_shutdown(client.peer.ssl), 0);
	pump_to_end(&client);
	assert_bytes(&session->input, "QUIT\r\n");
	assert_int_equal(session->reason, CLOSE_CLIENT_CLOSED);
	assert_int_equal(SSL_get_shutdown(client.peer.ssl),
	                 SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	client_leave(&client);
}

/* RFC 8446 §5.2: a record that was changed ends the connection, with an alert for the client. */
static void test_secured_ends_on_a_changed_record(void **state)
{
	struct world *world = *state;
	struct session *session;
	struct buffer out = {0};
	struct client client;
	char byte;

	session = client_come(&client, world);
	session->goodbye = "nobody can read this";
	peer_say(&client.peer, "NICK a\r\n", 8);
	peer_take(&client.peer, &out);
	out.bytes[out.length - 1] ^= 1;
	send_all(&client, out.bytes, out.length, 65536);
	pump_to_end(&client);
	assert_int_equal(session->input.length, 0);
	assert_int_equal(session->reason, CLOSE_TLS_FAILED);
	assert_int_equal(client.plain.length, 0);
	assert_int_equal(SSL_get_error(client.peer.ssl, SSL_read(client.peer.ssl, &byte, 1)),
	                 SSL_ERROR_SSL);
	buffer_finish(&out);
	client_leave(&client);
}

static char *make_noise(size_t length)
{
	char *bytes = mem_zeroed(length);

	srand(1);
	for (size_t i = 0; i < length; i++) {
		bytes[i] = (char)rand();
	}
	return bytes;
}

/* sealing.h: all that is queued arrives, in order, whatever the sizes of its wires. */
static void test_secured_sends_wires_of_any_size(void **state)
{
	struct world *world = *state;
	char *bytes = make_noise(MUCH);
	size_t queued = 0;
	struct session *session;
	struct client client;

	session = client_come(&client, world);
	world->net->limits.outbox_max = 2 * MUCH;
	while (queued < MUCH) {
		size_t length = (size_t)rand() % (rand() % 3 == 0 ? 50000 : 300) + 1;

		length = length < MUCH - queued ? length : MUCH - queued;
		connection_send_bytes(session->connection, bytes + queued, length);
		queued += length;
	}
	assert_int_equal(connection_queued(session->connection), MUCH);
	pump_until(&client, MUCH);
	assert_memory_equal(client.plain.bytes, bytes, MUCH);
	turns(world, 10);
	assert_int_equal(connection_queued(session->connection), 0);
	free(bytes);
	client_leave(&client);
}

/* tls_session.h: of what waits for a client that does not read, a record at most is sealed. */
static void test_secured_seals_no_more_than_the_socket_takes(void **state)
{
	struct world *world = *state;
	char *bytes = make_noise(MUCH);
	struct session *session;
	struct client client;
	struct connection *connection;
	size_t sealed;

	session = client_come_small(&client, world);
	connection = session->connection;
	world->net->limits.outbox_max = 2 * MUCH;
	for (size_t at = 0; at < MUCH; at += 1024) {
		connection_send_bytes(connection, bytes + at, 1024);
	}
	turns(world, 10);
	sealed = tls_session_waiting(connection->tls);
	assert_true(sealed > 0);
	assert_true(sealed < TLS_SESSION_RECORD_MAX + 256);
	assert_int_equal(connection_queued(connection), connection->outbox.bytes + sealed);
	pump_until(&client, MUCH);
	assert_memory_equal(client.plain.bytes, bytes, MUCH);
	free(bytes);
	client_leave(&client);
}

/* outbox limits are the same over TLS: the reason is told when the client reads at last. */
static void test_secured_slow_client_is_told_and_let_go(void **state)
{
	struct world *world = *state;
	char *bytes = make_noise(MUCH);
	struct session *session;
	struct client client;
	size_t length;

	session = client_come_small(&client, world);
	session->goodbye = "ERROR :slow\r\n";
	for (unsigned i = 0; i < 20 && session->closings == 0; i++) {
		connection_send_bytes(session->connection, bytes, 1 << 18);
		turns(world, 3);
	}
	assert_int_equal(session->reason, CLOSE_SENDQ_EXCEEDED);
	pump_to_end(&client);
	length = strlen(session->goodbye);
	assert_true(client.plain.length > length);
	assert_memory_equal(client.plain.bytes + client.plain.length - length, session->goodbye,
	                    length);
	/* What was begun was sent whole: the goodbye stands where a wire ends. */
	assert_int_equal((client.plain.length - length) % (1 << 18), 0);
	assert_int_equal(SSL_get_shutdown(client.peer.ssl), SSL_RECEIVED_SHUTDOWN);
	free(bytes);
	client_leave(&client);
}

/* --- moving ------------------------------------------------------------------------ */

static struct migrant moved;

static void on_detached(struct connection *connection, struct migrant *migrant)
{
	(void)connection;
	moved = *migrant;
}

/* connection.h: one that moves takes its TLS along, be a record only half there. */
static void test_secured_moves_with_its_session(void **state)
{
	struct world *world = *state;
	struct session *session, *there;
	struct buffer out = {0};
	struct client client;

	session = client_come(&client, world);
	connection_send_bytes(session->connection, "one\r\n", 5);
	peer_say(&client.peer, "half\r\n", 6);
	peer_take(&client.peer, &out);
	send_all(&client, out.bytes, out.length / 2, 65536);
	connection_detach(session->connection, on_detached);
	turns(world, 5);
	assert_int_equal(session->reason, CLOSE_MOVED);
	there = world_take(world, connection_adopt(world->net, &moved));
	assert_null(moved.tls);
	connection_resume(there->connection);
	assert_true(connection_is_secure(there->connection));
	send_all(&client, out.bytes + out.length / 2, out.length - out.length / 2, 65536);
	turns(world, 5);
	assert_bytes(&there->input, "half\r\n");
	connection_send_bytes(there->connection, "two\r\n", 5);
	pump_until(&client, 10);
	assert_bytes(&client.plain, "one\r\ntwo\r\n");
	buffer_finish(&out);
	client_leave(&client);
}

/* connection.h: an end that the client said in TLS while it moved is met where it moved to. */
static void test_secured_moves_with_its_end(void **state)
{
	struct world *world = *state;
	char *bytes = make_noise(MUCH);
	struct session *session, *there;
	struct buffer out = {0};
	struct client client;

	session = client_come_small(&client, world);
	world->net->limits.outbox_max = 2 * MUCH;
	connection_send_bytes(session->connection, bytes, MUCH);
	connection_detach(session->connection, on_detached); /* once the client has taken that */
	peer_say(&client.peer, "last", 4);
	assert_int_equal(SSL_shutdown(client.peer.ssl), 0);
	peer_take(&client.peer, &out);
	assert_int_equal(send(client.socket, out.bytes, out.length, MSG_NOSIGNAL), out.length);
	turns(world, 5);
	assert_true(connection_is_open(session->connection));
	pump_until(&client, MUCH);
	turns(world, 5);
	assert_int_equal(session->reason, CLOSE_MOVED);
	assert_int_equal(session->input.length, 0);
	there = world_take(world, connection_adopt(world->net, &moved));
	connection_resume(there->connection);
	turns(world, 5);
	assert_bytes(&there->input, "last");
	assert_int_equal(there->closings, 1);
	assert_int_equal(there->reason, CLOSE_CLIENT_CLOSED);
	buffer_finish(&out);
	free(bytes);
	client_leave(&client);
}

/* --- proxies, other contexts ----------------------------------------------------------- */

static const struct in6_addr loopback = {
    .s6_addr = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}};

static const struct conf_networks *believed(void *owner)
{
	static struct conf_network network = {.prefix = 128};
	static const struct conf_networks proxies = {.items = &network, .count = 1};

	(void)owner;
	network.address = loopback;
	return &proxies;
}

/* proxied.h: a PROXY header stands in front of TLS; what comes with it belongs to that. */
static void test_secured_behind_a_proxy(void **state)
{
	static const char header[] = "PROXY TCP4 192.0.2.1 198.51.100.1 4711 6697\r\n";
	struct world *world = *state;
	static const size_t cuts[] = {65536, 10};

	listener_expect_proxies(world->listener, believed);
	for (size_t i = 0; i < 2; i++) {
		struct session *session;
		struct buffer out = {0};
		char text[PEER_TEXT_MAX];
		struct client client;

		client_begin(&client, world);
		buffer_append_text(&out, header);
		peer_give(&client.peer, "", 0, &client.plain);
		peer_take(&client.peer, &out);
		send_all(&client, out.bytes, out.length, cuts[i]);
		session = handshake(&client, cuts[i]);
		assert_string_equal(peer_text(&session->connection->peer, text), "192.0.2.1:4711");
		peer_say(&client.peer, "hello", 5);
		pump(&client, cuts[i]);
		turns(world, 5);
		assert_bytes(&session->input, "hello");
		buffer_finish(&out);
		client_leave(&client);
	}
}

/* tls_holder.h: a new context is for who comes from now on; who is there goes on with the old. */
static void test_secured_takes_the_context_of_now(void **state)
{
	struct world *world = *state;
	struct session *before;
	struct client old, new;
	X509 *first, *second;

	before = client_come(&old, world);
	tls_holder_put(holder, make_context());
	(void)client_come(&new, world);
	first = SSL_get1_peer_certificate(old.peer.ssl);
	second = SSL_get1_peer_certificate(new.peer.ssl);
	assert_int_not_equal(X509_cmp(first, second), 0);
	X509_free(first);
	X509_free(second);
	peer_say(&old.peer, "still here", 10);
	pump(&old, 65536);
	turns(world, 5);
	assert_bytes(&before->input, "still here");
	client_leave(&old);
	client_leave(&new);
}

int main(void)
{
#define SECURED_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    SECURED_TEST(test_secured_speaks_when_the_handshake_is_done),
	    SECURED_TEST(test_secured_keeps_what_comes_with_the_handshake),
	    SECURED_TEST(test_secured_tells_who_speaks_plain),
	    SECURED_TEST(test_secured_refuses_what_is_no_handshake),
	    SECURED_TEST(test_secured_counts_who_leaves),
	    SECURED_TEST(test_secured_refuses_to_renegotiate),
	    SECURED_TEST(test_secured_floods_of_new_keys_wait_for_their_answers),
	    SECURED_TEST(test_secured_waits_no_longer_than_its_time),
	    SECURED_TEST(test_secured_says_goodbye_in_tls),
	    SECURED_TEST(test_secured_ends_when_the_client_says_so),
	    SECURED_TEST(test_secured_ends_on_a_changed_record),
	    SECURED_TEST(test_secured_sends_wires_of_any_size),
	    SECURED_TEST(test_secured_seals_no_more_than_the_socket_takes),
	    SECURED_TEST(test_secured_slow_client_is_told_and_let_go),
	    SECURED_TEST(test_secured_moves_with_its_session),
	    SECURED_TEST(test_secured_moves_with_its_end),
	    SECURED_TEST(test_secured_behind_a_proxy),
	    SECURED_TEST(test_secured_takes_the_context_of_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
