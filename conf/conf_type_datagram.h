/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_TYPE_DATAGRAM_H
#define CONF_CONF_TYPE_DATAGRAM_H

#include "conf/conf_type.h"

/*
 * What datagrams are received on.
 *
 * Threads: constant.
 */
extern const struct conf_type
    conf_type_datagram_address; /* struct conf_address: "[::]:9390", "unix:/run/feed" */
/* struct conf_addresses: any number of these, for streams. */
extern const struct conf_type conf_type_datagram_sockets;
extern const struct conf_type conf_type_datagram_groups; /* struct conf_networks: "239.1.2.3" */
extern const struct conf_type conf_type_datagram_mode;   /* unsigned: "0660", octal */

#endif
