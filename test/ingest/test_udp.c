/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/udp: the sources that take datagrams, on real sockets. */
#include "ingest/udp.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "test/ingest/rig.h"

#define JSON "{\"server_name\":\"en.wikipedia.org\"}"
#define LINE "#en.wikipedia\ttext"

struct found {
	struct sockaddr_storage *addresses;
	size_t count;
};

static void on_handle(uv_handle_t *handle, void *pointer)
{
	struct found *found = pointer;
	int length = sizeof(found->addresses[0]);

	if (handle->type == UV_UDP) {
		assert_true(found->count < 2);
		assert_int_equal(
		    uv_udp_getsockname((uv_udp_t *)handle,
		                       (struct sockaddr *)&found->addresses[found->count], &length),
		    0);
		found->count++;
	}
}

/* The addresses that the running source is bound to, as its handles tell. */
static size_t find_addresses(struct rig *rig, struct sockaddr_storage addresses[2])
{
	struct found found = {.addresses = addresses};

	uv_walk(&rig->loop, on_handle, &found);
	return found.count;
}

/* Send one datagram to an address, from `host` if that is not NULL (IPv4). */
static void send_datagram(const struct sockaddr_storage *to, const char *host, const char *bytes,
                          size_t length)
{
	int sender = socket(to->ss_family, SOCK_DGRAM, 0);
	socklen_t size =
	    to->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	assert_true(sender >= 0);
	if (host != NULL) {
		struct sockaddr_in from;

		assert_int_equal(uv_ip4_addr(host, 0, &from), 0);
		assert_int_equal(bind(sender, (struct sockaddr *)&from, sizeof(from)), 0);
	}
	assert_int_equal(sendto(sender, bytes, length, 0, (const struct sockaddr *)to, size),
	                 length);
	(void)close(sender);
}

static struct rig *start_source(const char *entry)
{
	struct rig *rig = rig_create(entry);
	struct error error = {""};

	assert_true(rig_start(rig, &error));
	return rig;
}

static void send_text(struct rig *rig, const char *text)
{
	struct sockaddr_storage addresses[2];

	assert_int_equal(find_addresses(rig, addresses), 1);
	send_datagram(&addresses[0], NULL, text, strlen(text));
}

/* udp.h: "#channel TAB line" for one, RCFeed JSON for the other. */
static void test_udp_reads_both_forms(void **state)
{
	struct rig *rig = start_source("{type: rc2udp, listen: \"127.0.0.1:0\"}");

	(void)state;
	send_text(rig, LINE);
	rig_turn(rig, 1000, 1);
	assert_int_equal(rig->count, 1);
	assert_string_equal(rig->changes[0]->channel.bytes, "#en.wikipedia");
	assert_string_equal(rig->changes[0]->line.bytes, "text");
	rig_destroy(rig);

	rig = start_source("{type: rcfeed-udp, listen: \"127.0.0.1:0\"}");
	send_text(rig, JSON);
	rig_turn(rig, 1000, 1);
	assert_int_equal(rig->count, 1);
	assert_string_equal(change_json(rig->changes[0]).bytes, JSON);
	rig_destroy(rig);
}

/* udp.c: datagrams keep their bounds and their order, in batches of any size. */
static void test_udp_keeps_the_order_of_datagrams(void **state)
{
	struct rig *rig = start_source("{type: rc2udp, listen: \"127.0.0.1:0\"}");
	struct sockaddr_storage addresses[2];
	char text[64];

	(void)state;
	(void)find_addresses(rig, addresses);
	for (int i = 0; i < 500; i++) {
		int length = snprintf(text, sizeof(text), LINE " %d", i);

		send_datagram(&addresses[0], NULL, text, (size_t)length);
	}
	rig_turn(rig, 2000, 500);
	assert_int_equal(rig->count, 500);
	for (int i = 0; i < 500; i++) {
		(void)snprintf(text, sizeof(text), "text %d", i);
		assert_string_equal(rig->changes[i]->line.bytes, text);
	}
	assert_int_equal(metric_read(&rig->stats.received), 500);
	rig_destroy(rig);
}

/* The largest datagram that IPv4 carries arrives whole: 65535 - 20 - 8 bytes (RFC 768, RFC 791). */
static void test_udp_takes_the_largest_datagram(void **state)
{
	struct rig *rig = start_source("{type: rc2udp, listen: \"127.0.0.1:0\"}");
	struct sockaddr_storage addresses[2];
	char *text = mem_resize(NULL, 65507);

	(void)state;
	memset(text, 'x', 65507);
	memcpy(text, "#en.wikipedia\t", 14);
	(void)find_addresses(rig, addresses);
	send_datagram(&addresses[0], NULL, text, 65507);
	rig_turn(rig, 1000, 1);
	assert_int_equal(rig->count, 1);
	assert_int_equal(rig->changes[0]->line.length, 65507 - 14);
	rig_destroy(rig);
	free(text);
}

