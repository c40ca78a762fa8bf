/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_STATE_FILE_H
#define INGEST_STATE_FILE_H

#include <stdbool.h>

#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/feed/change.h"

/*
 * A small file that is always whole: where a source keeps how far it has come, for the
 * next start.  What is in it is the source's (eventstreams_state.h, redis_stream_state.h).
 *
 * A new file is written beside it ("FILE.new"), synced (fdatasync) and then renamed.  The
 * folder is not synced: after a power cut the file before may be back, and then some
 * changes come again; without the sync of the file itself there might be none, and changes
 * would be lost.
 *
 * Both functions wait for the disk.  Threads: any, one at a time for a file.
 */
#define STATE_FILE_MAX (1024 * 1024) /* bytes */

enum state_file_outcome {
	STATE_FILE_ABSENT,
	STATE_FILE_READ,
	STATE_FILE_UNREADABLE, /* and `error` says why: also when it is over STATE_FILE_MAX */
};

/* Set `content` to what is in `file`; to nothing where that is not to be had. */
enum state_file_outcome state_file_read(const char *file, struct buffer *content,
                                        struct error *error);

/*
 * Replace `file`, readable by its owner only: an URL in it may hold a password.  False with
 * `error` set: `file` is as it was.
 */
bool state_file_write(const char *file, struct text content, struct error *error);

#endif
