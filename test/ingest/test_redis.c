/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis.h"

#include "test/ingest/redis_peer.h"

#define JSON "{\"server_name\":\"en.wikipedia.org\"}"

static const char entry[] =
    "{type: redis, pattern: [rc, \"rc.*\"], url: \"redis://127.0.0.1:PORT\"}";

static void subscribe(struct redis_peer *peer)
{
	redis_peer_accept(peer);
	redis_peer_expect(peer, "*3\r\n$10\r\nPSUBSCRIBE\r\n$2\r\nrc\r\n$4\r\nrc.*\r\n");
	redis_peer_send(peer, "*3\r\n$10\r\npsubscribe\r\n$2\r\nrc\r\n:1\r\n");
	redis_peer_turn(peer, 10);
	assert_int_equal(metric_read(&peer->rig->stats.is_up), 0);
	redis_peer_send(peer, "*3\r\n$10\r\npsubscribe\r\n$4\r\nrc.*\r\n:2\r\n");
	redis_peer_expect_up(peer, true);
}

static void push(struct redis_peer *peer, const char *pattern, const char *payload)
{
	struct buffer bytes = {0};

	buffer_printf(&bytes,
	              "*4\r\n$8\r\npmessage\r\n$%zu\r\n%s\r\n$9\r\nrc.enwiki\r\n$%zu\r\n%s\r\n",
	              strlen(pattern), pattern, strlen(payload), payload);
	redis_peer_send_bytes(peer, bytes.bytes, bytes.length);
	buffer_finish(&bytes);
}

/* All patterns in one command; up once all of them are confirmed; then each push is a change. */
static void test_redis_publishes_what_is_pushed(void **state)
{
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, entry);
	subscribe(&peer);
	push(&peer, "rc.*", JSON);
	rig_turn(peer.rig, 1000, 1);
	assert_int_equal(peer.rig->count, 1);
	assert_string_equal(change_json(peer.rig->changes[0]).bytes, JSON);
	assert_int_equal(metric_read(&peer.rig->stats.received), 1);
	redis_peer_finish(&peer);
}

/* What several patterns match is received once. */
static void test_redis_takes_once_what_two_patterns_match(void **state)
{
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, entry);
	subscribe(&peer);
	for (int i = 0; i < 2; i++) {
		push(&peer, "rc.*", JSON);
		push(&peer, "rc", JSON);
	}
	rig_turn(peer.rig, 100, 3);
	assert_int_equal(peer.rig->count, 2);
	assert_int_equal(metric_read(&peer.rig->stats.received), 2);
	redis_peer_finish(&peer);
}

/* source.h: what is no change is dropped with its reason, and the next one is taken. */
static void test_redis_counts_drops_by_reason(void **state)
{
	struct redis_peer peer;

	(void)state;
	redis_peer_start(&peer, entry);
	subscribe(&peer);
	push(&peer, "rc", "{");
	push(&peer, "rc", "");
	push(&peer, "rc", "\xff");
	push(&peer, "rc", "{}");
	push(&peer, "rc", JSON);
	rig_turn(peer.rig, 1000, 1);
	assert_int_equal(peer.rig->count, 1);
	assert_int_equal(rig_dropped(peer.rig, DROP_JSON_SYNTAX), 2);
	assert_int_equal(rig_dropped(peer.rig, DROP_NOT_UTF8), 1);
	assert_int_equal(rig_dropped(peer.rig, DROP_NO_SERVER_NAME), 1);
	assert_int_equal(metric_read(&peer.rig->stats.received), 5);
	redis_peer_finish(&peer);
}

/* TCP keeps no bounds: the same whole, a byte at a time and in random cuts. */
static void test_redis_reads_pushes_in_any_cut(void **state)
{
	static const char one[] =
	    "*4\r\n$8\r\npmessage\r\n$2\r\nrc\r\n$9\r\nrc.enwiki\r\n$34\r\n" JSON "\r\n";
	unsigned seed = (unsigned)uv_hrtime();
	struct redis_peer peer;

	(void)state;
	printf("seed %u\n", seed);
	srand(seed);
	redis_peer_start(&peer, entry);
	subscribe(&peer);
	for (size_t kind = 0; kind < 3; kind++) {
		for (size_t at = 0, size; at < sizeof(one) - 1; at += size) {
			size = kind == 0 ? sizeof(one) : kind == 1 ? 1 : (size_t)rand() % 20 + 1;
			size = size < sizeof(one) - 1 - at ? size : sizeof(one) - 1 - at;
			redis_peer_send_bytes(&peer, one + at, size);
			redis_peer_turn(&peer, 1);
		}
		rig_turn(peer.rig, 1000, kind + 1);
		assert_int_equal(peer.rig->count, kind + 1);
		assert_string_equal(change_json(peer.rig->changes[kind]).bytes, JSON);
	}
	redis_peer_finish(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_redis_publishes_what_is_pushed),
	    cmocka_unit_test(test_redis_takes_once_what_two_patterns_match),
	    cmocka_unit_test(test_redis_counts_drops_by_reason),
	    cmocka_unit_test(test_redis_reads_pushes_in_any_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
