/* SPDX-License-Identifier: Apache-2.0 */
/* ingest/eventstreams_meta: what an event says of itself. */
#include "ingest/eventstreams_meta.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct eventstreams_meta read_meta(const char *json)
{
	struct eventstreams_meta meta;

	memset(&meta, 0xff, sizeof(meta));
	eventstreams_meta_read((struct text){json, strlen(json)}, &meta);
	return meta;
}

/* Schema mediawiki/recentchange: `meta.id` and `meta.domain`. */
static void test_id_and_domain_are_read(void **state)
{
	struct eventstreams_meta meta =
	    read_meta("{\"meta\":{\"domain\":\"en.wikipedia.org\",\"id\":\"3f8c\"},\"id\":1}");

	(void)state;
	assert_int_equal(meta.id_length, 4);
	assert_memory_equal(meta.id, "3f8c", 4);
	assert_false(meta.is_canary);
	meta = read_meta("{\"meta\":{\"domain\":\"canary\",\"id\":\"3f8c\"}}");
	assert_true(meta.is_canary);
	assert_int_equal(meta.id_length, 4);
}

/* eventstreams_meta.h: what is not there, or no string, or no JSON, is empty. */
static void test_missing_members_are_empty(void **state)
{
	static const char *const texts[] = {
	    "",
	    "{",
	    "[]",
	    "1",
	    "{}",
	    "{\"id\":\"3f8c\",\"domain\":\"canary\"}",
	    "{\"meta\":null}",
	    "{\"meta\":\"canary\"}",
	    "{\"meta\":[\"id\"]}",
	    "{\"meta\":{\"id\":1,\"domain\":2}}",
	    "{\"meta\":{\"id\":\"\",\"domain\":\"Canary\"}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct eventstreams_meta meta = read_meta(texts[i]);

		assert_int_equal(meta.id_length, 0);
		assert_false(meta.is_canary);
	}
}

/* eventstreams_meta.h: an id over RECENT_ID_BYTES_MAX is none. */
static void test_long_id_is_none(void **state)
{
	char json[] =
	    "{\"meta\":{\"id\":\"0123456789012345678901234567890123456789012345678901234567890"
	    "1234\"}}";

	(void)state;
	assert_int_equal(read_meta(json).id_length, 0);
	memmove(strstr(json, "4\"}}"), "\"}}", 4);
	assert_int_equal(read_meta(json).id_length, RECENT_ID_BYTES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_id_and_domain_are_read),
	    cmocka_unit_test(test_missing_members_are_empty),
	    cmocka_unit_test(test_long_id_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
