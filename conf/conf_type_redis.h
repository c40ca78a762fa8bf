/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_TYPE_REDIS_H
#define CONF_CONF_TYPE_REDIS_H

#include "conf/conf_type.h"

/*
 * Where a Redis server is: struct conf_redis_url, which tells the forms.
 *
 * A fault quotes the URL without user and password; a dump has it as it was given, since it is
 * to be read back.
 *
 * Threads: constant.
 */
#define CONF_REDIS_PORT     6379
#define CONF_REDIS_HOST_MAX 253 /* RFC 1035 §2.3.4, without the dot of the root */
#define CONF_REDIS_PATH_MAX 107 /* sun_path of Linux, less its NUL */

extern const struct conf_type conf_type_redis_url;

#endif
