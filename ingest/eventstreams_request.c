/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/eventstreams_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ingest/curl_loop.h"
#include "server/base/buffer.h"
#include "server/base/memory.h"

#define WIKIMEDIA_DOMAIN  ".wikimedia.org"
#define RETRY_AFTER_MAX_S 86400

struct eventstreams_request {
	const struct conf_eventstreams *conf;
	const struct eventstreams_request_ops *ops;
	void *owner;
	struct curl_loop *curl;
	CURL *easy;
	char *url_since;           /* curl_free() */
	char *host;                /* curl_free() */
	struct curl_slist *fields; /* of the header of the present request */
	size_t header_bytes;
	bool is_begun; /* `easy` is lent to `curl` */
	bool is_open;
	bool is_refused; /* and `refusal` says why */
	struct error refusal;
	char fault[CURL_ERROR_SIZE]; /* libcurl's own words */
};

/* --- the response ------------------------------------------------------- */

/* Returns false, for the caller to return. */
static bool refuse(struct eventstreams_request *request, const char *what, const char *met)
{
	request->is_refused = true;
	error_set(&request->refusal, "%s %s", what, met);
	return false;
}

static bool refuse_status(struct eventstreams_request *request)
{
	long status = 0;
	char number[32];

	(void)curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)snprintf(number, sizeof(number), "%ld", status);
	return refuse(request, "HTTP", number);
}

/* "text/event-stream", perhaps with parameters behind it (RFC 9110 §8.3.1). */
static bool is_event_stream(const char *type)
{
	static const char wanted[] = "text/event-stream";

	return type != NULL && strncasecmp(type, wanted, strlen(wanted)) == 0 &&
	       strchr("; \t", type[strlen(wanted)]) != NULL;
}

static bool check_response(struct eventstreams_request *request, long status)
{
	struct curl_header *encoding;
	const char *type = NULL;

	(void)curl_easy_getinfo(request->easy, CURLINFO_CONTENT_TYPE, &type);
	if (status != 200) {
		return refuse_status(request);
	}
	if (!is_event_stream(type)) {
		return refuse(request, "not text/event-stream: Content-Type",
		              type != NULL ? type : "missing");
	}
	if (curl_easy_header(request->easy, "Content-Encoding", 0, CURLH_HEADER, -1, &encoding) ==
	        CURLHE_OK &&
	    strcasecmp(encoding->value, "identity") != 0) {
		return refuse(request, "not asked for: Content-Encoding", encoding->value);
	}
	return true;
}

/* The header of a response is complete: an interim one, a redirect, or the one. */
static bool end_header(struct eventstreams_request *request)
{
	long status = 0;

	(void)curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || (status >= 300 && status < 400)) {
		return true;
	}
	if (!check_response(request, status)) {
		return false;
	}
	request->is_open = true;
	request->ops->on_open(request->owner);
	return true;
}

/* Called by libcurl with each line of a header; another size than was given ends the transfer. */
static size_t on_header(char *bytes, size_t size, size_t length, void *context)
{
	struct eventstreams_request *request = context;

	length *= size;
	request->header_bytes += length;
	if (request->header_bytes > EVENTSTREAMS_REQUEST_HEADER_BYTES_MAX) {
		(void)refuse(request, "a header", "over the limit");
		return 0;
	}
	if (length <= 2 && (bytes[0] == '\r' || bytes[0] == '\n') && !end_header(request)) {
		return 0;
	}
	return length;
}

/* Called by libcurl; that of a redirect only when it leads nowhere. */
static size_t on_body(char *bytes, size_t size, size_t length, void *context)
{
	struct eventstreams_request *request = context;

	length *= size;
	if (!request->is_open) {
		(void)refuse_status(request);
		return 0;
	}
	request->ops->on_bytes(request->owner, bytes, length);
	return length;
}

static const char *sentence_of(struct eventstreams_request *request, CURLcode result)
{
	if (result == CURLE_OK && request->is_open) {
		return "the server has ended the response";
	}
	if (result == CURLE_OK) {
		(void)refuse_status(request);
	}
	if (request->is_refused) {
		return request->refusal.text;
	}
	return request->fault[0] != '\0' ? request->fault : curl_easy_strerror(result);
}

