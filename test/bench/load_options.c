/* SPDX-License-Identifier: Apache-2.0 */
#include "test/bench/load_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: bench_load --protocol irc|socketio --connect PORT --datagrams PORT --pid PID\n"
    "                  [--clients N] [--changes N] [--warm-up N] [--window N] [--rate N]\n"
    "                  [--time-limit SECONDS]\n"
    "\n"
    "Connects clients to the server on 127.0.0.1, sends changes as datagrams, and prints what\n"
    "came and what it cost the process PID as one JSON object.  Exits 1 when a change was\n"
    "lost, repeated or out of order, or the time is up; 2 when it could not run.\n";

enum {
	OPTION_PROTOCOL = 1,
	OPTION_CONNECT,
	OPTION_DATAGRAMS,
	OPTION_PID,
	OPTION_CLIENTS,
	OPTION_CHANGES,
	OPTION_WARM_UP,
	OPTION_WINDOW,
	OPTION_RATE,
	OPTION_TIME_LIMIT,
	OPTION_HELP,
};

static const struct option long_options[] = {
    {"protocol", required_argument, NULL, OPTION_PROTOCOL},
    {"connect", required_argument, NULL, OPTION_CONNECT},
    {"datagrams", required_argument, NULL, OPTION_DATAGRAMS},
    {"pid", required_argument, NULL, OPTION_PID},
    {"clients", required_argument, NULL, OPTION_CLIENTS},
    {"changes", required_argument, NULL, OPTION_CHANGES},
    {"warm-up", required_argument, NULL, OPTION_WARM_UP},
    {"window", required_argument, NULL, OPTION_WINDOW},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"time-limit", required_argument, NULL, OPTION_TIME_LIMIT},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static _Noreturn void refuse(const char *sentence, const char *met)
{
	(void)fprintf(stderr, "bench_load: %s%s\n%s", sentence, met, usage);
	exit(2);
}

static uint32_t number(const char *text, uint32_t min, uint32_t max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || value < min || value > max) {
		refuse("no number, or one that is out of range: ", text);
	}
	return (uint32_t)value;
}

static const struct load_protocol *protocol_of(const char *name)
{
	static const struct load_protocol *const protocols[] = {&load_irc, &load_socketio};

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strcmp(protocols[i]->name, name) == 0) {
			return protocols[i];
		}
	}
	refuse("no such protocol: ", name);
}

static void set(struct load_options *options, int option, const char *value)
{
	switch (option) {
	case OPTION_PROTOCOL:
		options->protocol = protocol_of(value);
		break;
	case OPTION_CONNECT:
		options->clients_port = (uint16_t)number(value, 1, UINT16_MAX);
		break;
	case OPTION_DATAGRAMS:
		options->datagrams_port = (uint16_t)number(value, 1, UINT16_MAX);
		break;
	case OPTION_PID:
		options->process = (pid_t)number(value, 1, INT32_MAX);
		break;
	case OPTION_CLIENTS:
		options->clients = number(value, 1, 1000000);
		break;
	case OPTION_CHANGES:
		options->changes = number(value, 1, 10000000);
		break;
	case OPTION_WARM_UP:
		options->warm_up = number(value, 0, 10000000);
		break;
	case OPTION_WINDOW:
		options->window = number(value, 1, 100000);
		break;
	case OPTION_RATE:
		options->rate = number(value, 0, 1000000);
		break;
	case OPTION_TIME_LIMIT:
		options->time_limit_s = number(value, 1, 3600);
		break;
	case OPTION_HELP:
		(void)fputs(usage, stdout);
		exit(0);
	default:
		refuse("no such option", "");
	}
}

void load_options_read(struct load_options *options, int argc, char **argv)
{
	int option;

	*options = (struct load_options){
	    .clients = 100, .changes = 1000, .warm_up = 100, .window = 64, .time_limit_s = 60};
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		set(options, option, optarg);
	}
	if (optind < argc) {
		refuse("not an option: ", argv[optind]);
	}
	if (options->protocol == NULL || options->clients_port == 0 ||
	    options->datagrams_port == 0 || options->process == 0) {
		refuse("--protocol, --connect, --datagrams and --pid are needed", "");
	}
}
