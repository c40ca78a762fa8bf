/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf_check_redis.h"
#include "conf/conf_check_tls.h"
#include "conf/conf_schema.h"
#include "conf/conf_text.h"
#include "conf/conf_type_datagram.h"
#include "conf/conf_type_number.h"

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* IRC channel names are at most 50 bytes, RFC 2812 §1.3, with the "#". */
#define CHANNEL_MAX 50

/* A second; as server/net/address_rates.h has it. */
#define CONNECTION_RATE_MIN 0.001

struct check {
	const struct conf *conf;
	const struct conf_places *places;
	struct conf_faults *faults;
};

const struct conf_place *conf_check_find(const struct conf_places *places, const void *member)
{
	for (size_t i = 0; i < places->count; i++) {
		if (places->items[i].member == member) {
			return &places->items[i];
		}
	}
	return NULL;
}

static const struct conf_place *find_place(const struct check *check, const void *member)
{
	return conf_check_find(check->places, member);
}

static bool is_given(const struct check *check, const void *member)
{
	return find_place(check, member) != NULL;
}

static bool is_faulty(const struct check *check, const void *member)
{
	const struct conf_place *place = find_place(check, member);

	return place != NULL && place->is_faulty;
}

static struct conf_mark mark_of(const struct check *check, const void *member)
{
	const struct conf_place *place = find_place(check, member);

	return place != NULL ? place->mark : (struct conf_mark){0};
}

/* Empties `sentence`. */
static void refuse(const struct check *check, const char *path, struct conf_mark mark,
                   struct buffer *sentence)
{
	size_t entered = check->faults->path.length;

	buffer_append_text(&check->faults->path, path);
	conf_fault_give(check->faults, mark, sentence);
	conf_fault_leave(check->faults, entered);
}

static void refuse_text(const struct check *check, const char *path, const char *const *member,
                        const char *problem)
{
	struct buffer sentence = {0};

	conf_text_quote_cut(&sentence, *member, strlen(*member));
	buffer_append_text(&sentence, problem);
	refuse(check, path, mark_of(check, member), &sentence);
}

static bool has_blank(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text <= ' ' || *text == 0x7f) {
			return true;
		}
	}
	return false;
}

/* RFC 2812 §2.3.1: a prefix ends at a blank, a nickname in it at "!" or "@"; ":" begins one. */
static void check_server_name(const struct check *check)
{
	const char *name = check->conf->irc.server_name;

	if (has_blank(name) || name[0] == ':' || strpbrk(name, "!@") != NULL) {
		refuse_text(check, "irc.server_name", &check->conf->irc.server_name,
		            " is not a server name (want no white space, no control characters, "
		            "no '!', no '@' and no ':' in front)");
	}
}

/* A blank ends a parameter of ISUPPORT. */
static void check_network(const struct check *check)
{
	if (has_blank(check->conf->irc.network)) {
		refuse_text(check, "irc.network", &check->conf->irc.network,
		            " is not a network (want no white space and no control characters)");
	}
}

static void check_bot_name(const struct check *check)
{
	static const char allowed[] = LETTERS_AND_DIGITS "_-[]'`^{}|\\";
	const char *name = check->conf->irc.bot_name;

	if (name[strspn(name, allowed)] != '\0') {
		refuse_text(check, "irc.bot_name", &check->conf->irc.bot_name,
		            " is not a nickname (want letters, digits and _-[]'`^{}|\\)");
	}
}

static bool is_channel(const char *name)
{
	size_t length = strlen(name);

	return name[0] == '#' && length >= 2 && length <= CHANNEL_MAX &&
	       name[1 + strspn(name + 1, LETTERS_AND_DIGITS "_.-")] == '\0';
}

static void refuse_pair(const struct check *check, const struct conf_pair *pair, const char *text,
                        const char *problem)
{
	size_t entered = conf_fault_enter(check->faults, "channel_names", strlen("channel_names"));
	struct buffer sentence = {0};

	(void)conf_fault_enter(check->faults, pair->key, strlen(pair->key));
	conf_text_quote_cut(&sentence, text, strlen(text));
	buffer_append_text(&sentence, problem);
	conf_fault_give(check->faults, pair->mark, &sentence);
	conf_fault_leave(check->faults, entered);
}

static void check_channel_names(const struct check *check)
{
	const struct conf_map *map = &check->conf->root.channel_names;

	for (size_t i = 0; i < map->count; i++) {
		const struct conf_pair *pair = &map->items[i];

		if (has_blank(pair->key)) {
			refuse_pair(check, pair, pair->key,
			            " is not a wiki (want its database name, without white space)");
		}
		if (!is_channel(pair->value)) {
			refuse_pair(check, pair, pair->value,
			            " is not a channel (want \"#\" and 1 to 49 letters, digits, "
			            "'_', '.' and '-')");
		}
	}
}

