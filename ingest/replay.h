/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGEST_REPLAY_H
#define INGEST_REPLAY_H

#include "ingest/source.h"

/*
 * `replay`: a file of RCFeed JSON, one object a line, played at a rate; with
 * `refresh` each change gets the present time as `timestamp` and an `id` of its
 * own, as the demo feed does.  The file is read whole at the start, at most
 * REPLAY_FILE_MAX bytes.
 */
#define REPLAY_FILE_MAX (256 * 1024 * 1024)

extern const struct source_type replay_source;

#endif
