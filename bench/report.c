/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/report.h"

#include <inttypes.h>
#include <string.h>

#include "server/base/memory.h"

#define COLUMN 13

static const struct percentile {
	const char *name;
	double percent;
} percentiles[] = {
    {"p50", 50}, {"p90", 90}, {"p95", 95}, {"p99", 99}, {"p99.9", 99.9}, {"max", 100},
};

#define PERCENTILES (sizeof(percentiles) / sizeof(percentiles[0]))

/* --- figures ---------------------------------------------------------------- */

/* What the measured changes cost, and what the clients did that only wait. */
struct figures {
	double seconds;
	double deliveries; /* of the measured changes, if nothing was lost */
	double cpu_us;     /* the server's */
	double cores;
	double own_cores; /* this program's */
	double deliveries_per_read;
	double rss_per_client;
};

static double ratio(double some, double all)
{
	return all > 0 ? some / all : 0;
}

static double difference(uint64_t after, uint64_t before)
{
	return (double)after - (double)before;
}

static struct figures figures_of(const struct options *options, const struct load_result *result)
{
	const struct load_cost *before = &result->before, *ended = &result->ended;
	double seconds = difference(ended->now_ns, before->now_ns) / 1e9;
	double cpu_us = difference(result->after.server.cpu_ns, before->server.cpu_ns) / 1e3;
	double deliveries = (double)result->clients * options->changes;
	double waiting = difference(result->idle.server.rss_bytes, result->start.server.rss_bytes);

	return (struct figures){
	    .seconds = seconds,
	    .deliveries = deliveries,
	    .cpu_us = cpu_us,
	    .cores = ratio(cpu_us / 1e6, seconds),
	    .own_cores = ratio(difference(ended->own_cpu_ns, before->own_cpu_ns) / 1e9, seconds),
	    .deliveries_per_read = ratio(deliveries, difference(ended->reads, before->reads)),
	    .rss_per_client = ratio(waiting, (double)result->clients - 1),
	};
}

/* --- JSON ------------------------------------------------------------------- */

/* Puts what a json_ function gave under a name; `value` is given. */
static void put(json_t *object, const char *name, json_t *value)
{
	require(value != NULL && json_object_set_new(object, name, value) == 0);
}

static void put_count(json_t *object, const char *name, uint64_t count)
{
	put(object, name, json_integer((json_int_t)count));
}

static json_t *json_of_times(const struct log_histogram *times)
{
	json_t *object = json_object();

	for (size_t i = 0; i < PERCENTILES; i++) {
		uint64_t value = log_histogram_percentile(times, percentiles[i].percent);

		put(object, percentiles[i].name, json_real((double)value / 1e3));
	}
	return object;
}

static json_t *json_of_group(const struct tally *tally, const struct tally_group *group,
                             const char *protocol)
{
	json_t *object = json_object();

	put(object, "protocol", json_string(protocol));
	put_count(object, "clients", group->clients);
	put_count(object, "deliveries", group->deliveries);
	put_count(object, "lost", tally_lost(tally, group));
	put_count(object, "duplicates", group->duplicates);
	put_count(object, "reordered", group->reordered);
	put_count(object, "stale", group->stale);
	put_count(object, "strange", group->strange);
	put(object, "bytes_per_delivery",
	    json_real(ratio((double)group->bytes, (double)group->deliveries)));
	put(object, "latency_us", json_of_times(&group->each));
	put(object, "latency_to_last_us", json_of_times(&group->last));
	return object;
}

static json_t *json_of_server(const struct load_result *result, const struct figures *figures)
{
	json_t *object = json_object();

	put(object, "cpu_us", json_real(figures->cpu_us));
	put(object, "cpu_us_per_delivery", json_real(ratio(figures->cpu_us, figures->deliveries)));
	put(object, "cores", json_real(figures->cores));
	put(object, "rss_bytes_per_client", json_real(figures->rss_per_client));
	put_count(object, "rss_bytes_with_one", result->start.server.rss_bytes);
	put_count(object, "rss_bytes_with_all", result->idle.server.rss_bytes);
	put_count(object, "rss_bytes_at_end", result->after.server.rss_bytes);
	return object;
}