/* Of a response that was refused; libcurl reads both of its forms (RFC 9110 §10.2.3). */
static unsigned retry_after_s(const struct eventstreams_request *request)
{
	curl_off_t seconds = 0;

	if (request->is_refused) {
		(void)curl_easy_getinfo(request->easy, CURLINFO_RETRY_AFTER, &seconds);
	}
	if (seconds <= 0) {
		return 0;
	}
	return seconds < RETRY_AFTER_MAX_S ? (unsigned)seconds : RETRY_AFTER_MAX_S;
}

static void on_done(void *owner, CURL *easy, CURLcode result)
{
	struct eventstreams_request *request = owner;
	struct eventstreams_end end = {
	    .is_clean = result == CURLE_OK && request->is_open,
	    .sentence = sentence_of(request, result),
	    .retry_after_s = retry_after_s(request),
	};

	(void)easy;
	request->is_begun = false;
	request->ops->on_end(request->owner, &end);
}

/* --- what stays from request to request ---------------------------------- */

/* "rcstreamd/0.1.0 (https://example.org/) libcurl/7.88.1", as Wikimedia's policy asks for. */
static void set_user_agent(struct eventstreams_request *request)
{
	const char *contact = request->conf->contact;
	struct buffer text = {0};
	char *user_agent;

	buffer_append_text(&text, "rcstreamd/" RCSTREAMD_VERSION);
	if (contact[0] != '\0') {
		buffer_printf(&text, " (%s)", contact);
	}
	buffer_printf(&text, " libcurl/%s", curl_version_info(CURLVERSION_NOW)->version);
	user_agent = buffer_take(&text, NULL);
	(void)curl_easy_setopt(request->easy, CURLOPT_USERAGENT, user_agent); /* copied */
	free(user_agent);
}

static void set_limits(const struct eventstreams_request *request)
{
	const struct conf_eventstreams *conf = request->conf;
	bool is_secure = strncasecmp(conf->url, "https:", strlen("https:")) == 0;
	CURL *easy = request->easy;
	long connect_s = EVENTSTREAMS_REQUEST_CONNECT_TIMEOUT_S;

	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR,
	                       is_secure ? "https" : "http,https");
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)EVENTSTREAMS_REQUEST_REDIRECTS_MAX);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_s);
	(void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	/* One response for minutes needs no multiplexing, and in HTTP/1.1 a pause is TCP's. */
	(void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	/* A thread that still resolves a name is let go, not waited for. */
	(void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	if (conf->ca_file[0] != '\0') {
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, conf->ca_file);
	}
}

static void set_callbacks(struct eventstreams_request *request)
{
	CURL *easy = request->easy;

	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->fault);
}

/* --- options ------------------------------------------------------------- */

static bool has_scheme(const char *url)
{
	return strncasecmp(url, "http://", strlen("http://")) == 0 ||
	       strncasecmp(url, "https://", strlen("https://")) == 0;
}

/* The URL is not printed: it may hold a password. */
static bool read_url(struct eventstreams_request *request, struct error *error)
{
	const struct conf_eventstreams *conf = request->conf;
	CURLU *url = curl_url();
	struct buffer since = {0};
	CURLUcode code;

	require(url != NULL);
	buffer_append_text(&since, "since=");
	buffer_append(&since, conf->since, strlen(conf->since) + 1);
	code = has_scheme(conf->url) ? curl_url_set(url, CURLUPART_URL, conf->url, 0)
	                             : CURLUE_UNSUPPORTED_SCHEME;
	if (code == CURLUE_OK) {
		code = curl_url_get(url, CURLUPART_HOST, &request->host, 0);
	}
	if (code == CURLUE_OK && conf->since[0] != '\0') {
		code = curl_url_set(url, CURLUPART_QUERY, since.bytes,
		                    CURLU_APPENDQUERY | CURLU_URLENCODE);
	}
	if (code == CURLUE_OK) {
		code = curl_url_get(url, CURLUPART_URL, &request->url_since, 0);
	}
	if (code != CURLUE_OK) {
		error_set(error, "url: %s (want http:// or https://)", curl_url_strerror(code));
	}
	buffer_finish(&since);
	curl_url_cleanup(url);
	return code == CURLUE_OK;
}

