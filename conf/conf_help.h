/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_HELP_H
#define CONF_CONF_HELP_H

#include "server/base/buffer.h"

/*
 * The options for people, from conf/options.def.  conf_help() itself, what --help
 * prints, is in conf.h; here are the files that are checked in, printed by
 * conf_docs and held equal by test/conf/test_conf_help.c.
 *
 * Threads: any.
 */

/* Add docs/configuration.md: every option with its limits. */
void conf_help_markdown(struct buffer *out);

/* Add conf/rcstreamd.yaml: every option with its help, at its default. */
void conf_help_yaml(struct buffer *out);

#endif
