/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_MANUAL_H
#define CONF_CONF_MANUAL_H

#include "server/base/buffer.h"

/*
 * The manual page rcstreamd.yaml(5), from conf/options.def, in mdoc(7).  It is checked in as
 * docs/rcstreamd.yaml.5: conf_docs prints it, test/conf/test_conf_manual.c holds both equal.
 *
 * Threads: any.
 */

/* Add the page. */
void conf_manual(struct buffer *out);

#endif
