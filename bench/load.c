/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/crowd.h"
#include "server/base/memory.h"
#include "server/base/random.h"

#define SECOND_NS   1000000000ULL
#define MS_NS       1000000ULL
#define TURN_MS     100
#define SETTLE_MS   100                 /* for what the server does behind the last delivery */
#define PATIENCE_MS 5000                /* nothing came for so long: what is missing is lost */
#define ID_BASE     1000000000000000ULL /* ids of 16 digits, of which JSON's readers keep all */
#define ID_STEP     100000000ULL        /* more than a run has changes */

struct load {
	const struct options *options;
	struct load_result *result;
	struct tally *tally;
	struct subject subject;
	struct endpoint *from;
	struct crowd crowd;
	struct crowd_group speaker; /* injects over a connection */
	int datagrams;              /* or by datagrams; -1: neither */
	struct buffer change;
	uint64_t deadline_ns;
};

/* --- setting up ------------------------------------------------------------ */

/* Other runs' changes have other titles, and ids that no server takes for these. */
static void name_run(struct load *load)
{
	const struct options *options = load->options;
	uint32_t run;

	random_fill(&run, sizeof(run));
	load->subject = (struct subject){
	    .host = options->host,
	    .wiki = options->wiki,
	    .channel = options->channel,
	    .sse_path = options->sse_path,
	    .post_path = options->post_path,
	    .first_id = ID_BASE + (run & 0xffffff) * ID_STEP,
	};
	(void)snprintf(load->subject.run, sizeof(load->subject.run), "%08" PRIx32, run);
}

static bool find_endpoints(struct load *load, struct error *error)
{
	const struct options *options = load->options;

	for (uint32_t i = 0; i < options->group_count; i++) {
		const struct options_group *group = &options->groups[i];

		load->crowd.groups[i].protocol = group->protocol;
		if (!endpoint_resolve(&load->crowd.groups[i].server, options->host, group->port,
		                      error)) {
			error_prefix(error, "--host: ");
			return false;
		}
	}
	load->from = mem_zeroed((options->from_count + 1) * sizeof(load->from[0]));
	for (size_t i = 0; i < options->from_count; i++) {
		if (!endpoint_local(&load->from[i], options->from[i], error)) {
			error_prefix(error, "--from: ");
			return false;
		}
	}
	return true;
}

static bool open_injection(struct load *load, struct error *error)
{
	const struct options *options = load->options;
	struct endpoint *server = &load->speaker.server;

	if (options->injection == NULL) {
		return true;
	}
	if (!endpoint_resolve(server, options->inject_host, options->inject_port, error)) {
		error_prefix(error, "--inject-host: ");
		return false;
	}
	if (options->injection->connection != NULL) {
		load->speaker.protocol = options->injection->connection;
		crowd_connect_speaker(&load->crowd, &load->speaker);
		return true;
	}
	load->datagrams = endpoint_connect(server, NULL, SOCK_DGRAM, error);
	return load->datagrams >= 0;
}

static bool set_up(struct load *load, struct error *error)
{
	const struct options *options = load->options;
	uint32_t clients[TALLY_GROUPS_MAX] = {0};

	for (uint32_t i = 0; i < options->group_count; i++) {
		clients[i] = options->groups[i].clients;
		load->result->clients += clients[i];
	}
	tally_init(load->tally, clients, options->group_count, options->warm_up + options->changes,
	           options->warm_up);
	name_run(load);
	load->deadline_ns = crowd_now() + options->time_limit_s * SECOND_NS;
	if (!find_endpoints(load, error)) {
		return false;
	}
	load->crowd.subject = &load->subject;
	load->crowd.from = load->from;
	load->crowd.from_count = options->from_count;
	load->crowd.at_once = options->at_once;
	load->crowd.is_tls = options->is_tls;
	load->crowd.tally = load->tally;
	return crowd_init(&load->crowd, error) && open_injection(load, error);
}

