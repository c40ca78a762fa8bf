/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_CHECK_TLS_H
#define CONF_CONF_CHECK_TLS_H

#include "conf/conf_check.h"

/*
 * The rules between the addresses to listen on, the certificates and STS: a part of
 * conf_check_rules().
 *
 * Threads: the caller's.
 */

/* Adds a fault for each rule that is broken.  Rules over faulty members are passed over. */
void conf_check_tls(const struct conf *conf, const struct conf_places *places,
                    struct conf_faults *faults);

#endif
