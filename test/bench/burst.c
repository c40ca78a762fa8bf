/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends a burst of datagrams to 127.0.0.1, as fast as one core can: recorded changes, one
 * after another, over and over.
 *
 * usage: bench_burst PORT irc_datagram|json_datagram COUNT RCFEED-PAIRS.NDJSON
 *
 * Prints one JSON object: how many were sent, their bytes, and the seconds that it took.
 */
#include <err.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/base/memory.h"

#define RECORDS_MAX  4096
#define DATAGRAM_MAX 2048 /* the few larger ones test parsers; a network would cut them */
#define BATCH        64   /* datagrams a call */

struct burst {
	json_t *records; /* what the datagrams lend from */
	struct iovec datagrams[RECORDS_MAX];
	struct mmsghdr messages[RECORDS_MAX];
	size_t count;
};

static void read_records(struct burst *burst, const char *path, const char *form)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t capacity = 0;

	if (file == NULL) {
		err(1, "%s", path);
	}
	burst->records = json_array();
	while (burst->count < RECORDS_MAX && getline(&line, &capacity, file) > 0) {
		json_t *record = json_loads(line, JSON_ALLOW_NUL, NULL);
		json_t *datagram = json_object_get(record, form);
		size_t length = json_string_length(datagram);

		(void)json_array_append_new(burst->records, record);
		if (length > 0 && length <= DATAGRAM_MAX) {
			burst->datagrams[burst->count++] = (struct iovec){
			    .iov_base = (void *)json_string_value(datagram), .iov_len = length};
		}
	}
	free(line);
	(void)fclose(file);
	if (burst->count < BATCH) {
		errx(1, "%s: fewer than %d records have a %s", path, BATCH, form);
	}
}

static int open_socket(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	                              .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
	int descriptor = socket(AF_INET, SOCK_DGRAM, 0);

	if (descriptor < 0 ||
	    connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0) {
		err(1, "port %s", port);
	}
	return descriptor;
}

/* Returns the bytes sent. */
static size_t send_all(struct burst *burst, int descriptor, size_t count)
{
	size_t bytes = 0;
	size_t at = 0;

	for (size_t sent = 0; sent < count;) {
		size_t some = count - sent < BATCH ? count - sent : BATCH;
		int done;

		some = burst->count - at < some ? burst->count - at : some;
		done = sendmmsg(descriptor, burst->messages + at, (unsigned)some, 0);
		if (done <= 0) {
			err(1, "sendmmsg");
		}
		for (int i = 0; i < done; i++) {
			bytes += burst->messages[at + (size_t)i].msg_len;
		}
		sent += (size_t)done;
		at = (at + (size_t)done) % burst->count;
	}
	return bytes;
}

static double now_s(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct burst *burst = mem_new(struct burst);
	size_t count, bytes;
	double began;
	int descriptor;

	if (argc != 5) {
		errx(2, "usage: bench_burst PORT irc_datagram|json_datagram COUNT RECORDS");
	}
	count = strtoul(argv[3], NULL, 10);
	read_records(burst, argv[4], argv[2]);
	for (size_t i = 0; i < burst->count; i++) {
		burst->messages[i].msg_hdr =
		    (struct msghdr){.msg_iov = &burst->datagrams[i], .msg_iovlen = 1};
	}
	descriptor = open_socket(argv[1]);
	began = now_s();
	bytes = send_all(burst, descriptor, count);
	printf("{\"sent\": %zu, \"bytes\": %zu, \"seconds\": %.6f}\n", count, bytes,
	       now_s() - began);
	(void)close(descriptor);
	json_decref(burst->records);
	free(burst);
	return 0;
}
