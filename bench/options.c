/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS_MAX    1000000
#define CHANGES_MAX    10000000
#define TIME_LIMIT_MAX 86400
#define SPARE_S        60 /* for connecting and settling, beside what the rate asks for */
#define HELP_INDENT    6
#define HELP_WIDTH     78

enum option_symbol {
	OPTION_NONE, /* getopt_long's own results are no option's number */
#define OPTION(symbol, name, argument, help) OPTION_##symbol,
#include "bench/options.def"
#undef OPTION
};

static const struct option_row {
	const char *name;
	const char *argument; /* "": it takes none */
	const char *help;
} rows[] = {
#define OPTION(symbol, name, argument, help) {name, argument, help},
#include "bench/options.def"
#undef OPTION
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* --- help ----------------------------------------------------------------- */

static void print_wrapped(FILE *file, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column == 0 || HELP_INDENT + column + 1 + word > HELP_WIDTH) {
			(void)fprintf(file, "%s%*s", column > 0 ? "\n" : "", HELP_INDENT, "");
			column = 0;
		} else {
			(void)fputc(' ', file);
			column++;
		}
		(void)fprintf(file, "%.*s", (int)word, text);
		column += word;
		text += word + strspn(text + word, " ");
	}
	(void)fputs("\n", file);
}

void options_help(FILE *file)
{
	(void)fputs("usage: rcstream-bench [OPTION]...\n"
	            "\n"
	            "Connects clients to a server, sends it changes, and prints how many came to\n"
	            "whom, after how long, and what that cost.\n"
	            "\n",
	            file);
	for (size_t i = 0; i < ROWS; i++) {
		(void)fprintf(file, "  --%s%s%s\n", rows[i].name,
		              *rows[i].argument != '\0' ? " " : "", rows[i].argument);
		print_wrapped(file, rows[i].help);
	}
	(void)fputs(
	    "\n"
	    "Exits 1 when a change was lost, repeated or out of order, a client was sent\n"
	    "away, or the time is up; 2 when it could not run.  rcstream-bench(1) has more.\n",
	    file);
}

/* --- values --------------------------------------------------------------- */

static bool read_number(const char *text, uint32_t min, uint32_t max, uint32_t *number,
                        struct error *error)
{
	size_t length = strspn(text, "0123456789");
	unsigned long long value = strtoull(text, NULL, 10);

	if (length == 0 || length > 10 || text[length] != '\0' || value < min || value > max) {
		error_set(error, "\"%s\" is no number from %u to %u", text, (unsigned)min,
		          (unsigned)max);
		return false;
	}
	*number = (uint32_t)value;
	return true;
}

/* What stands behind "@", when that is there; otherwise `port` stays. */
static bool read_port(const char *text, uint16_t *port, struct error *error)
{
	const char *at = strchr(text, '@');
	uint32_t number = *port;

	if (at != NULL && !read_number(at + 1, 1, UINT16_MAX, &number, error)) {
		return false;
	}
	*port = (uint16_t)number;
	return true;
}

/* "PROTOCOL=N" or "PROTOCOL=N@PORT" */
static bool read_clients(struct options *options, const char *text, struct error *error)
{
	size_t name = strcspn(text, "=");
	const struct protocol *protocol = protocol_find(text, name);
	struct options_group *group = &options->groups[options->group_count];
	const char *count = text[name] == '=' ? text + name + 1 : text + name;
	char digits[16] = "";

	if (protocol == NULL) {
		error_set(
		    error,
		    "\"%.*s\" is no protocol: irc, websocket, polling, sse or redis is wanted",
		    (int)name, text);
		return false;
	}
	if (options->group_count == TALLY_GROUPS_MAX) {
		error_set(error, "more than %d of them", TALLY_GROUPS_MAX);
		return false;
	}
	*group = (struct options_group){.protocol = protocol, .port = protocol->port};
	options->group_count++;
	strncat(digits, count,
	        strcspn(count, "@") < sizeof(digits) ? strcspn(count, "@") : sizeof(digits) - 1);
	return read_number(digits, 1, CLIENTS_MAX, &group->clients, error) &&
	       read_port(count, &group->port, error);
}

/* "METHOD", "METHOD@PORT" or "none" */
static bool read_injection(struct options *options, const char *text, struct error *error)
{
	size_t name = strcspn(text, "@");

	options->injection = injection_find(text, name);
	if (options->injection == NULL) {
		if (strcmp(text, "none") == 0) {
			return true;
		}
		error_set(error,
		          "\"%.*s\" is no method: rcfeed-udp, rc2udp, irc, post, redis or none is "
		          "wanted",
		          (int)name, text);
		return false;
	}
	options->inject_port = options->injection->port;
	return read_port(text, &options->inject_port, error);
}

static bool read_from(struct options *options, const char *text, struct error *error)
{
	if (options->from_count == OPTIONS_FROM_MAX) {
		error_set(error, "more than %d addresses", OPTIONS_FROM_MAX);
		return false;
	}
	options->from[options->from_count++] = text;
	return true;
}

static bool read_wiki(struct options *options, const char *text, struct error *error)
{
	struct wiki_names *names = wiki_names_create(NULL, 0);
	struct text wiki = {text, strlen(text)};
	bool is_name = wiki_server_name_is_valid(text, wiki.length) &&
	               wiki_channel(names, wiki, (struct text){0}, options->channel);

	wiki_names_destroy(names);
	options->wiki = text;
	if (!is_name) {
		error_set(error, "\"%s\" is no wiki's server name that has a channel", text);
	}
	return is_name;
}

