/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_health.h"

void http_health_on_request(void *state, struct http_exchange *exchange)
{
	(void)state;
	http_respond(exchange, &(struct http_response){
				   .status = 200,
				   .content_type = "text/plain; charset=UTF-8",
				   .body = {.bytes = "ok\n", .length = 3},
			       });
}
