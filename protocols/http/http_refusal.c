/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_refusal.h"

#include <stdio.h>
#include <string.h>

#include "protocols/http/http_response.h"
#include "server/net/refusals.h"

#define ANYBODY "Access-Control-Allow-Origin: *\r\n"

static unsigned status_of(enum close_reason reason)
{
	switch (reason) {
	case CLOSE_ADDRESS_LIMIT:
	case CLOSE_RATE_LIMIT:
		return 429;
	case CLOSE_NOT_ALLOWED:
		return 403;
	case CLOSE_TLS_WANTED:
		return 400;
	default:
		return 503;
	}
}

static bool helps_to_wait(enum close_reason reason)
{
	return reason != CLOSE_NOT_ALLOWED && reason != CLOSE_TLS_WANTED;
}

/* Who came too often may come again when its address has one more: soon. */
static unsigned retry_s(enum close_reason reason, const struct conf *conf)
{
	double rate = conf->http.connection_rate;
	unsigned whole_s;

	if (reason != CLOSE_RATE_LIMIT || rate <= 0) {
		return HTTP_REFUSAL_RETRY_S;
	}
	whole_s = (unsigned)(1 / rate);
	return whole_s < 1 / rate ? whole_s + 1 : whole_s;
}

void http_refusal_write(struct buffer *out, enum close_reason reason, const struct conf *conf)
{
	const struct refusals_figures figures = {
	    .per_address = conf->limits.connections_per_address,
	    .rate = conf->http.connection_rate,
	};
	char fields[96], text[REFUSALS_TEXT_MAX], line[REFUSALS_TEXT_MAX + 1];
	int length = snprintf(line, sizeof(line), "%s\n", refusals_text(reason, &figures, text));

	(void)snprintf(fields, sizeof(fields), "Retry-After: %u\r\n" ANYBODY,
	               retry_s(reason, conf));
	http_response_write(out,
	                    &(struct http_response){
				.status = status_of(reason),
				.content_type = "text/plain; charset=UTF-8",
				.fields = helps_to_wait(reason) ? fields : ANYBODY,
				.body = {.bytes = line, .length = (size_t)length},
			    },
	                    (struct http_response_form){.minor_version = 1});
}