/* It stands in a comment of a header field (RFC 9110 §5.6.5). */
static bool check_contact(const char *contact, struct error *error)
{
	for (const char *at = contact; *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f || strchr("()\\", *at) != NULL) {
			error_set(error,
			          "contact: \"%s\" cannot be sent in a User-Agent (want no "
			          "control characters, parentheses and back-slashes)",
			          contact);
			return false;
		}
	}
	return true;
}

static bool check_ca_file(const char *file, struct error *error)
{
	if (file[0] != '\0' && access(file, R_OK) != 0) {
		error_set(error, "ca_file: %s: cannot be read", file);
		return false;
	}
	return true;
}

/* Else a name server that is slow would hold up every source. */
static bool check_resolver(struct error *error)
{
	if ((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS) == 0) {
		error_set(error, "this libcurl resolves names in the caller's thread "
		                 "(want one built with AsynchDNS)");
		return false;
	}
	return true;
}

/* --- life ----------------------------------------------------------------- */

struct eventstreams_request *eventstreams_request_create(uv_loop_t *loop,
                                                         const struct conf_eventstreams *conf,
                                                         const struct eventstreams_request_ops *ops,
                                                         void *owner, struct error *error)
{
	struct eventstreams_request *request = mem_new(struct eventstreams_request);

	request->conf = conf;
	request->ops = ops;
	request->owner = owner;
	if (!read_url(request, error) || !check_contact(conf->contact, error) ||
	    !check_ca_file(conf->ca_file, error) || !check_resolver(error) ||
	    (request->curl = curl_loop_create(loop, on_done, request, error)) == NULL) {
		eventstreams_request_destroy(request);
		return NULL;
	}
	request->easy = curl_easy_init();
	require(request->easy != NULL);
	set_user_agent(request);
	set_limits(request);
	set_callbacks(request);
	return request;
}

bool eventstreams_request_is_wikimedia(const struct eventstreams_request *request)
{
	size_t domain = strlen(WIKIMEDIA_DOMAIN);
	size_t length = strlen(request->host);

	return length > domain &&
	       strcasecmp(request->host + length - domain, WIKIMEDIA_DOMAIN) == 0;
}

static void add_field(struct eventstreams_request *request, const char *name, struct text value)
{
	struct buffer text = {0};
	char *field;

	buffer_append_text(&text, name);
	buffer_append(&text, value.bytes, value.length);
	field = buffer_take(&text, NULL);
	request->fields = curl_slist_append(request->fields, field); /* copied */
	require(request->fields != NULL);
	free(field);
}

void eventstreams_request_begin(struct eventstreams_request *request, struct text last_id)
{
	const char *url = last_id.length == 0 ? request->url_since : request->conf->url;

	require(!request->is_begun);
	curl_slist_free_all(request->fields);
	request->fields = NULL;
	add_field(request, "Accept: text/event-stream", (struct text){NULL, 0});
	add_field(request, "Cache-Control: no-cache", (struct text){NULL, 0});
	if (last_id.length > 0) {
		add_field(request, "Last-Event-ID: ", last_id);
	}
	(void)curl_easy_setopt(request->easy, CURLOPT_URL, url);
	(void)curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->fields);
	request->is_begun = true;
	request->is_open = false;
	request->is_refused = false;
	request->header_bytes = 0;
	request->fault[0] = '\0';
	curl_loop_add(request->curl, request->easy);
}

void eventstreams_request_cancel(struct eventstreams_request *request)
{
	if (request->is_begun) {
		request->is_begun = false;
		curl_loop_remove(request->curl, request->easy);
	}
}

void eventstreams_request_pause(struct eventstreams_request *request)
{
	curl_loop_pause(request->curl);
}

void eventstreams_request_resume(struct eventstreams_request *request)
{
	curl_loop_resume(request->curl);
}

void eventstreams_request_stop(struct eventstreams_request *request)
{
	eventstreams_request_cancel(request);
	curl_easy_cleanup(request->easy);
	request->easy = NULL;
	curl_loop_stop(request->curl);
}

void eventstreams_request_destroy(struct eventstreams_request *request)
{
	if (request != NULL) {
		curl_loop_destroy(request->curl);
		curl_slist_free_all(request->fields);
		curl_free(request->url_since);
		curl_free(request->host);
		free(request);
	}
}