/* source.h: what is no change is dropped and counted by its reason; an empty datagram too. */
static void test_udp_counts_drops_by_reason(void **state)
{
	struct rig *rig = start_source("{type: rc2udp, listen: \"127.0.0.1:0\"}");

	(void)state;
	send_text(rig, "#en.wikipedia no tab");
	send_text(rig, "");
	send_text(rig, "#a b\ttext");
	send_text(rig, "#en.wikipedia\t\xff");
	send_text(rig, LINE);
	rig_turn(rig, 1000, 1);
	assert_int_equal(rig->count, 1);
	assert_int_equal(rig_dropped(rig, DROP_NO_TAB), 2);
	assert_int_equal(rig_dropped(rig, DROP_BAD_CHANNEL), 1);
	assert_int_equal(rig_dropped(rig, DROP_NOT_UTF8), 1);
	assert_int_equal(metric_read(&rig->stats.received), 5);
	rig_destroy(rig);
}

/* udp.h: datagrams from an address that `allow` does not name are dropped and counted. */
static void test_udp_takes_allowed_networks_only(void **state)
{
	static const struct {
		const char *allow;
		unsigned taken; /* of those from 127.0.0.1, 127.0.0.2, 127.0.1.1 and 127.128.0.1 */
	} cases[] = {
	    {"", 4},
	    {"\"127.0.0.2\"", 1},
	    {"\"127.0.0.0/24\"", 2},
	    {"\"127.0.0.0/23\"", 3},
	    {"\"127.0.0.0/9\"", 3},
	    {"\"127.0.0.0/8\"", 4},
	    {"\"127.128.0.0/9\"", 1},
	    {"\"192.0.2.0/24\", \"127.0.1.1/32\"", 1},
	    {"\"::1\"", 0},
	    {"\"::/0\"", 4},
	    {"\"0.0.0.0/0\"", 4},
	};
	static const char *const senders[] = {"127.0.0.1", "127.0.0.2", "127.0.1.1", "127.128.0.1"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sockaddr_storage addresses[2];
		char entry[256];
		struct rig *rig;

		(void)snprintf(entry, sizeof(entry),
		               "{type: rc2udp, listen: \"127.0.0.1:0\", allow: [%s]}",
		               cases[i].allow);
		rig = start_source(entry);
		(void)find_addresses(rig, addresses);
		for (size_t j = 0; j < 4; j++) {
			send_datagram(&addresses[0], senders[j], LINE, strlen(LINE));
		}
		rig_turn(rig, cases[i].taken == 4 ? 1000 : 20, 4);
		assert_int_equal(rig->count, cases[i].taken);
		assert_int_equal(rig_dropped(rig, DROP_NOT_ALLOWED), 4 - cases[i].taken);
		rig_destroy(rig);
	}
}

/* socket.h: "localhost" takes datagrams in both families; "[::]" takes IPv4, known by its own
 * address. */
static void test_udp_takes_both_families(void **state)
{
	struct sockaddr_storage addresses[2];
	struct rig *rig = start_source("{type: rc2udp, listen: \"localhost:0\"}");
	size_t count = find_addresses(rig, addresses);
	struct sockaddr_in6 any;
	struct sockaddr_in ipv4;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		send_datagram(&addresses[i], NULL, LINE, strlen(LINE));
	}
	rig_turn(rig, 1000, count);
	assert_int_equal(rig->count, count);
	rig_destroy(rig);
	if (count < 2) {
		return; /* no IPv6 here */
	}
	rig = start_source("{type: rc2udp, listen: \"[::]:0\", allow: [\"127.0.0.1\"]}");
	assert_int_equal(find_addresses(rig, addresses), 1);
	memcpy(&any, &addresses[0], sizeof(any));
	assert_int_equal(uv_ip4_addr("127.0.0.1", ntohs(any.sin6_port), &ipv4), 0);
	memset(&addresses[0], 0, sizeof(addresses[0]));
	memcpy(&addresses[0], &ipv4, sizeof(ipv4));
	send_datagram(&addresses[0], NULL, LINE, strlen(LINE));
	rig_turn(rig, 1000, 1);
	assert_int_equal(rig->count, 1);
	rig_destroy(rig);
}

/* source.h: while it pauses datagrams wait with the kernel, and come after. */
static void test_udp_pauses(void **state)
{
	struct rig *rig = start_source("{type: rc2udp, listen: \"127.0.0.1:0\"}");

	(void)state;
	rig->type->pause(rig->source);
	send_text(rig, LINE);
	rig_turn(rig, 20, 1);
	assert_int_equal(rig->count, 0);
	rig->type->resume(rig->source);
	rig->type->resume(rig->source);
	rig_turn(rig, 1000, 1);
	assert_int_equal(rig->count, 1);
	rig_destroy(rig);
}

/* status.h: what found no room in the socket is counted once it is asked for: none of 2000 is lost
 * track of. */
