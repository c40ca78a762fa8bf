/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis_reader.h"

#include "test/ingest/rig.h"

#define BULK_MAX 4096

/* Add a reply as text: every reply of a test is seen whole by it. */
static void describe(const struct redisReply *reply, struct buffer *out)
{
	switch (reply->type) {
	case REDIS_REPLY_ARRAY:
		buffer_append_byte(out, '[');
		for (size_t i = 0; i < reply->elements; i++) {
			describe(reply->element[i], out);
		}
		buffer_append_byte(out, ']');
		break;
	case REDIS_REPLY_INTEGER:
		buffer_printf(out, "(%lld)", reply->integer);
		break;
	case REDIS_REPLY_NIL:
		buffer_append_text(out, "nil");
		break;
	default:
		buffer_printf(out, "%d\"", reply->type);
		buffer_append(out, reply->str, (size_t)reply->len);
		buffer_append_byte(out, '"');
		break;
	}
}

/* Take all there is; false with the reason added when the reader refuses. */
static bool take_all(struct redis_reader *reader, struct buffer *out)
{
	struct redisReply *reply;
	struct error error = {""};

	do {
		if (!redis_reader_next(reader, &reply, &error)) {
			buffer_append_text(out, error.text);
			return false;
		}
		if (reply != NULL) {
			describe(reply, out);
			buffer_append_byte(out, ' ');
			freeReplyObject(reply);
		}
	} while (reply != NULL);
	return true;
}

/* Feed the bytes in cuts; `cut` 0: at random. */
static char *read_in_cuts(const char *bytes, size_t length, size_t cut)
{
	struct redis_reader *reader = redis_reader_create(BULK_MAX);
	struct buffer out = {0};
	bool is_good = true;

	for (size_t at = 0; at < length && is_good;) {
		size_t size = cut > 0 ? cut : (size_t)rand() % 7 + 1;

		size = size < length - at ? size : length - at;
		redis_reader_feed(reader, bytes + at, size);
		is_good = take_all(reader, &out);
		at += size;
	}
	redis_reader_destroy(reader);
	return buffer_take(&out, NULL);
}

static void assert_read(const char *bytes, size_t length, const char *expected)
{
	unsigned seed = (unsigned)uv_hrtime();

	printf("seed %u\n", seed);
	srand(seed);
	for (size_t cut = 0; cut <= length; cut += cut < 2 ? 1 : length) {
		char *told = read_in_cuts(bytes, length, cut);

		assert_string_equal(told, expected);
		free(told);
	}
	if (length > 1) {
		char *told = read_in_cuts(bytes, length, length);

		assert_string_equal(told, expected);
		free(told);
	}
}

/* RESP 2: the five types, nested, empty and null; whole, byte by byte and in random cuts. */
static void test_reader_reads_replies_in_any_cut(void **state)
{
	static const char bytes[] =
	    "+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n*-1\r\n"
	    "*0\r\n*3\r\n$1\r\nx\r\n*2\r\n:1\r\n*1\r\n+y\r\n$-1\r\n+END\r\n";
	static const char expected[] = "5\"OK\" 6\"ERR no\" (-7) 1\"a\r\n\" 1\"\" nil nil [] "
				       "[1\"x\"[(1)[5\"y\"]]nil] 5\"END\" ";

	(void)state;
	assert_read(bytes, sizeof(bytes) - 1, expected);
}

/* redis_reader.h: a string is refused as it is announced; one of the limit is taken. */
static void test_reader_refuses_a_long_string_before_it_comes(void **state)
{
	static const char announced[] = "*2\r\n$1\r\nx\r\n$4097\r\n";
	struct buffer taken = {0};
	struct buffer expected = {0};

	(void)state;
	assert_read(announced, sizeof(announced) - 1,
	            "a string of 4097 bytes is announced (want at most 4096)");
	assert_read("$536870912\r\n", 12,
	            "a string of 536870912 bytes is announced (want at most 4096)");
	assert_read("$99999999999999999999999\r\n", 26, "Bad bulk string length");
	buffer_append_text(&taken, "$4096\r\n");
	buffer_append_text(&expected, "1\"");
	for (int i = 0; i < BULK_MAX; i++) {
		buffer_append_byte(&taken, 'x');
		buffer_append_byte(&expected, 'x');
	}
	buffer_append_text(&taken, "\r\n");
	buffer_append(&expected, "\" ", 3);
	assert_read(taken.bytes, taken.length, expected.bytes);
	buffer_finish(&taken);
	buffer_finish(&expected);
}

