/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_TYPE_TLS_H
#define CONF_CONF_TYPE_TLS_H

#include "conf/conf_type.h"

/*
 * Certificates with their keys, by the names of their files, which are not opened here.
 *
 *   - {certificate: fullchain.pem, key: privkey.pem}
 *   - both.pem
 *
 * Threads: constant.
 */
extern const struct conf_type conf_type_tls_certificates; /* struct conf_certificates */
extern const struct conf_type conf_type_tls_version;      /* enum conf_tls_version: "1.2", "1.3" */

#endif