static void tear_down(struct load *load)
{
	crowd_finish(&load->crowd);
	if (load->datagrams >= 0) {
		(void)close(load->datagrams);
	}
	buffer_finish(&load->change);
	free(load->from);
}

/* --- turns ------------------------------------------------------------------ */

/* Whether the run goes on; the reason is kept when it does not. */
static bool turn(struct load *load, int timeout_ms)
{
	struct load_result *result = load->result;

	crowd_turn(&load->crowd, timeout_ms);
	if (load->crowd.has_failed) {
		result->reason = load->crowd.failure;
		return false;
	}
	if (crowd_now() >= load->deadline_ns) {
		error_set(&result->reason, "the time of %u s is up",
		          (unsigned)load->options->time_limit_s);
		return false;
	}
	return true;
}

static bool settle(struct load *load)
{
	uint64_t end_ns = crowd_now() + SETTLE_MS * MS_NS;

	while (crowd_now() < end_ns) {
		if (!turn(load, 10)) {
			return false;
		}
	}
	return true;
}

/* --- changes ------------------------------------------------------------------ */

static bool send_change(struct load *load, uint32_t serial)
{
	struct buffer *change = &load->change;

	buffer_clear(change);
	load->options->injection->write(&load->subject, serial, change);
	if (load->datagrams < 0) {
		crowd_speak(&load->crowd, change->bytes, change->length);
	} else if (send(load->datagrams, change->bytes, change->length, 0) < 0) {
		endpoint_failed(&load->speaker.server, errno, &load->result->reason);
		return false;
	}
	return true;
}

/* As if it were sent when it was due: what the sender is late by is in the times. */
static bool send_next(struct load *load, uint64_t due_ns)
{
	return send_change(load, tally_sent(load->tally, due_ns));
}

/* A window that is half empty is filled: so the server sees bursts, as from busy wikis. */
static bool send_flood(struct load *load, uint32_t end)
{
	uint32_t under_way = load->tally->sent - load->tally->completed;

	if (under_way > load->options->window / 2) {
		return true;
	}
	for (; under_way < load->options->window && load->tally->sent < end; under_way++) {
		if (!send_next(load, crowd_now())) {
			return false;
		}
	}
	return true;
}

/* Send what is due; `timeout_ms` is how long nothing will be. */
static bool send_paced(struct load *load, uint32_t first, uint32_t end, uint64_t began_ns,
                       int *timeout_ms)
{
	uint64_t rate = load->options->rate, now_ns = crowd_now();
	uint64_t due_ns = began_ns + (load->tally->sent - first) * SECOND_NS / rate;

	while (load->tally->sent < end && due_ns <= now_ns) {
		if (!send_next(load, due_ns)) {
			return false;
		}
		due_ns = began_ns + (load->tally->sent - first) * SECOND_NS / rate;
	}
	if (load->tally->sent < end) {
		*timeout_ms = (int)((due_ns - now_ns) / MS_NS);
	}
	return true;
}

/* Whether nothing has come for so long that nothing more will. */
static bool is_stalled(const struct load *load, uint64_t *deliveries, uint64_t *progressed_ns)
{
	uint64_t now_ns = crowd_now(), deliveries_now = tally_deliveries(load->tally);

	if (deliveries_now != *deliveries) {
		*deliveries = deliveries_now;
		*progressed_ns = now_ns;
	}
	return now_ns - *progressed_ns > PATIENCE_MS * MS_NS;
}

