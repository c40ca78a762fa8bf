/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one change costs before it meets a client: reading it in both forms,
 * rendering its IRC line, writing it for each protocol.
 *
 * usage: bench_micro RCFEED-PAIRS.NDJSON
 *
 * Every step runs over all recorded changes, many times; the fastest round counts,
 * since whatever else the machine does only adds to it.  Prints one JSON object of
 * nanoseconds a change.
 */
#include <err.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocols/irc/irc_encode.h"
#include "protocols/socketio/socketio_encode.h"
#include "server/base/memory.h"
#include "server/feed/duplicates.h"
#include "server/feed/rcfeed_irc.h"
#include "server/feed/rcfeed_json.h"

#define RECORDS_MAX 4096
#define TURNS       5
#define ROUNDS      10 /* a turn and step */

/* One recorded change in all its forms; what a form lacks has NULL. */
struct record {
	json_t *object; /* what `fields` and the datagrams lend from */
	struct text json_datagram;
	struct text irc_datagram;
	struct rcfeed_fields fields;
	bool has_fields;
	struct change *change;      /* of the JSON */
	struct change *line_change; /* of the line */
};

struct micro {
	struct wiki_names *names;
	struct duplicates *duplicates;
	struct record *records;
	size_t count;
	struct irc_channels channels;
	struct irc_encoder irc;
	metric lines_cut;
	struct buffer out;
};

/* Do the step for a record; false when it is not for this one. */
typedef bool step_fn(struct micro *micro, const struct record *record);

/* --- the records -------------------------------------------------------- */

static struct text member(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return (struct text){json_string_value(value), json_string_length(value)};
}

static long long number(const json_t *object, const char *key, const char *inner)
{
	return json_integer_value(json_object_get(json_object_get(object, key), inner));
}

/* The fields of an edit, the commonest change by far. */
static void fill_fields(const json_t *json, struct rcfeed_fields *fields)
{
	*fields = (struct rcfeed_fields){
	    .type = CHANGE_EDIT,
	    .title = member(json, "title"),
	    .user = member(json, "user"),
	    .comment = member(json, "comment"),
	    .is_minor = json_is_true(json_object_get(json, "minor")),
	    .is_bot = json_is_true(json_object_get(json, "bot")),
	    .has_patrolled = json_object_get(json, "patrolled") != NULL,
	    .is_patrolled = json_is_true(json_object_get(json, "patrolled")),
	    .has_length = true,
	    .length_old = number(json, "length", "old"),
	    .length_new = number(json, "length", "new"),
	    .has_id = true,
	    .id = json_integer_value(json_object_get(json, "id")),
	    .revision_old = number(json, "revision", "old"),
	    .revision_new = number(json, "revision", "new"),
	    .notify_url = member(json, "notify_url"),
	    .server_url = member(json, "server_url"),
	    .script_path = member(json, "server_script_path"),
	    .server_name = member(json, "server_name"),
	};
}

static struct change *read_line_change(const struct micro *micro, struct text datagram)
{
	enum drop_reason reason;

	return datagram.bytes == NULL
	           ? NULL
	           : rcfeed_irc_read(micro->names, datagram.bytes, datagram.length, &reason);
}

static void read_record(const struct micro *micro, const char *line, struct record *record)
{
	json_error_t error;
	const json_t *json;
	enum drop_reason reason;

	record->object = json_loads(line, JSON_ALLOW_NUL, &error);
	if (record->object == NULL) {
		errx(1, "not a record: %s", error.text);
	}
	json = json_object_get(record->object, "json");
	record->json_datagram = member(record->object, "json_datagram");
	record->irc_datagram = member(record->object, "irc_datagram");
	record->has_fields =
	    json != NULL && strcmp(json_string_value(json_object_get(json, "type")), "edit") == 0;
	if (record->has_fields) {
		fill_fields(json, &record->fields);
	}
	record->line_change = read_line_change(micro, record->irc_datagram);
	if (record->json_datagram.bytes != NULL) {
		record->change = rcfeed_json_read(micro->names, record->json_datagram.bytes,
		                                  record->json_datagram.length, &reason);
	}
}

static void add_channel(struct micro *micro, const struct change *change)
{
	if (irc_channels_find(&micro->channels, change->channel) == NULL) {
		(void)irc_channels_add(&micro->channels, irc_channel_create(change->channel));
	}
}

static void read_records(struct micro *micro, const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t capacity = 0;

	if (file == NULL) {
		err(1, "%s", path);
	}
	while (micro->count < RECORDS_MAX && getline(&line, &capacity, file) > 0) {
		struct record *record = &micro->records[micro->count++];

		read_record(micro, line, record);
		if (record->change != NULL) {
			add_channel(micro, record->change);
		}
	}
	free(line);
	(void)fclose(file);
}

/* --- the steps ---------------------------------------------------------- */

/* The floor of read_json: jansson alone, with the flags that rcfeed_json.c has. */
static bool parse_json(struct micro *micro, const struct record *record)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY;

	(void)micro;
	if (record->json_datagram.bytes == NULL) {
		return false;
	}
	json_decref(
	    json_loadb(record->json_datagram.bytes, record->json_datagram.length, flags, NULL));
	return true;
}

