/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_SERVER_BASE_LOG_CAPTURE_H
#define TEST_SERVER_BASE_LOG_CAPTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/base/memory.h"

/* Standard output, turned to a file while a test writes records; behind <cmocka.h>. */
struct log_capture {
	int standard_output;
	int file;
};

static inline void log_capture_start(struct log_capture *capture)
{
	char name[] = "/tmp/test_log_capture.XXXXXX";

	(void)fflush(stdout);
	capture->standard_output = dup(STDOUT_FILENO);
	capture->file = mkstemp(name);
	assert_true(capture->standard_output >= 0 && capture->file >= 0);
	(void)unlink(name);
	assert_int_equal(dup2(capture->file, STDOUT_FILENO), STDOUT_FILENO);
}

/* Gives what was written, to be ended with free(). */
static inline char *log_capture_stop(struct log_capture *capture)
{
	off_t size = lseek(capture->file, 0, SEEK_END);
	char *text = mem_zeroed((size_t)size + 1);

	assert_int_equal(pread(capture->file, text, (size_t)size, 0), size);
	(void)dup2(capture->standard_output, STDOUT_FILENO);
	(void)close(capture->standard_output);
	(void)close(capture->file);
	return text;
}

#endif
