/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_refusal.h"

#include <stdio.h>
#include <string.h>

#include "protocols/http/http_response.h"

void http_refusal_write(struct buffer *out, enum close_reason reason)
{
	char fields[64], line[128];

	(void)snprintf(fields, sizeof(fields),
	               "Retry-After: %d\r\nAccess-Control-Allow-Origin: *\r\n",
	               HTTP_REFUSAL_RETRY_S);
	(void)snprintf(line, sizeof(line), "%s\n", close_reason_row(reason)->text);
	http_response_write(out,
	                    &(struct http_response){
				.status = reason == CLOSE_ADDRESS_LIMIT ? 429 : 503,
				.content_type = "text/plain; charset=UTF-8",
				.fields = fields,
				.body = {.bytes = line, .length = strlen(line)},
			    },
	                    (struct http_response_form){.minor_version = 1});
	buffer_append_byte(out, '\0');
}
