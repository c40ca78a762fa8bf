/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_router.h"

#include <string.h>

static bool fits(const struct http_endpoint *endpoint, struct text path)
{
	size_t length = strlen(endpoint->path);

	if (path.length < length || memcmp(path.bytes, endpoint->path, length) != 0) {
		return false;
	}
	return endpoint->is_prefix || path.length == length;
}

const struct http_endpoint *http_router_find(const struct http_endpoint *table, struct text path)
{
	for (const struct http_endpoint *row = table; row->path != NULL; row++) {
		if (fits(row, path)) {
			return row;
		}
	}
	return NULL;
}

bool http_router_allows(const struct http_endpoint *endpoint, enum http_method method)
{
	return endpoint->takes_any || (method != HTTP_METHOD_POST && method != HTTP_METHOD_OTHER);
}
