/* SPDX-License-Identifier: Apache-2.0 */
/* The command line; everything else is server_run()'s. */
#include <getopt.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "conf/conf.h"
#include "server/base/buffer.h"
#include "server/base/log.h"
#include "server/base/table.h"
#include "server/probe.h"
#include "server/server.h"

#define EXIT_BAD_CONFIGURATION 2

struct arguments {
	const char *file;
	const char *log_level;  /* NULL: the configuration's */
	const char *log_format; /* NULL: the configuration's */
	bool is_check;
	bool is_dump;
	bool is_probe;
	bool is_demo;
};

enum long_option { CHECK_CONFIG = 256, DUMP_CONFIG, LOG_LEVEL, LOG_FORMAT, DEMO, PROBE, VERSION };

static const struct option long_options[] = {
    {"check-config", no_argument, NULL, CHECK_CONFIG},
    {"config", required_argument, NULL, 'c'},
    {"demo", no_argument, NULL, DEMO},
    {"dump-config", no_argument, NULL, DUMP_CONFIG},
    {"help", no_argument, NULL, 'h'},
    {"log-format", required_argument, NULL, LOG_FORMAT},
    {"log-level", required_argument, NULL, LOG_LEVEL},
    {"probe", no_argument, NULL, PROBE},
    {"version", no_argument, NULL, VERSION},
    {NULL, 0, NULL, 0},
};

static void print_help(void)
{
	struct buffer options = {0};

	(void)printf(
	    "rcstreamd: broadcasts recent changes of MediaWiki wikis on IRC and Socket.IO\n"
	    "\n"
	    "usage: rcstreamd [-c FILE] [--demo] [--log-level LEVEL] [--log-format FORMAT]\n"
	    "       rcstreamd [-c FILE] --check-config | --dump-config | --probe\n"
	    "       rcstreamd --version | --help\n"
	    "\n"
	    "  -c, --config FILE    read the configuration from FILE; without it IRC, HTTP,\n"
	    "                       rc2udp and rcfeed-udp run on loopback\n"
	    "  --check-config       say what is wrong with the configuration, and end\n"
	    "  --dump-config        print the configuration, defaults filled in, and end\n"
	    "  --demo               play the bundled sample of changes as well\n"
	    "  --log-level LEVEL    debug, info, warn or error\n"
	    "  --log-format FORMAT  auto, plain, json or journal\n"
	    "  --probe              ask the server that runs with this configuration whether\n"
	    "                       it is well: status 0 when it is, 1 when not\n"
	    "  --version            print the version, and end\n"
	    "  -h, --help           print this, and end\n"
	    "\n"
	    "Options of the configuration file:\n\n");
	conf_help(&options);
	(void)fwrite(options.bytes, 1, options.length, stdout);
	buffer_finish(&options);
}

/* What it ends for is an error in the journal, too. */
static const char *complaint_mark(void)
{
	return log_is_journal(STDERR_FILENO) ? log_level_priority(LOG_LEVEL_ERROR) : "";
}

static void complain(const char *sentence)
{
	(void)fprintf(stderr, "%srcstreamd: %s\n", complaint_mark(), sentence);
}

/* Faults of the configuration, each with its newline. */
static void complain_of_each(const struct buffer *errors)
{
	const char *at = errors->bytes;
	const char *end = at + errors->length;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *next = newline != NULL ? newline + 1 : end;

		(void)fprintf(stderr, "%s%.*s", complaint_mark(), (int)(next - at), at);
		at = next;
	}
}

static _Noreturn void refuse(const char *sentence)
{
	complain(sentence);
	exit(EXIT_BAD_CONFIGURATION);
}