/* Send so many changes and wait until all clients have them; false when they will not. */
static bool flow(struct load *load, uint32_t count)
{
	uint32_t first = load->tally->sent, end = first + count;
	uint64_t began_ns = crowd_now(), progressed_ns = began_ns;
	uint64_t deliveries = 0;

	while (load->tally->completed < end) {
		bool is_paced = load->options->rate > 0 && load->tally->sent < end;
		int timeout_ms = TURN_MS;
		bool is_sent = load->options->rate > 0
		                   ? send_paced(load, first, end, began_ns, &timeout_ms)
		                   : send_flood(load, end);

		if (!is_sent || !turn(load, timeout_ms)) {
			return false;
		}
		if (is_stalled(load, &deliveries, &progressed_ns) && !is_paced) {
			error_set(&load->result->reason, "nothing came for %d s",
			          PATIENCE_MS / 1000);
			return false;
		}
	}
	return true;
}

/* --- the run ------------------------------------------------------------------ */

static bool measure(const struct load *load, struct load_cost *cost)
{
	struct timespec own;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	*cost = (struct load_cost){
	    .own_cpu_ns = (uint64_t)own.tv_sec * SECOND_NS + (uint64_t)own.tv_nsec,
	    .reads = load->crowd.reads,
	    .now_ns = crowd_now(),
	};
	if (load->options->process != 0 &&
	    !process_usage_read(load->options->process, &cost->server)) {
		error_set(&load->result->reason, "--pid: process %d: %s",
		          (int)load->options->process, strerror(errno));
		return false;
	}
	return true;
}

/* Connect clients up to this number, and wait until they are ready. */
static bool connect_clients(struct load *load, uint32_t end)
{
	struct crowd *crowd = &load->crowd;

	while (crowd->ready < end) {
		crowd_connect(crowd, end);
		if (!turn(load, TURN_MS)) {
			error_prefix(&load->result->reason,
			             "%u of %u clients were ready: ", (unsigned)crowd->ready,
			             (unsigned)load->result->clients);
			return false;
		}
	}
	return true;
}

static bool connect_speaker(struct load *load)
{
	while (load->speaker.protocol != NULL && !crowd_has_speaker(&load->crowd)) {
		if (!turn(load, TURN_MS)) {
			error_prefix(&load->result->reason, "--inject: ");
			return false;
		}
	}
	return true;
}

/* A channel of rcstreamd's exists from its first change on. */
static bool send_first_change(struct load *load)
{
	const struct options *options = load->options;
	bool is_needed = false;

	for (uint32_t i = 0; i < options->group_count; i++) {
		is_needed = is_needed || options->groups[i].protocol->needs_first_change;
	}
	return !is_needed || options->injection == NULL || load->datagrams < 0 ||
	       send_change(load, PROTOCOL_UNMARKED);
}

/* The first client is not measured: the server makes for it what it makes once. */
static bool open_all(struct load *load)
{
	struct load_result *result = load->result;

	return connect_speaker(load) && send_first_change(load) && connect_clients(load, 1) &&
	       settle(load) && measure(load, &result->start) &&
	       connect_clients(load, result->clients) && settle(load) &&
	       measure(load, &result->idle);
}

/* Whatever happened, what came and what it cost until then is measured. */
static bool flow_measured(struct load *load)
{
	struct load_result *result = load->result;
	bool is_complete = flow(load, load->options->warm_up) && settle(load);

	if (!measure(load, &result->before)) {
		return false;
	}
	is_complete = is_complete && flow(load, load->options->changes);
	if (!measure(load, &result->ended)) {
		return false;
	}
	is_complete = is_complete && settle(load);
	return measure(load, &result->after) && is_complete;
}

bool load_run(const struct options *options, struct load_result *result, struct error *error)
{
	struct load load = {.options = options,
	                    .result = result,
	                    .tally = &result->tally,
	                    .crowd.poller = -1,
	                    .datagrams = -1};
	bool is_open;

	*result = (struct load_result){0};
	is_open = set_up(&load, error);
	if (is_open && !open_all(&load)) {
		*error = result->reason;
		is_open = false;
	}
	if (is_open) {
		result->is_complete = flow_measured(&load);
	}
	tear_down(&load);
	return is_open;
}

void load_finish(struct load_result *result)
{
	tally_finish(&result->tally);
}
