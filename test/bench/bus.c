/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What finding the receivers of a change costs when they have asked by wildcards.
 *
 * usage: bench_bus CLIENTS FITTING OTHERS WIKIS
 *
 * Every client has FITTING patterns that fit one of the WIKIS each, and OTHERS that fit
 * none.  Changes come for one wiki after another.  Prints one JSON object: receivers and
 * nanoseconds of a change, the fastest of some rounds, and of the first change of a wiki
 * after a client has come or gone.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/base/memory.h"
#include "server/feed/bus.h"

#define ROUNDS     20
#define NUMBER_MAX 100000
#define NAME_BYTES 64

struct client {
	struct subscriber subscriber;
};

struct scene {
	struct bus *bus;
	struct client *clients;
	struct delivery **deliveries; /* one for each wiki */
	unsigned client_count, fitting, others, wikis;
};

static uint64_t deliveries_made;

static void on_change(struct subscriber *subscriber, struct delivery *delivery)
{
	(void)subscriber;
	(void)delivery;
	deliveries_made++;
}

static const struct subscriber_ops ops = {.deliver = on_change};

static unsigned number_of(const char *word)
{
	char *end;
	unsigned long number = strtoul(word, &end, 10);

	if (*word == '\0' || *end != '\0' || number > NUMBER_MAX) {
		errx(2, "\"%s\" is no number up to %d", word, NUMBER_MAX);
	}
	return (unsigned)number;
}

static struct text write_name(char name[NAME_BYTES], char letter, unsigned number, const char *rest)
{
	int length = snprintf(name, NAME_BYTES, "%c%u%s", letter, number, rest);

	require(length > 0 && length < NAME_BYTES);
	return (struct text){.bytes = name, .length = (size_t)length};
}

static struct delivery *make_delivery(unsigned wiki)
{
	char name[NAME_BYTES];
	struct text text = write_name(name, 'w', wiki, ".example.org");

	return delivery_create(change_create(&(struct change_parts){
	    .wiki = text, .channel = text, .json = {"{}", 2}, .line = {"line", 4}}));
}

static void subscribe(struct scene *scene, unsigned client)
{
	struct subscriber *subscriber = &scene->clients[client].subscriber;
	char name[NAME_BYTES];

	subscriber->ops = &ops;
	for (unsigned i = 0; i < scene->fitting; i++) {
		unsigned wiki = (client * scene->fitting + i) % scene->wikis;

		(void)bus_subscribe(scene->bus, subscriber, BUS_WIKI,
		                    write_name(name, 'w', wiki, ".*"));
	}
	for (unsigned i = 0; i < scene->others; i++) {
		unsigned other = (client * scene->others + i) % scene->wikis;

		(void)bus_subscribe(scene->bus, subscriber, BUS_WIKI,
		                    write_name(name, 'x', other, ".*"));
	}
}

static double cpu_ns(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* A change for each wiki; returns nanoseconds a change. */
static double publish_all(const struct scene *scene)
{
	double began = cpu_ns();

	for (unsigned i = 0; i < scene->wikis; i++) {
		bus_publish(scene->bus, scene->deliveries[i]);
	}
	return (cpu_ns() - began) / scene->wikis;
}

/* Every wiki's receivers are found anew when a client that had all its patterns has gone. */
static double publish_after_change(const struct scene *scene)
{
	struct subscriber visitor = {.ops = &ops};
	double nanoseconds;

	(void)bus_subscribe(scene->bus, &visitor, BUS_WIKI, (struct text){"w*", 2});
	(void)publish_all(scene);
	bus_leave(scene->bus, &visitor);
	nanoseconds = publish_all(scene);
	return nanoseconds;
}

static void begin(struct scene *scene, char **words)
{
	scene->client_count = number_of(words[1]);
	scene->fitting = number_of(words[2]);
	scene->others = number_of(words[3]);
	scene->wikis = number_of(words[4]);
	if (scene->wikis == 0) {
		errx(2, "there must be a wiki");
	}
	scene->bus = bus_create();
	scene->clients = mem_zeroed((scene->client_count + 1) * sizeof(scene->clients[0]));
	scene->deliveries = mem_zeroed(scene->wikis * sizeof(struct delivery *));
	for (unsigned i = 0; i < scene->wikis; i++) {
		scene->deliveries[i] = make_delivery(i);
	}
	for (unsigned i = 0; i < scene->client_count; i++) {
		subscribe(scene, i);
	}
}

static void finish(struct scene *scene)
{
	for (unsigned i = 0; i < scene->client_count; i++) {
		bus_leave(scene->bus, &scene->clients[i].subscriber);
	}
	for (unsigned i = 0; i < scene->wikis; i++) {
		delivery_unref(scene->deliveries[i]);
	}
	bus_destroy(scene->bus);
	free(scene->deliveries);
	free(scene->clients);
}

int main(int argc, char **argv)
{
	struct scene scene = {0};
	double fastest, receivers;

	if (argc != 5) {
		errx(2, "usage: bench_bus CLIENTS FITTING OTHERS WIKIS");
	}
	begin(&scene, argv);
	fastest = publish_all(&scene);
	for (int i = 0; i < ROUNDS; i++) {
		double round = publish_all(&scene);

		fastest = round < fastest ? round : fastest;
	}
	deliveries_made = 0;
	(void)publish_all(&scene);
	receivers = (double)deliveries_made / scene.wikis;
	printf("{\"receivers\": %.1f, \"ns_per_change\": %.0f, \"ns_after_subscription\": %.0f}\n",
	       receivers, fastest, publish_after_change(&scene));
	finish(&scene);
	return 0;
}
