/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/http/http_admin.h"

#include "protocols/http/http.h"

static const struct conf_addresses *addresses(const struct conf *conf)
{
	return conf->admin.present ? &conf->admin.listen : NULL;
}

static const struct conf_addresses *tls_addresses(const struct conf *conf)
{
	return &conf->admin.listen_tls;
}

static void *start(const struct front_end_env *env)
{
	return http_start(env, http_admin_endpoints, CLIENT_ADMIN);
}

const struct front_end http_admin_front_end = {
    .name = "admin",
    .addresses = addresses,
    .tls_addresses = tls_addresses,
    .alpn = "http/1.1",
    .start = start,
    .is_exempt = true,
    .on_conf = http_on_conf,
    .on_connection = http_on_connection,
    .refusal = http_refuse,
    .destroy = http_destroy,
};
