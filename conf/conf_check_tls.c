/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_check_tls.h"

#include <string.h>

struct check {
	const struct conf *conf;
	const struct conf_places *places;
	struct conf_faults *faults;
};

/* What listens: `irc`, `http` or `admin`. */
struct front {
	const char *path;
	const char *tls_path;
	bool is_present;
	const struct conf_addresses *listen;
	const struct conf_addresses *listen_tls;
};

static bool is_faulty(const struct check *check, const void *member)
{
	const struct conf_place *place = conf_check_find(check->places, member);

	return place != NULL && place->is_faulty;
}

static void refuse(const struct check *check, const char *path, const void *member,
                   const char *sentence)
{
	const struct conf_place *place = conf_check_find(check->places, member);
	size_t entered = check->faults->path.length;

	buffer_append_text(&check->faults->path, path);
	conf_fault_add(check->faults, place != NULL ? place->mark : (struct conf_mark){0}, "%s",
	               sentence);
	conf_fault_leave(check->faults, entered);
}

static void check_front(const struct check *check, const struct front *front)
{
	const struct conf_certificates *certificates = &check->conf->tls.certificates;

	if (!front->is_present || is_faulty(check, front->listen) ||
	    is_faulty(check, front->listen_tls)) {
		return;
	}
	if (front->listen->count + front->listen_tls->count == 0) {
		refuse(check, front->path, front->listen,
		       "nothing to listen on (want an address here or in listen_tls)");
	}
	if (front->listen_tls->count > 0 && certificates->count == 0 &&
	    !is_faulty(check, certificates)) {
		refuse(check, front->tls_path, front->listen_tls,
		       "there is no certificate (want one in tls.certificates)");
	}
}

/* The port is a promise that TLS is spoken there, and the duration is told there alone. */
static void check_sts(const struct check *check)
{
	const struct conf_irc *irc = &check->conf->irc;

	if (!irc->present || is_faulty(check, &irc->sts_port) ||
	    is_faulty(check, &irc->sts_duration) || is_faulty(check, &irc->listen_tls)) {
		return;
	}
	if (irc->sts_port > 0 && irc->listen_tls.count == 0) {
		refuse(check, "irc.sts_port", &irc->sts_port,
		       "nothing listens in TLS (want an address in listen_tls)");
	}
	if (irc->sts_duration > 0 && irc->sts_port == 0) {
		refuse(check, "irc.sts_duration", &irc->sts_duration,
		       "is told nobody without sts_port (want the port of listen_tls there)");
	}
}

void conf_check_tls(const struct conf *conf, const struct conf_places *places,
                    struct conf_faults *faults)
{
	const struct check check = {.conf = conf, .places = places, .faults = faults};
	const struct front fronts[] = {
	    {"irc.listen", "irc.listen_tls", conf->irc.present, &conf->irc.listen,
	     &conf->irc.listen_tls},
	    {"http.listen", "http.listen_tls", conf->http.present, &conf->http.listen,
	     &conf->http.listen_tls},
	    {"admin.listen", "admin.listen_tls", conf->admin.present, &conf->admin.listen,
	     &conf->admin.listen_tls},
	};

	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
		check_front(&check, &fronts[i]);
	}
	check_sts(&check);
}