static bool read_path(const char **path, const char *text, struct error *error)
{
	*path = text;
	if (*text != '/' || strpbrk(text, " \r\n") != NULL) {
		error_set(error, "\"%s\" is no path: it begins with \"/\" and has no spaces", text);
		return false;
	}
	return true;
}

static bool read_process(struct options *options, const char *text, struct error *error)
{
	uint32_t number = 0;
	bool is_number = read_number(text, 1, INT32_MAX, &number, error);

	options->process = (pid_t)number;
	return is_number;
}

/* --- the command line ------------------------------------------------------- */

static bool set_number(struct options *options, enum option_symbol option, const char *value,
                       struct error *error)
{
	switch (option) {
	case OPTION_AT_ONCE:
		return read_number(value, 1, CLIENTS_MAX, &options->at_once, error);
	case OPTION_CHANGES:
		return read_number(value, 0, CHANGES_MAX, &options->changes, error);
	case OPTION_WARM_UP:
		return read_number(value, 0, CHANGES_MAX, &options->warm_up, error);
	case OPTION_WINDOW:
		return read_number(value, 1, 100000, &options->window, error);
	case OPTION_RATE:
		return read_number(value, 0, 1000000, &options->rate, error);
	case OPTION_SECONDS:
		return read_number(value, 1, TIME_LIMIT_MAX, &options->seconds, error);
	case OPTION_TIME_LIMIT:
		return read_number(value, 1, TIME_LIMIT_MAX, &options->time_limit_s, error);
	default:
		return read_process(options, value, error);
	}
}

static bool set(struct options *options, enum option_symbol option, const char *value,
                struct error *error)
{
	switch (option) {
	case OPTION_CLIENTS:
		return read_clients(options, value, error);
	case OPTION_HOST:
		options->host = value;
		return true;
	case OPTION_FROM:
		return read_from(options, value, error);
	case OPTION_WIKI:
		return read_wiki(options, value, error);
	case OPTION_SSE_PATH:
		return read_path(&options->sse_path, value, error);
	case OPTION_INJECT:
		return read_injection(options, value, error);
	case OPTION_INJECT_HOST:
		options->inject_host = value;
		return true;
	case OPTION_POST_PATH:
		return read_path(&options->post_path, value, error);
	case OPTION_TLS:
		options->is_tls = true;
		return true;
	case OPTION_JSON:
		options->is_json = true;
		return true;
	case OPTION_VERSION:
		options->task = OPTIONS_VERSION;
		return true;
	case OPTION_HELP:
		options->task = OPTIONS_HELP;
		return true;
	default:
		return set_number(options, option, value, error);
	}
}

static bool set_defaults(struct options *options, struct error *error)
{
	*options = (struct options){.host = "127.0.0.1",
	                            .at_once = 100,
	                            .sse_path = "/v2/stream/recentchange",
	                            .post_path = "/",
	                            .changes = 1000,
	                            .warm_up = 100,
	                            .window = 64};
	return read_wiki(options, "bench.example.org", error) &&
	       read_injection(options, "rcfeed-udp", error);
}

/* What follows from several options, or from one that was not given. */
static bool settle(struct options *options, struct error *error)
{
	if (options->group_count == 0 && !read_clients(options, "irc=100", error)) {
		return false;
	}
	if (options->seconds > 0) {
		uint64_t changes = (uint64_t)options->rate * options->seconds;

		if (changes == 0 || changes > CHANGES_MAX) {
			error_set(error,
			          "--seconds: needs a --rate that makes 1 to %d changes of it",
			          CHANGES_MAX);
			return false;
		}
		options->changes = (uint32_t)changes;
	}
	if (options->injection == NULL) {
		options->changes = 0;
		options->warm_up = 0;
	}
	if (options->inject_host == NULL) {
		options->inject_host = options->host;
	}
	if (options->time_limit_s == 0) {
		uint64_t changes = (uint64_t)options->changes + options->warm_up;

		options->time_limit_s =
		    SPARE_S + (options->rate > 0 ? (uint32_t)(changes / options->rate) : 0);
	}
	return true;
}

bool options_read(struct options *options, int argc, char **argv, struct error *error)
{
	struct option long_options[ROWS + 1] = {{0}};
	int kind;

	if (!set_defaults(options, error)) {
		return false;
	}
	for (size_t i = 0; i < ROWS; i++) {
		long_options[i] = (struct option){
		    .name = rows[i].name,
		    .has_arg = *rows[i].argument != '\0' ? required_argument : no_argument,
		    .val = (int)i + 1,
		};
	}
	optind = 0;
	while ((kind = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		if (kind == '?' || kind == ':') {
			error_set(error, "%s: %s (--help lists the options)", argv[optind - 1],
			          kind == '?' ? "there is no such option" : "needs a value");
			return false;
		}
		if (!set(options, (enum option_symbol)kind, optarg, error)) {
			error_prefix(error, "--%s: ", rows[kind - 1].name);
			return false;
		}
	}
	if (optind < argc) {
		error_set(error, "%s: not an option (--help lists them)", argv[optind]);
		return false;
	}
	return settle(options, error);
}