/* Arrays are counted as they are announced, all of a reply together, and anew for the next. */
static void test_reader_counts_elements(void **state)
{
	struct buffer taken = {0};
	char *told;

	(void)state;
	assert_read("*65537\r\n", 8, "a reply announces more than 65536 elements");
	assert_read("*2147483647\r\n", 13, "a reply announces more than 65536 elements");
	assert_read("*2\r\n*0\r\n*65535\r\n", 16, "a reply announces more than 65536 elements");
	for (int i = 0; i < 2; i++) {
		buffer_append_text(&taken, "*4000\r\n");
		for (int k = 0; k < 4000; k++) {
			buffer_append_text(&taken, "*0\r\n");
		}
	}
	buffer_append_text(&taken, "*65536\r\n");
	told = read_in_cuts(taken.bytes, taken.length, 1000);
	assert_int_equal(strlen(told), 2 * (1 + 2 * 4000 + 2));
	free(told);
	buffer_finish(&taken);
}

static void test_reader_bounds_depth_lines_and_bytes(void **state)
{
	struct redis_reader *reader = redis_reader_create(BULK_MAX);
	struct buffer told = {0};
	char junk[1024];

	(void)state;
	assert_read("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", 7 * 4 + 4,
	            "[[[[[[[(1)]]]]]]] ");
	memset(junk, 'x', sizeof(junk));
	redis_reader_feed(reader, "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", 32);
	assert_false(take_all(reader, &told));
	redis_reader_destroy(reader);

	/* A line without end, and a reply of strings that are each within bounds. */
	reader = redis_reader_create(4 * REDIS_READER_LINE_MAX);
	redis_reader_feed(reader, "+", 1);
	for (int i = 0; i < REDIS_READER_LINE_MAX / 1024; i++) {
		assert_true(take_all(reader, &told));
		redis_reader_feed(reader, junk, sizeof(junk));
	}
	assert_true(take_all(reader, &told));
	redis_reader_feed(reader, junk, 1);
	assert_false(take_all(reader, &told));
	redis_reader_destroy(reader);

	reader = redis_reader_create(1024);
	redis_reader_feed(reader, "*100\r\n", 6);
	for (int i = 0; i < 7; i++) {
		redis_reader_feed(reader, "$1024\r\n", 7);
		redis_reader_feed(reader, junk, sizeof(junk));
		redis_reader_feed(reader, "\r\n", 2);
		assert_true(take_all(reader, &told));
	}
	for (int i = 0; i < 2; i++) {
		redis_reader_feed(reader, "$1024\r\n", 7);
		redis_reader_feed(reader, junk, sizeof(junk));
		redis_reader_feed(reader, "\r\n", 2);
	}
	assert_false(take_all(reader, &told));
	redis_reader_destroy(reader);
	buffer_finish(&told);
}

static void test_reader_refuses_what_is_no_resp(void **state)
{
	static const char *const texts[] = {"HTTP/1.1 400 Bad Request\r\n", "\r\n", "x", "*x\r\n",
	                                    "$x\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct redis_reader *reader = redis_reader_create(BULK_MAX);
		struct buffer told = {0};

		redis_reader_feed(reader, texts[i], strlen(texts[i]));
		assert_false(take_all(reader, &told));
		assert_true(told.length > 0);
		assert_false(take_all(reader, &told));
		redis_reader_destroy(reader);
		buffer_finish(&told);
	}
	redis_reader_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reader_reads_replies_in_any_cut),
	    cmocka_unit_test(test_reader_refuses_a_long_string_before_it_comes),
	    cmocka_unit_test(test_reader_counts_elements),
	    cmocka_unit_test(test_reader_bounds_depth_lines_and_bytes),
	    cmocka_unit_test(test_reader_refuses_what_is_no_resp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
