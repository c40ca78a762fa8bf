/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_TYPE_ADDRESS_H
#define CONF_CONF_TYPE_ADDRESS_H

#include "conf/conf_type.h"

/*
 * Where to listen and whom to hear.  Hosts are numeric or "localhost": no name is
 * resolved.  A list of one may be written without its brackets.
 *
 * Threads: constant.
 */
extern const struct conf_type conf_type_address_single; /* struct conf_address: "127.0.0.1:6667" */
extern const struct conf_type conf_type_address_list;   /* struct conf_addresses */
extern const struct conf_type conf_type_address_networks; /* struct conf_networks: "192.0.2.0/24" */

#endif