json_t *report_json(const struct options *options, const struct load_result *result)
{
	const struct tally *tally = &result->tally;
	struct figures figures = figures_of(options, result);
	json_t *object = json_object(), *groups = json_array();

	put(object, "is_good", json_boolean(result->is_complete && tally_is_good(tally)));
	put(object, "is_complete", json_boolean(result->is_complete));
	put(object, "reason", json_string(result->reason.text));
	put_count(object, "clients", result->clients);
	put_count(object, "changes", options->changes);
	put_count(object, "warm_up", options->warm_up);
	put_count(object, "rate", options->rate);
	put(object, "seconds", json_real(figures.seconds));
	put(object, "deliveries_per_read", json_real(figures.deliveries_per_read));
	put(object, "own_cores", json_real(figures.own_cores));
	put(object, "latency_to_last_us", json_of_times(&tally->last));
	for (uint32_t i = 0; i < tally->group_count; i++) {
		json_t *group =
		    json_of_group(tally, &tally->groups[i], options->groups[i].protocol->name);

		require(json_array_append_new(groups, group) == 0);
	}
	put(object, "groups", groups);
	put(object, "server",
	    options->process != 0 ? json_of_server(result, &figures) : json_null());
	return object;
}

/* --- the table ---------------------------------------------------------------- */

typedef double (*figure_of)(const struct tally *tally, const struct tally_group *group);

static double clients_of(const struct tally *tally, const struct tally_group *group)
{
	(void)tally;
	return group->clients;
}

static double deliveries_of(const struct tally *tally, const struct tally_group *group)
{
	(void)tally;
	return (double)group->deliveries;
}

static double lost_of(const struct tally *tally, const struct tally_group *group)
{
	return (double)tally_lost(tally, group);
}

static double duplicates_of(const struct tally *tally, const struct tally_group *group)
{
	(void)tally;
	return (double)(group->duplicates + group->stale);
}

static double reordered_of(const struct tally *tally, const struct tally_group *group)
{
	(void)tally;
	return (double)group->reordered;
}

static double bytes_of(const struct tally *tally, const struct tally_group *group)
{
	(void)tally;
	return ratio((double)group->bytes, (double)group->deliveries);
}

static const struct row {
	const char *name;
	figure_of figure;
} rows[] = {
    {"clients", clients_of},
    {"deliveries", deliveries_of},
    {"lost", lost_of},
    {"repeated, or too late to tell", duplicates_of},
    {"out of order", reordered_of},
    {"bytes a delivery", bytes_of},
};

static void print_name(FILE *file, const char *name)
{
	(void)fprintf(file, "%-32s", name);
}

static void print_counts(FILE *file, const struct tally *tally)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_name(file, rows[i].name);
		for (uint32_t j = 0; j < tally->group_count; j++) {
			(void)fprintf(file, "%*.0f", COLUMN,
			              rows[i].figure(tally, &tally->groups[j]));
		}
		(void)fputc('\n', file);
	}
}

static void print_times(FILE *file, const struct tally *tally, bool is_to_last)
{
	for (size_t i = 0; i < PERCENTILES; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "ms to %s, %s",
		               is_to_last ? "the last client" : "a client", percentiles[i].name);
		print_name(file, name);
		for (uint32_t j = 0; j < tally->group_count; j++) {
			const struct tally_group *group = &tally->groups[j];
			uint64_t value = log_histogram_percentile(
			    is_to_last ? &group->last : &group->each, percentiles[i].percent);

			(void)fprintf(file, "%*.3f", COLUMN, (double)value / 1e6);
		}
		(void)fputc('\n', file);
	}
}

static void print_costs(FILE *file, const struct options *options, const struct load_result *result)
{
	struct figures figures = figures_of(options, result);
	double mib = 1024 * 1024;

	(void)fprintf(file, "\n%u changes in %.1f s; this program took %.2f of a core for it%s\n",
	              (unsigned)options->changes, figures.seconds, figures.own_cores,
	              figures.own_cores > 0.9 ? ", and may be what was slow" : "");
	if (options->process == 0) {
		return;
	}
	(void)fprintf(file, "process %d: %.2f cores, %.3f us of CPU a delivery\n",
	              (int)options->process, figures.cores,
	              ratio(figures.cpu_us, figures.deliveries));
	(void)fprintf(file,
	              "resident: %.1f MiB with one client, %.1f with all of them idle "
	              "(%.0f bytes each), %.1f at the end\n",
	              (double)result->start.server.rss_bytes / mib,
	              (double)result->idle.server.rss_bytes / mib, figures.rss_per_client,
	              (double)result->after.server.rss_bytes / mib);
}

void report_table(FILE *file, const struct options *options, const struct load_result *result)
{
	const struct tally *tally = &result->tally;

	print_name(file, "");
	for (uint32_t i = 0; i < tally->group_count; i++) {
		(void)fprintf(file, "%*s", COLUMN, options->groups[i].protocol->name);
	}
	(void)fputc('\n', file);
	print_counts(file, tally);
	if (options->changes > 0) {
		print_times(file, tally, false);
		print_times(file, tally, true);
	}
	print_costs(file, options, result);
	if (!result->is_complete) {
		(void)fprintf(file, "\nended early: %s\n", result->reason.text);
	}
}