static void refuse_channels(const struct check *check, struct buffer *sentence)
{
	refuse(check, "irc.channels", mark_of(check, &check->conf->irc.channels), sentence);
}

/* What nobody could join, and more than there may be: either would be missing in silence. */
static void check_irc_channels(const struct check *check)
{
	const struct conf_irc *irc = &check->conf->irc;
	struct buffer sentence = {0};

	for (size_t i = 0; i < irc->channels.count; i++) {
		const char *name = irc->channels.items[i];

		if (!is_channel(name)) {
			conf_text_quote_cut(&sentence, name, strlen(name));
			buffer_append_text(&sentence, " is not a channel (want \"#\" and 1 to 49 "
			                              "letters, digits, '_', '.' and '-')");
			refuse_channels(check, &sentence);
		}
	}
	if (irc->channels.count > irc->max_channels && !is_faulty(check, &irc->max_channels)) {
		buffer_printf(&sentence, "%zu are more than max_channels (want %u at most)",
		              irc->channels.count, irc->max_channels);
		refuse_channels(check, &sentence);
	}
}

/* What is slower than a connection in a quarter of an hour is meant to be none at all. */
static void check_connection_rate(const struct check *check, const char *path, const double *rate)
{
	struct buffer sentence = {0};

	if (*rate > 0 && *rate < CONNECTION_RATE_MIN && !is_faulty(check, rate)) {
		buffer_printf(&sentence, "%g is out of range (want 0, or %g at least)", *rate,
		              CONNECTION_RATE_MIN);
		refuse(check, path, mark_of(check, rate), &sentence);
	}
}

static void check_connection_rates(const struct check *check)
{
	check_connection_rate(check, "irc.connection_rate", &check->conf->irc.connection_rate);
	check_connection_rate(check, "http.connection_rate", &check->conf->http.connection_rate);
}

