/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/redis_stream_reply.h"

#include "test/ingest/rig.h"

/* Gives the reply that the bytes are. */
static struct redisReply *reply_of(const char *bytes)
{
	struct redis_reader *reader = redis_reader_create(4096);
	struct redisReply *reply;
	struct error error = {""};

	redis_reader_feed(reader, bytes, strlen(bytes));
	assert_true(redis_reader_next(reader, &reply, &error));
	assert_non_null(reply);
	redis_reader_destroy(reader);
	return reply;
}

static bool read_info(const char *bytes, struct redis_stream_info *info)
{
	struct redisReply *reply = reply_of(bytes);
	bool is_good = redis_stream_reply_info(reply, info);

	freeReplyObject(reply);
	return is_good;
}

/* As Redis 7.0 answers, with what is of no interest; and Redis 5, which does not count. */
static void test_stream_reply_tells_of_a_stream(void **state)
{
	struct redis_stream_info info;

	(void)state;
	assert_true(read_info("*12\r\n$6\r\nlength\r\n:2\r\n$15\r\nradix-tree-keys\r\n:1\r\n"
	                      "$17\r\nlast-generated-id\r\n$3\r\n9-1\r\n"
	                      "$13\r\nentries-added\r\n:7\r\n$6\r\ngroups\r\n*0\r\n"
	                      "$11\r\nfirst-entry\r\n*2\r\n$3\r\n3-0\r\n*0\r\n",
	                      &info));
	assert_true(info.exists && info.has_first && info.has_added);
	assert_true(info.length == 2 && info.added == 7);
	assert_true(info.first.ms == 3 && info.last.ms == 9 && info.last.sequence == 1);
	assert_true(
	    read_info("*6\r\n$6\r\nlength\r\n:0\r\n$17\r\nlast-generated-id\r\n$3\r\n0-0\r\n"
	              "$11\r\nfirst-entry\r\n$-1\r\n",
	              &info));
	assert_true(info.exists && !info.has_first && !info.has_added);
	assert_true(read_info("-ERR no such key\r\n", &info));
	assert_false(info.exists);
}

static void test_stream_reply_that_tells_of_none_is_refused(void **state)
{
	static const char *const texts[] = {
	    "-NOPERM no\r\n",
	    "+OK\r\n",
	    "$-1\r\n",
	    "*0\r\n",
	    "*1\r\n$17\r\nlast-generated-id\r\n",
	    "*2\r\n$17\r\nlast-generated-id\r\n:1\r\n",
	    "*2\r\n$17\r\nlast-generated-id\r\n$1\r\nx\r\n",
	    "*2\r\n$6\r\nlength\r\n:1\r\n",
	    "*4\r\n$17\r\nlast-generated-id\r\n$3\r\n1-0\r\n$6\r\nlength\r\n:-1\r\n",
	    "*4\r\n$17\r\nlast-generated-id\r\n$3\r\n1-0\r\n$13\r\nentries-added\r\n$1\r\n1\r\n",
	    "*4\r\n$17\r\nlast-generated-id\r\n$3\r\n1-0\r\n$11\r\nfirst-entry\r\n*0\r\n",
	    "*4\r\n$17\r\nlast-generated-id\r\n$3\r\n1-0\r\n$11\r\nfirst-entry\r\n:1\r\n",
	};
	struct redis_stream_info info;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (read_info(texts[i], &info)) {
			fail_msg("%s was taken", texts[i]);
		}
	}
}

/* The first field of the name; an entry without it is one all the same. */
static void test_stream_reply_lends_the_field_of_an_entry(void **state)
{
	static const struct {
		const char *bytes;
		const char *json; /* NULL: no such field */
	} cases[] = {
	    {"*2\r\n$3\r\n1-0\r\n*4\r\n$1\r\na\r\n$1\r\nj\r\n$1\r\nj\r\n$2\r\nxy\r\n", "xy"},
	    {"*2\r\n$3\r\n1-0\r\n*4\r\n$1\r\nj\r\n$1\r\n1\r\n$1\r\nj\r\n$1\r\n2\r\n", "1"},
	    {"*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nj\r\n$0\r\n\r\n", ""},
	    {"*2\r\n$3\r\n1-0\r\n*2\r\n$2\r\njj\r\n$1\r\n1\r\n", NULL},
	    {"*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nj\r\n:1\r\n", NULL},
	    {"*2\r\n$3\r\n1-0\r\n*1\r\n$1\r\nj\r\n", NULL},
	    {"*2\r\n$3\r\n1-0\r\n*0\r\n", NULL},
	    {"*2\r\n$3\r\n1-0\r\n*-1\r\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct redisReply *reply = reply_of(cases[i].bytes);
		struct redis_stream_entry entry;

		assert_true(redis_stream_reply_entry(reply, "j", &entry));
		assert_int_equal(entry.id.ms, 1);
		if (cases[i].json == NULL) {
			assert_null(entry.json.bytes);
		} else {
			assert_int_equal(entry.json.length, strlen(cases[i].json));
			assert_memory_equal(entry.json.bytes, cases[i].json, entry.json.length);
		}
		freeReplyObject(reply);
	}
}

static void test_stream_reply_that_is_no_entry_is_refused(void **state)
{
	static const char *const texts[] = {
	    "*0\r\n",  "*1\r\n$3\r\n1-0\r\n", ":1\r\n",
	    "$-1\r\n", "*2\r\n:1\r\n*0\r\n",  "*2\r\n$1\r\nx\r\n*0\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct redisReply *reply = reply_of(texts[i]);
		struct redis_stream_entry entry;

		assert_false(redis_stream_reply_entry(reply, "j", &entry));
		freeReplyObject(reply);
	}
}

/* [[name, entries], ...] in any order; streams without news are not there. */
static void test_stream_reply_has_entries_by_stream(void **state)
{
	static const char *const bad[] = {":1\r\n", "*1\r\n*0\r\n", "*1\r\n:1\r\n",
	                                  "*1\r\n*2\r\n$1\r\na\r\n:1\r\n"};
	struct redisReply *reply =
	    reply_of("*2\r\n*2\r\n$1\r\na\r\n*0\r\n*2\r\n$1\r\nb\r\n*1\r\n:1\r\n");
	const struct redisReply *entries;

	(void)state;
	assert_true(redis_stream_reply_find(reply, "b", &entries));
	assert_int_equal(entries->elements, 1);
	assert_true(redis_stream_reply_find(reply, "a", &entries));
	assert_int_equal(entries->elements, 0);
	assert_true(redis_stream_reply_find(reply, "c", &entries));
	assert_null(entries);
	freeReplyObject(reply);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reply = reply_of(bad[i]);
		assert_false(redis_stream_reply_find(reply, "a", &entries));
		freeReplyObject(reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stream_reply_tells_of_a_stream),
	    cmocka_unit_test(test_stream_reply_that_tells_of_none_is_refused),
	    cmocka_unit_test(test_stream_reply_lends_the_field_of_an_entry),
	    cmocka_unit_test(test_stream_reply_that_is_no_entry_is_refused),
	    cmocka_unit_test(test_stream_reply_has_entries_by_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