static void parse_arguments(int count, char **words, struct arguments *arguments)
{
	int option;

	while ((option = getopt_long(count, words, "c:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			arguments->file = optarg;
			break;
		case CHECK_CONFIG:
			arguments->is_check = true;
			break;
		case DUMP_CONFIG:
			arguments->is_dump = true;
			break;
		case DEMO:
			arguments->is_demo = true;
			break;
		case LOG_LEVEL:
			arguments->log_level = optarg;
			break;
		case LOG_FORMAT:
			arguments->log_format = optarg;
			break;
		case PROBE:
			arguments->is_probe = true;
			break;
		case VERSION:
			(void)printf("rcstreamd %s\n", RCSTREAMD_VERSION);
			exit(EXIT_SUCCESS);
		case 'h':
			print_help();
			exit(EXIT_SUCCESS);
		default:
			refuse("see rcstreamd --help");
		}
	}
	if (optind < count) {
		refuse("no arguments are taken but options; see rcstreamd --help");
	}
}

/* The sample stands beside the program, in a build tree as where it is installed. */
static void add_demo(struct conf *conf)
{
	char program[PATH_MAX];
	char file[PATH_MAX + 64];
	size_t length = sizeof(program);

	if (uv_exepath(program, &length) != 0) {
		refuse("--demo: cannot find out where the program is");
	}
	(void)snprintf(file, sizeof(file), "%s/../share/rcstreamd/demo.ndjson", dirname(program));
	conf_add_demo(conf, file);
}

/* Gives what the arguments ask for, also on SIGHUP; NULL with the reasons in `errors`. */
static struct conf *load(void *owner, struct buffer *errors)
{
	const struct arguments *arguments = owner;
	struct conf *conf;

	if (arguments->file == NULL) {
		conf = conf_create_default(NULL);
	} else {
		conf = conf_load(arguments->file, errors);
	}
	if (conf != NULL && arguments->is_demo) {
		add_demo(conf);
	}
	return conf;
}

static struct conf *load_first(struct arguments *arguments)
{
	struct buffer errors = {0};
	struct conf *conf = load(arguments, &errors);

	if (conf == NULL) {
		complain_of_each(&errors);
		buffer_finish(&errors);
		exit(EXIT_BAD_CONFIGURATION);
	}
	buffer_finish(&errors);
	return conf;
}

static void check_log_arguments(const struct arguments *arguments)
{
	enum log_level level;
	enum log_format format;

	if (arguments->log_level != NULL && !log_level_parse(arguments->log_level, &level)) {
		refuse("--log-level: want debug, info, warn or error");
	}
	if (arguments->log_format != NULL && !log_format_parse(arguments->log_format, &format)) {
		refuse("--log-format: want auto, plain, json or journal");
	}
}

/* Arguments come before the configuration, also on SIGHUP. */
static void configure_log(void *owner, const struct conf *conf)
{
	const struct arguments *arguments = owner;
	enum log_level level = conf->log.level;
	enum log_format format = conf->log.format;

	if (arguments->log_level != NULL) {
		(void)log_level_parse(arguments->log_level, &level);
	}
	if (arguments->log_format != NULL) {
		(void)log_format_parse(arguments->log_format, &format);
	}
	log_configure(level, format);
}

static bool serve(struct arguments *arguments, const struct conf *conf)
{
	const struct server_options options = {
	    .conf = conf,
	    .version = RCSTREAMD_VERSION,
	    .load = load,
	    .configure_log = configure_log,
	    .owner = arguments,
	};
	struct error error;

	if (!server_run(&options, &error)) {
		complain(error.text);
		return false;
	}
	return true;
}

static void dump(const struct conf *conf)
{
	struct buffer out = {0};

	conf_dump(conf, &out);
	(void)fwrite(out.bytes, 1, out.length, stdout);
	buffer_finish(&out);
}

static int probe(const struct conf *conf)
{
	struct error error;

	if (!probe_run(conf, &error)) {
		complain(error.text);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int main(int count, char **words)
{
	struct arguments arguments = {0};
	struct conf *conf;
	int status = EXIT_SUCCESS;

	parse_arguments(count, words, &arguments);
	check_log_arguments(&arguments);
	table_seed();
	json_object_seed(0); /* before there are threads, as jansson asks */
	conf = load_first(&arguments);
	configure_log(&arguments, conf);
	if (arguments.is_dump) {
		dump(conf);
	} else if (arguments.is_probe) {
		status = probe(conf);
	} else if (!arguments.is_check && !serve(&arguments, conf)) {
		status = EXIT_BAD_CONFIGURATION;
	}
	conf_destroy(conf);
	return status;
}
