/* SPDX-License-Identifier: Apache-2.0 */
/* protocols/socketio/socketio_library: the client library from a file. */
#include "protocols/socketio/socketio_library.h"

#include <stdio.h>
#include <unistd.h>

#include "protocols/socketio/socketio_library_page.h"
#include "test/protocols/socketio/fake_http.h"

#define FILE_NAME "/tmp/test_socketio_library.XXXXXX"

/* A file of these bytes, loaded, and gone again; what load() said otherwise. */
static struct socketio_library *load(const char *bytes, size_t length, struct error *error)
{
	char name[] = FILE_NAME;
	int descriptor = mkstemp(name);
	struct socketio_library *script;

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, bytes, length), length);
	(void)close(descriptor);
	script = socketio_library_load(name, error);
	(void)unlink(name);
	return script;
}

struct page {
	struct socketio_library *script;
	struct front_end_env env;
	void *endpoint;
	struct http_exchange exchange;
};

static void open_page(struct page *page, const char *text)
{
	struct error error;

	*page = (struct page){0};
	if (text != NULL) {
		page->script = load(text, strlen(text), &error);
		assert_non_null(page->script);
	}
	page->env.socketio_library = page->script;
	page->endpoint = socketio_library_page_start(&page->env);
}

static void close_page(struct page *page)
{
	socketio_library_page_destroy(page->endpoint);
	socketio_library_destroy(page->script);
}

/* Ask with this If-None-Match, or none. */
static struct http_exchange *ask(struct page *page, enum http_method method, const char *tags)
{
	fake_request(&page->exchange, method, SOCKETIO_LIBRARY_PATH);
	if (tags != NULL) {
		page->exchange.field =
		    (struct http_field){.name = TEXT("if-none-match"), .value = text_of(tags)};
		page->exchange.request.fields = &page->exchange.field;
		page->exchange.request.field_count = 1;
	}
	socketio_library_page_on_request(page->endpoint, &page->exchange);
	return &page->exchange;
}

/* The entity tag of an answer, with its quotes, in memory that the caller frees. */
static char *etag_of(const struct http_exchange *exchange)
{
	const char *tag = strstr(exchange->fields, "ETag: ");

	assert_non_null(tag);
	tag += strlen("ETag: ");
	return strndup(tag, strcspn(tag, "\r"));
}

/* http.socketio.client_file: its bytes as they are, as a script for any page. */
static void test_script_is_served_as_javascript(void **state)
{
	struct page page;
	struct http_exchange *answer;

	(void)state;
	open_page(&page, "var io = 'caf\xc3\xa9';\n");
	answer = ask(&page, HTTP_METHOD_GET, NULL);
	assert_string_equal(answer->content_type, "text/javascript; charset=UTF-8");
	assert_non_null(strstr(answer->fields, "Cache-Control: public, max-age=3600\r\n"));
	assert_non_null(strstr(answer->fields, "Access-Control-Allow-Origin: *\r\n"));
	fake_expect(answer, 200, "var io = 'caf\xc3\xa9';\n");
	answer = ask(&page, HTTP_METHOD_OPTIONS, NULL);
	assert_non_null(strstr(answer->fields, "Allow: GET, HEAD, OPTIONS\r\n"));
	fake_expect(answer, 204, "");
	close_page(&page);
}

/* RFC 9110 §13.1.2, §15.4.5: who has it is told so, with the tag and without the bytes. */
static void test_script_is_not_sent_to_who_has_it(void **state)
{
	static const char *const forms[] = {"%s", "W/%s", "\"old\", %s", "W/\"old\" , W/%s ,\"x\"",
	                                    "*"};
	struct page page;
	struct http_exchange *answer;
	char *etag;

	(void)state;
	open_page(&page, "script");
	answer = ask(&page, HTTP_METHOD_GET, NULL);
	etag = etag_of(answer);
	fake_expect(answer, 200, "script");
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct buffer tags = {0};
		char *again;

		/* The forms are constants of this test. */
		for (const char *at = forms[i]; *at != '\0'; at++) {
			if (*at == '%') {
				buffer_append_text(&tags, etag);
				at++;
			} else {
				buffer_append_byte(&tags, *at);
			}
		}
		buffer_append_byte(&tags, '\0');
		answer = ask(&page, HTTP_METHOD_GET, tags.bytes);
		again = etag_of(answer);
		assert_string_equal(again, etag);
		assert_null(answer->content_type);
		fake_expect(answer, 304, "");
		free(again);
		buffer_finish(&tags);
	}
	fake_expect(ask(&page, HTTP_METHOD_GET, "\"other\", W/\"more\""), 200, "script");
	fake_expect(ask(&page, HTTP_METHOD_GET, "W/"), 200, "script");
	free(etag);
	close_page(&page);
}

/* RFC 9110 §8.8.3: another file has another tag, the same file the same one. */
static void test_script_has_a_tag_of_its_bytes(void **state)
{
	static const char *const texts[] = {"script", "script", "Script"};
	char *tags[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct page page;

		open_page(&page, texts[i]);
		tags[i] = etag_of(ask(&page, HTTP_METHOD_GET, NULL));
		fake_finish(&page.exchange);
		close_page(&page);
	}
	assert_string_equal(tags[0], tags[1]);
	assert_string_not_equal(tags[0], tags[2]);
	for (size_t i = 0; i < 3; i++) {
		free(tags[i]);
	}
}

/* No file is configured by default. */
static void test_script_is_not_found_without_a_file(void **state)
{
	struct page page;

	(void)state;
	open_page(&page, NULL);
	fake_expect(ask(&page, HTTP_METHOD_GET, NULL), 404, "");
	fake_expect(ask(&page, HTTP_METHOD_GET, "*"), 404, "");
	close_page(&page);
}

/* The server does not start with a library that it cannot serve. */
static void test_script_that_cannot_be_loaded_is_an_error(void **state)
{
	char *big = mem_zeroed(SOCKETIO_LIBRARY_MAX + 1);
	struct socketio_library *script;
	struct error error;

	(void)state;
	assert_null(socketio_library_load("/nonexistent/socket.io.js", &error));
	assert_non_null(strstr(error.text, "\"/nonexistent/socket.io.js\": No such file"));
	assert_null(socketio_library_load("/tmp", &error));
	assert_non_null(strstr(error.text, "Is a directory"));
	assert_null(load("", 0, &error));
	assert_non_null(strstr(error.text, "is empty"));
	assert_null(load(big, SOCKETIO_LIBRARY_MAX + 1, &error));
	assert_non_null(strstr(error.text, "more than 1048576 bytes"));
	script = load(big, SOCKETIO_LIBRARY_MAX, &error);
	assert_non_null(script);
	socketio_library_destroy(script);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_script_is_served_as_javascript),
	    cmocka_unit_test(test_script_is_not_sent_to_who_has_it),
	    cmocka_unit_test(test_script_has_a_tag_of_its_bytes),
	    cmocka_unit_test(test_script_is_not_found_without_a_file),
	    cmocka_unit_test(test_script_that_cannot_be_loaded_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
