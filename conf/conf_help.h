/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_HELP_H
#define CONF_CONF_HELP_H

#include "server/base/buffer.h"

/*
 * The options for people, from conf/options.def: for --help, and as the files that
 * are checked in, which conf_docs prints and test/conf/test_conf_help.c holds equal.
 *
 * Threads: any.
 */

/* Add what conf_help() does. */
void conf_help_options(struct buffer *out);

/* Add docs/configuration.md: every option with its limits. */
void conf_help_markdown(struct buffer *out);

/* Add conf/rcstreamd.yaml: every option with its help, at its default. */
void conf_help_yaml(struct buffer *out);

#endif