static bool read_json(struct micro *micro, const struct record *record)
{
	enum drop_reason reason;

	if (record->json_datagram.bytes == NULL) {
		return false;
	}
	change_unref(rcfeed_json_read(micro->names, record->json_datagram.bytes,
	                              record->json_datagram.length, &reason));
	return true;
}

static bool render_line(struct micro *micro, const struct record *record)
{
	return record->has_fields && rcfeed_irc_render(&record->fields, &micro->out);
}

static bool read_line(struct micro *micro, const struct record *record)
{
	enum drop_reason reason;

	if (record->irc_datagram.bytes == NULL) {
		return false;
	}
	change_unref(rcfeed_irc_read(micro->names, record->irc_datagram.bytes,
	                             record->irc_datagram.length, &reason));
	return true;
}

/* What change_json() does for the first who asks. */
static bool make_json(struct micro *micro, const struct record *record)
{
	const struct change *change = record->line_change;

	if (change == NULL) {
		return false;
	}
	(void)rcfeed_irc_to_json(micro->names, change->channel, change->line, &micro->out);
	return true;
}

/* As the feeder does for a change that nobody else has brought. */
static bool find_duplicate(struct micro *micro, const struct record *record)
{
	struct duplicates_match match;

	if (record->change == NULL) {
		return false;
	}
	if (!duplicates_find(micro->duplicates, record->change, micro, 0, &match)) {
		duplicates_add(micro->duplicates, record->change, micro, 0);
	}
	return true;
}

static bool encode(struct micro *micro, const struct record *record, const struct encoder *encoder)
{
	if (record->change == NULL) {
		return false;
	}
	encoder->encode(encoder, record->change, &micro->out);
	return true;
}

static bool encode_irc(struct micro *micro, const struct record *record)
{
	return record->change != NULL && record->change->line.bytes != NULL &&
	       encode(micro, record, &micro->irc.encoder);
}

static bool encode_socketio_packet(struct micro *micro, const struct record *record)
{
	return encode(micro, record, &socketio_encode_packet);
}

static bool encode_socketio_frame(struct micro *micro, const struct record *record)
{
	return encode(micro, record, &socketio_encode_frame);
}

static const struct {
	const char *name;
	step_fn *step;
} steps[] = {
    {"parse_json", parse_json},
    {"read_json", read_json},
    {"render_line", render_line},
    {"read_line", read_line},
    {"make_json", make_json},
    {"find_duplicate", find_duplicate},
    {"encode_irc", encode_irc},
    {"encode_socketio_packet", encode_socketio_packet},
    {"encode_socketio_frame", encode_socketio_frame},
};

#define STEPS (sizeof(steps) / sizeof(steps[0]))

/* --- measuring ---------------------------------------------------------- */

static double cpu_ns(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* One round over all records; returns nanoseconds a change. */
static double run_round(struct micro *micro, step_fn *step)
{
	double began = cpu_ns();
	size_t done = 0;

	for (size_t i = 0; i < micro->count; i++) {
		buffer_clear(&micro->out);
		done += step(micro, &micro->records[i]);
	}
	if (done == 0) {
		errx(1, "no record is for this step");
	}
	return (cpu_ns() - began) / (double)done;
}

/* The steps take turns, so that what the machine does meanwhile is the same for all. */
static void run_rounds(struct micro *micro, double fastest[STEPS])
{
	for (size_t i = 0; i < (size_t)TURNS * STEPS * ROUNDS; i++) {
		size_t step = i / ROUNDS % STEPS;
		double round = run_round(micro, steps[step].step);

		if (i < STEPS * ROUNDS && i % ROUNDS == 0) {
			fastest[step] = round;
		}
		fastest[step] = round < fastest[step] ? round : fastest[step];
	}
}

static void finish(struct micro *micro)
{
	for (size_t i = 0; i < micro->count; i++) {
		change_unref(micro->records[i].change);
		change_unref(micro->records[i].line_change);
		json_decref(micro->records[i].object);
	}
	for (size_t i = 0; i < micro->channels.count; i++) {
		free(micro->channels.items[i]);
	}
	irc_channels_finish(&micro->channels);
	duplicates_destroy(micro->duplicates);
	wiki_names_destroy(micro->names);
	buffer_finish(&micro->out);
	free(micro->records);
}

int main(int argc, char **argv)
{
	struct micro micro = {0};
	double fastest[STEPS];

	if (argc != 2) {
		errx(2, "usage: bench_micro RCFEED-PAIRS.NDJSON");
	}
	micro.names = wiki_names_create(NULL, 0);
	micro.duplicates = duplicates_create(10000, 300000); /* the defaults of options.def */
	micro.records = mem_zeroed(RECORDS_MAX * sizeof(micro.records[0]));
	irc_encoder_init(&micro.irc, "b!b@s", &micro.channels, &micro.lines_cut);
	read_records(&micro, argv[1]);
	run_rounds(&micro, fastest);
	for (size_t i = 0; i < STEPS; i++) {
		printf("%s\"%s\": %.0f", i == 0 ? "{" : ", ", steps[i].name, fastest[i]);
	}
	puts("}");
	finish(&micro);
	return 0;
}