static bool is_transport(const char *name)
{
	static const char *const names[] = {"websocket", "htmlfile", "xhr-polling",
	                                    "jsonp-polling"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_repeated(const struct conf_strings *strings, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (strcmp(strings->items[i], strings->items[index]) == 0) {
			return true;
		}
	}
	return false;
}

/* What clients are offered must be there, and each transport has one place in their order. */
static void check_transports(const struct check *check)
{
	const struct conf_strings *transports = &check->conf->socketio.transports;

	for (size_t i = 0; i < transports->count; i++) {
		const char *problem = NULL;

		if (!is_transport(transports->items[i])) {
			problem = " is not a transport (want \"websocket\", \"htmlfile\", "
				  "\"xhr-polling\" or \"jsonp-polling\")";
		} else if (is_repeated(transports, i)) {
			problem = " is there twice (want each transport once)";
		}
		if (problem != NULL) {
			struct buffer sentence = {0};

			conf_text_quote_cut(&sentence, transports->items[i],
			                    strlen(transports->items[i]));
			buffer_append_text(&sentence, problem);
			refuse(check, "http.socketio.transports", mark_of(check, transports),
			       &sentence);
		}
	}
}

/* At the first of two options that do not go together, or where only the second was given, there.
 */
static struct conf_mark mark_of_two(const struct check *check, const void *first,
                                    const void *second)
{
	return mark_of(check, is_given(check, first) ? first : second);
}

/* A soft limit over the hard one would never be reached. */
static void check_outbox(const struct check *check)
{
	const struct conf_slow_client *slow = &check->conf->slow_client;
	struct buffer sentence = {0};

	if (slow->outbox_soft <= slow->outbox_max || is_faulty(check, &slow->outbox_soft) ||
	    is_faulty(check, &slow->outbox_max)) {
		return;
	}
	conf_type_number_bytes.print(&slow->outbox_soft, &sentence);
	buffer_append_text(&sentence, is_given(check, &slow->outbox_soft) ? "" : ", the default,");
	buffer_append_text(&sentence, " is more than outbox_max (want at most ");
	conf_type_number_bytes.print(&slow->outbox_max, &sentence);
	buffer_append_byte(&sentence, ')');
	refuse(check, "slow_client.outbox_soft",
	       mark_of_two(check, &slow->outbox_soft, &slow->outbox_max), &sentence);
}

/* Socket.IO 0.9: a client shows life by its answers, so a heartbeat must go out in time. */
static void check_heartbeat(const struct check *check)
{
	const struct conf_socketio *socketio = &check->conf->socketio;
	struct buffer sentence = {0};

	if (socketio->heartbeat_interval < socketio->heartbeat_timeout ||
	    is_faulty(check, &socketio->heartbeat_interval) ||
	    is_faulty(check, &socketio->heartbeat_timeout)) {
		return;
	}
	buffer_printf(&sentence, "%u%s is not less than heartbeat_timeout (want less than %u)",
	              socketio->heartbeat_interval,
	              is_given(check, &socketio->heartbeat_interval) ? "" : ", the default,",
	              socketio->heartbeat_timeout);
	refuse(check, "http.socketio.heartbeat_interval",
	       mark_of_two(check, &socketio->heartbeat_interval, &socketio->heartbeat_timeout),
	       &sentence);
}

/* One address or path to bind; what has none (port 0, a faulty member) never gets a seat. */
struct seat {
	const struct conf_address *address;
	struct conf_mark mark;
	char path[48]; /* "ingest[255].listen" */
};

struct seats {
	struct seat items[CONF_INGEST_MAX];
	size_t count;
};

static bool to_in6(const char *host, struct in6_addr *address)
{
	char mapped[INET6_ADDRSTRLEN];

	(void)snprintf(mapped, sizeof(mapped), "::ffff:%s", host);
	return inet_pton(AF_INET6, host, address) == 1 || inet_pton(AF_INET6, mapped, address) == 1;
}

static bool is_localhost(const char *host)
{
	return strcmp(host, "localhost") == 0;
}

/* Whether both would bind the same; "localhost" is 127.0.0.1 and ::1. */
static bool is_same_host(const char *a, const char *b)
{
	struct in6_addr a6;
	struct in6_addr b6;

	if (is_localhost(a)) {
		return is_localhost(b) || is_same_host("127.0.0.1", b) || is_same_host("::1", b);
	}
	if (is_localhost(b)) {
		return is_same_host(b, a);
	}
	return to_in6(a, &a6) && to_in6(b, &b6) && memcmp(&a6, &b6, sizeof(a6)) == 0;
}

static bool is_same_place(const struct conf_address *a, const struct conf_address *b)
{
	if (a->path != NULL || b->path != NULL) {
		return a->path != NULL && b->path != NULL && strcmp(a->path, b->path) == 0;
	}
	return a->port == b->port && is_same_host(a->host, b->host);
}

static const struct seat *find_seat(const struct seats *seats, const struct conf_address *address)
{
	for (size_t i = 0; i < seats->count; i++) {
		if (is_same_place(seats->items[i].address, address)) {
			return &seats->items[i];
		}
	}
	return NULL;
}

static void refuse_seat(const struct check *check, const struct seat *seat,
                        const struct seat *taken)
{
	struct buffer sentence = {0};

	conf_text_quote_cut(&sentence, seat->address->text, strlen(seat->address->text));
	buffer_printf(&sentence, " is taken by %s (want an address of its own)", taken->path);
	refuse(check, seat->path, seat->mark, &sentence);
}

/* The fault is told of the later one, or of the one that is not a default. */
static void take_seat(const struct check *check, struct seats *seats, const struct seat *seat)
{
	const struct seat *taken = find_seat(seats, seat->address);

	if (seat->address->port == 0 && seat->address->path == NULL) {
		return;
	}
	if (taken == NULL) {
		seats->items[seats->count++] = *seat;
	} else if (seat->mark.line > 0) {
		refuse_seat(check, seat, taken);
	} else {
		refuse_seat(check, taken, seat);
	}
}

static void take_listeners(const struct check *check, struct seats *seats, const char *path,
                           const struct conf_addresses *addresses)
{
	if (is_faulty(check, addresses)) {
		return;
	}
	for (size_t i = 0; i < addresses->count; i++) {
		struct seat seat = {.address = &addresses->items[i],
		                    .mark = addresses->items[i].mark};

		(void)snprintf(seat.path, sizeof(seat.path), "%s", path);
		take_seat(check, seats, &seat);
	}
}

/*
 * Listeners share their port with those of other workers (SO_REUSEPORT), so the
 * kernel would not refuse a second one but deal clients out to both front-ends.
 */
static void check_listeners(const struct check *check)
{
	struct seats seats = {.count = 0};

	if (check->conf->irc.present) {
		take_listeners(check, &seats, "irc.listen", &check->conf->irc.listen);
		take_listeners(check, &seats, "irc.listen_tls", &check->conf->irc.listen_tls);
	}
	if (check->conf->http.present) {
		take_listeners(check, &seats, "http.listen", &check->conf->http.listen);
		take_listeners(check, &seats, "http.listen_tls", &check->conf->http.listen_tls);
	}
	if (check->conf->admin.present) {
		take_listeners(check, &seats, "admin.listen", &check->conf->admin.listen);
		take_listeners(check, &seats, "admin.listen_tls", &check->conf->admin.listen_tls);
	}
}

/* Lends the address an entry receives on, NULL when its type has none. */
static const struct conf_address *find_address(const struct conf_ingest *entry)
{
	const struct conf_section *section = conf_schema_ingest(entry->type);

	for (size_t i = 0; i < section->option_count; i++) {
		const struct conf_option *option = &section->options[i];

		if (option->type == &conf_type_datagram_address) {
			return (const struct conf_address *)(const void *)((const char *)entry +
			                                                   section->offset +
			                                                   option->offset);
		}
	}
	return NULL;
}

/* Two sources of one socket would each see a part of its datagrams. */
static void check_sources(const struct check *check)
{
	struct seats seats = {.count = 0};

	for (size_t i = 0; i < check->conf->ingest_count; i++) {
		const struct conf_ingest *entry = &check->conf->ingest[i];
		const struct conf_address *address =
		    entry->type != NULL ? find_address(entry) : NULL;
		struct seat seat = {.address = address, .mark = entry->mark};

		if (address == NULL || is_faulty(check, address)) {
			continue;
		}
		if (address->mark.line > 0) {
			seat.mark = address->mark;
		}
		(void)snprintf(seat.path, sizeof(seat.path), "ingest[%zu].listen", i);
		take_seat(check, &seats, &seat);
	}
}

/* What a source of datagrams says of multicast groups. */
struct grouping {
	const struct conf_address *listen;
	const struct conf_networks *join;
	const char *const *interface;
};

/* False when the entry is of another type. */
static bool find_grouping(const struct conf_ingest *entry, struct grouping *grouping)
{
	const struct conf_rc2udp *rc2udp = &entry->as.rc2udp;
	const struct conf_rcfeed_udp *rcfeed_udp = &entry->as.rcfeed_udp;

	if (entry->type != NULL && strcmp(entry->type, "rc2udp") == 0) {
		*grouping = (struct grouping){&rc2udp->listen, &rc2udp->join, &rc2udp->interface};
		return true;
	}
	if (entry->type != NULL && strcmp(entry->type, "rcfeed-udp") == 0) {
		*grouping = (struct grouping){&rcfeed_udp->listen, &rcfeed_udp->join,
		                              &rcfeed_udp->interface};
		return true;
	}
	return false;
}

/* A socket hears what is sent to the address it is bound to, or to any if that is a wildcard. */
static bool hears_groups(const struct grouping *grouping)
{
	struct in6_addr bound;

	if (grouping->listen->path != NULL || is_localhost(grouping->listen->host) ||
	    !to_in6(grouping->listen->host, &bound)) {
		return false;
	}
	if (is_same_host(grouping->listen->host, "0.0.0.0") ||
	    is_same_host(grouping->listen->host, "::")) {
		return true;
	}
	for (size_t i = 0; i < grouping->join->count; i++) {
		if (memcmp(&grouping->join->items[i].address, &bound, sizeof(bound)) == 0) {
			return true;
		}
	}
	return false;
}

static void refuse_grouping(const struct check *check, size_t index, const char *key,
                            const void *member, const char *text)
{
	struct buffer sentence = {0};
	char path[64];

	(void)snprintf(path, sizeof(path), "ingest[%zu].%s", index, key);
	buffer_append_text(&sentence, text);
	refuse(check, path, mark_of(check, member), &sentence);
}

static void check_groups(const struct check *check)
{
	for (size_t i = 0; i < check->conf->ingest_count; i++) {
		struct grouping grouping;

		if (!find_grouping(&check->conf->ingest[i], &grouping) ||
		    is_faulty(check, grouping.listen) || is_faulty(check, grouping.join)) {
			continue;
		}
		if (grouping.join->count > 0 && !hears_groups(&grouping)) {
			refuse_grouping(check, i, "join", grouping.join,
			                "groups are not heard on the address to listen on (want "
			                "0.0.0.0, [::] or one of the groups there)");
		} else if (grouping.join->count == 0 && is_given(check, grouping.interface) &&
		           (*grouping.interface)[0] != '\0') {
			refuse_grouping(check, i, "interface", grouping.interface,
			                "is of no use without groups (want join too)");
		}
	}
}

void conf_check_rules(const struct conf *conf, const struct conf_places *places,
                      struct conf_faults *faults)
{
	static void (*const rules[])(const struct check *check) = {
	    check_channel_names, check_irc_channels, check_outbox,     check_server_name,
	    check_network,       check_bot_name,     check_heartbeat,  check_listeners,
	    check_sources,       check_groups,       check_transports, check_connection_rates,
	};
	const struct check check = {.conf = conf, .places = places, .faults = faults};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		rules[i](&check);
	}
	conf_check_redis(conf, places, faults);
	conf_check_tls(conf, places, faults);
}
