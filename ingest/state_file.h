/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_STATE_FILE_H
#define INGEST_STATE_FILE_H

#include <stdbool.h>

#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/feed/change.h"

/*
 * Where a source keeps how far it has come, for the next start: a small text file
 *
 *   rcstreamd state 1
 *   url https://stream.example.org/v2/stream/recentchange
 *   id [{"topic":"eqiad.mediawiki.recentchange","partition":0,"offset":17}]
 *
 * that belongs to one URL.  Under its name there is always a whole file: a new one is
 * written beside it ("FILE.new"), synced (fdatasync) and then renamed.  The folder is
 * not synced: after a power cut the file before may be back, and then some events
 * come again; without the sync of the file itself there might be none, and events would be
 * lost.
 *
 * Both functions wait for the disk.  Threads: any, one at a time for a file.
 */
#define STATE_FILE_URL_MAX 8192
#define STATE_FILE_MAX     (64 * 1024) /* bytes of the whole file */

enum state_file_outcome {
	STATE_FILE_ABSENT,
	STATE_FILE_READ,
	STATE_FILE_IGNORED, /* and `error` says why */
};

/*
 * Set `id` to what `file` says for `url`.  A file that cannot be read, is cut off or changed,
 * or is of another URL is not used; `id` is then empty.
 */
enum state_file_outcome state_file_read(const char *file, const char *url, struct buffer *id,
                                        struct error *error);

/*
 * Replace `file`, readable by its owner only: a URL may hold a password.  Neither `url` nor
 * `id` holds CR, LF or NUL.  False with `error` set: `file` is as it was.
 */
bool state_file_write(const char *file, const char *url, struct text id, struct error *error);

#endif
