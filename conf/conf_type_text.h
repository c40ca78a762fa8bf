/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_TYPE_TEXT_H
#define CONF_CONF_TYPE_TEXT_H

#include "conf/conf_type.h"

/*
 * Words and texts; nothing that an operator writes holds a NUL or a carriage return.
 *
 * Threads: constant.
 */
extern const struct conf_type conf_type_text_bool;       /* bool: "true" or "false" */
extern const struct conf_type conf_type_text_log_level;  /* enum log_level */
extern const struct conf_type conf_type_text_log_format; /* enum log_format */
extern const struct conf_type conf_type_text_string;     /* const char *: one line */
extern const struct conf_type conf_type_text_lines;      /* const char *: any number of lines */
extern const struct conf_type conf_type_text_strings;    /* struct conf_strings: single lines */
extern const struct conf_type
    conf_type_text_map; /* struct conf_map: keys and values are single lines */

#endif
