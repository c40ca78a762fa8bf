/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Fields of proc(5)'s stat, counted from the one behind the command's name. */
enum { STAT_STATE, STAT_THREADS = 17, STAT_VIRTUAL = 20, STAT_RESIDENT = 21 };

#define FILE_BYTES_MAX 4096

/* Read a file of /proc, as a NUL-terminated text; "" when it cannot be. */
static void read_file(const char *path, char text[FILE_BYTES_MAX])
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = 0;

	if (descriptor >= 0) {
		length = read(descriptor, text, FILE_BYTES_MAX - 1);
		(void)close(descriptor);
	}
	text[length > 0 ? length : 0] = '\0';
}

/* The command's name, in parentheses, may hold spaces: what counts is behind the last one. */
static void read_stat(struct process_figures *figures)
{
	char text[FILE_BYTES_MAX];
	char *at;
	char *rest = NULL;

	read_file("/proc/self/stat", text);
	at = strrchr(text, ')');
	if (at == NULL) {
		return;
	}
	at = strtok_r(at + 1, " ", &rest);
	for (int field = STAT_STATE; at != NULL; field++) {
		if (field == STAT_THREADS) {
			figures->threads = strtoull(at, NULL, 10);
		} else if (field == STAT_VIRTUAL) {
			figures->virtual_bytes = strtoull(at, NULL, 10);
		} else if (field == STAT_RESIDENT) {
			figures->resident_bytes =
			    strtoull(at, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
		}
		at = strtok_r(NULL, " ", &rest);
	}
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Since Linux 6.2 the size of the folder is how many there are; before, they are listed. */
static uint64_t count_descriptors(void)
{
	struct stat folder;
	uint64_t count = 0;
	DIR *list;

	if (stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0) {
		return (uint64_t)folder.st_size;
	}
	list = opendir("/proc/self/fd");
	if (list == NULL) {
		return 0;
	}
	while (readdir(list) != NULL) {
		count++;
	}
	(void)closedir(list);
	return count - 3; /* ".", ".." and that of the list itself */
}

void process_read(struct process_figures *figures)
{
	struct rusage usage;
	struct rlimit limit;

	*figures = (struct process_figures){0};
	read_stat(figures);
	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		figures->cpu_s = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		figures->max_fds = (uint64_t)limit.rlim_cur;
	}
	figures->open_fds = count_descriptors();
}
