/* SPDX-License-Identifier: Apache-2.0 */
#include "server/probe.h"

#include <curl/curl.h>
#include <string.h>

#include "server/base/memory.h"

/* Where one that listens at this host can be reached from the machine itself. */
static const char *reachable(const char *host)
{
	if (strcmp(host, "0.0.0.0") == 0) {
		return "127.0.0.1";
	}
	return strcmp(host, "::") == 0 ? "::1" : host;
}

bool probe_url(const struct conf *conf, struct buffer *url, struct error *error)
{
	bool is_tls = conf->http.listen.count == 0;
	const struct conf_addresses *listen = is_tls ? &conf->http.listen_tls : &conf->http.listen;
	const char *host;

	if (!conf->http.present || listen->count == 0) {
		error_set(error, "--probe: the configuration has no HTTP listener to ask");
		return false;
	}
	if (listen->items[0].port == 0) {
		error_set(error, "--probe: %s is any free port, so there is none to ask",
		          listen->items[0].text);
		return false;
	}
	host = reachable(listen->items[0].host);
	buffer_append_text(url, is_tls ? "https" : "http");
	buffer_printf(url, strchr(host, ':') != NULL ? "://[%s]:%u" : "://%s:%u", host,
	              listen->items[0].port);
	buffer_append_text(url, "/healthz");
	buffer_append_byte(url, '\0');
	return true;
}

static size_t drop_body(char *bytes, size_t size, size_t count, void *owner)
{
	(void)bytes;
	(void)owner;
	return size * count;
}

static bool ask(CURL *easy, const char *url, struct error *error)
{
	CURLcode result;
	long status = 0;

	(void)curl_easy_setopt(easy, CURLOPT_URL, url);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)PROBE_TIMEOUT_S);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_body);
	/* The certificate is for the names that clients use, and nothing is told that is secret. */
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	result = curl_easy_perform(easy);
	if (result != CURLE_OK) {
		error_set(error, "--probe: %s: %s", url, curl_easy_strerror(result));
		return false;
	}
	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
		error_set(error, "--probe: %s: status %ld", url, status);
		return false;
	}
	return true;
}

bool probe_run(const struct conf *conf, struct error *error)
{
	struct buffer url = {0};
	bool is_well;
	CURL *easy;

	if (!probe_url(conf, &url, error)) {
		return false;
	}
	require(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	easy = curl_easy_init();
	require(easy != NULL);
	is_well = ask(easy, url.bytes, error);
	curl_easy_cleanup(easy);
	curl_global_cleanup();
	buffer_finish(&url);
	return is_well;
}
