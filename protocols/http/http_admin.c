/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_admin.h"

#include "protocols/http/http.h"

static const struct conf_addresses *addresses(const struct conf *conf)
{
	return conf->admin.present ? &conf->admin.listen : NULL;
}

static void *start(const struct front_end_env *env)
{
	return http_start(env, http_admin_endpoints, CLIENT_ADMIN);
}

const struct front_end http_admin_front_end = {
    .name = "admin",
    .addresses = addresses,
    .start = start,
    .is_exempt = true,
    .on_conf = http_on_conf,
    .on_connection = http_on_connection,
    .destroy = http_destroy,
};