static void test_udp_counts_what_the_kernel_dropped(void **state)
{
	struct rig *rig =
	    start_source("{type: rc2udp, listen: \"127.0.0.1:0\", receive_buffer: 4096}");
	struct sockaddr_storage addresses[2];
	uint64_t drops;

	(void)state;
	(void)find_addresses(rig, addresses);
	for (int i = 0; i < 2000; i++) {
		send_datagram(&addresses[0], NULL, LINE, strlen(LINE));
	}
	rig_turn(rig, 50, 2000);
	rig->type->observe(rig->source);
	drops = metric_read(&rig->stats.kernel_drops);
	assert_true(drops > 0);
	assert_int_equal(rig->count + drops, 2000);
	rig->type->observe(rig->source);
	assert_int_equal(metric_read(&rig->stats.kernel_drops), drops);
	rig_destroy(rig);
}

/* Send so many that some are dropped, and have them looked for.  Returns how often that was told.
 */
static unsigned observe_drops(struct rig *rig)
{
	static const char id[] = "source.kernel_drops";
	char name[] = "/tmp/test_udp.XXXXXX", text[4096] = "";
	int standard_output = dup(STDOUT_FILENO), file = mkstemp(name);
	struct sockaddr_storage addresses[2];
	unsigned lines = 0;

	(void)fflush(stdout);
	(void)unlink(name);
	(void)find_addresses(rig, addresses);
	for (int i = 0; i < 200; i++) {
		send_datagram(&addresses[0], NULL, LINE, strlen(LINE));
	}
	assert_int_equal(dup2(file, STDOUT_FILENO), STDOUT_FILENO);
	rig->type->observe(rig->source);
	assert_int_equal(dup2(standard_output, STDOUT_FILENO), STDOUT_FILENO);
	assert_true(pread(file, text, sizeof(text) - 1, 0) >= 0);
	for (const char *at = text; (at = strstr(at, id)) != NULL; at++) {
		lines++;
	}
	(void)close(standard_output);
	(void)close(file);
	return lines;
}

/* udp.c: whoever floods a socket fills no disk: the first drops are told at once, then a minute's.
 */
static void test_udp_tells_of_drops_once_a_minute(void **state)
{
	struct rig *rig =
	    start_source("{type: rc2udp, listen: \"127.0.0.1:0\", receive_buffer: 4096}");

	(void)state;
	rig->type->pause(rig->source);
	rig->clock.now_ms = 5000;
	assert_int_equal(observe_drops(rig), 1);
	for (int i = 0; i < 59; i++) {
		rig->clock.now_ms += 1000;
		assert_int_equal(observe_drops(rig), 0);
	}
	rig->clock.now_ms += 1000;
	assert_int_equal(observe_drops(rig), 1);
	assert_true(metric_read(&rig->stats.kernel_drops) > 60 * 100);
	rig->type->resume(rig->source);
	rig_destroy(rig);
}

/* source.h: NULL with a sentence, and nothing left behind, when the address is in use. */
static void test_udp_is_refused_an_address_in_use(void **state)
{
	struct rig *first = start_source("{type: rc2udp, listen: \"127.0.0.1:0\"}");
	struct sockaddr_storage addresses[2];
	struct sockaddr_in ipv4;
	struct error error = {""};
	char entry[128];
	struct rig *second;

	(void)state;
	(void)find_addresses(first, addresses);
	memcpy(&ipv4, &addresses[0], sizeof(ipv4));
	(void)snprintf(entry, sizeof(entry), "{type: rcfeed-udp, listen: \"127.0.0.1:%u\"}",
	               (unsigned)ntohs(ipv4.sin_port));
	second = rig_create(entry);
	assert_false(rig_start(second, &error));
	assert_non_null(strstr(error.text, "in use"));
	rig_destroy(second);
	rig_destroy(first);
}

/* udp.h: a socket in the file system; `allow` is about addresses, which its senders have none of.
 */
static void test_udp_takes_datagrams_of_a_unix_socket(void **state)
{
	struct rig *rig = start_source(
	    "{type: rc2udp, listen: \"unix:/tmp/test_udp\", mode: 0600, allow: [192.0.2.1]}");
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/tmp/test_udp"};
	int sender = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(
		    sendto(sender, LINE, strlen(LINE), 0, (struct sockaddr *)&to, sizeof(to)),
		    strlen(LINE));
	}
	(void)close(sender);
	rig_turn(rig, 1000, 5);
	assert_int_equal(rig->count, 5);
	rig->type->observe(rig->source);
	assert_int_equal(metric_read(&rig->stats.kernel_drops), 0);
	assert_int_equal(metric_read(&rig->stats.is_up), 1);
	rig_destroy(rig);
	assert_int_equal(access("/tmp/test_udp", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_udp_reads_both_forms),
	    cmocka_unit_test(test_udp_keeps_the_order_of_datagrams),
	    cmocka_unit_test(test_udp_takes_the_largest_datagram),
	    cmocka_unit_test(test_udp_counts_drops_by_reason),
	    cmocka_unit_test(test_udp_takes_allowed_networks_only),
	    cmocka_unit_test(test_udp_takes_both_families),
	    cmocka_unit_test(test_udp_pauses),
	    cmocka_unit_test(test_udp_counts_what_the_kernel_dropped),
	    cmocka_unit_test(test_udp_tells_of_drops_once_a_minute),
	    cmocka_unit_test(test_udp_is_refused_an_address_in_use),
	    cmocka_unit_test(test_udp_takes_datagrams_of_a_unix_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
