/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_TYPE_NUMBER_H
#define CONF_CONF_TYPE_NUMBER_H

#include "conf/conf_type.h"

/*
 * Numbers, with and without units, between the limits of their option.
 *
 * Threads: constant.
 */
extern const struct conf_type conf_type_number_unsigned; /* unsigned: "10" */
extern const struct conf_type conf_type_number_auto;     /* unsigned: "auto" for 0, or a number */
extern const struct conf_type conf_type_number_seconds;  /* unsigned: "90", "90s", "3m", "1h" */
extern const struct conf_type conf_type_number_millis;   /* unsigned: "250ms", "2s", "2" */
extern const struct conf_type conf_type_number_bytes; /* size_t: "65536", "64KiB", "4MiB", "1GiB" */
extern const struct conf_type conf_type_number_rate;  /* double: "50", "0.5" */

#endif
