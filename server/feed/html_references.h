/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_FEED_HTML_REFERENCES_H
#define SERVER_FEED_HTML_REFERENCES_H

#include "server/feed/change.h"

/*
 * HTML's named character references (HTML, 13.5, those with a semicolon) and two
 * of MediaWiki's own, which name the right-to-left mark in Hebrew and in Arabic.
 *
 * Threads: any.
 */
#define HTML_REFERENCE_NAME_MAX 31 /* bytes: CounterClockwiseContourIntegral */

/*
 * Lends what `name`, without "&" and ";", leaves on IRC, in UTF-8: one character
 * or two, and a space for NewLine.  NULL when nothing is named so.
 */
const char *html_references_find(struct text name);

#endif
