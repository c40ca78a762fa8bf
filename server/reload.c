/* SPDX-License-Identifier: Apache-2.0 */
#include "server/reload.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf_change.h"
#include "server/base/clock.h"
#include "server/base/log.h"

static const struct log_scope reload_log = {.name = "conf"};

static void note(const struct reload *reload, bool is_successful)
{
	struct status *status = reload->options.status;
	struct clock clock;

	clock_update(&clock);
	metric_set(&status->config_last_reload_successful, is_successful ? 1 : 0);
	if (is_successful) {
		metric_set(&status->config_last_reload_ms, clock.wall_ms);
	}
}

void reload_init(struct reload *reload, const struct reload_options *options,
                 const struct conf *conf)
{
	*reload = (struct reload){.options = *options, .conf = conf_share(conf)};
	note(reload, true);
}

static void tell_ready(const struct reload *reload, const char *status)
{
	notify_tell(reload->options.notify, "READY=1\nSTATUS=%s", status);
}

static void fail(struct reload *reload, const char *sentence, size_t more)
{
	char others[64] = "";

	if (more > 0) {
		(void)snprintf(others, sizeof(others), " (and %zu more: --check-config tells them)",
		               more);
	}
	note(reload, false);
	log_error(&reload_log, "conf.reload_failed", "all stays as it was: %s%s", sentence, others);
	tell_ready(reload, "Serving; the last reload failed, see the log");
}

/* Of the faults of a file the first is told: one line says why. */
static void fail_to_load(struct reload *reload, struct buffer *errors)
{
	size_t lines = 0;
	char *end;

	buffer_append_byte(errors, '\0');
	for (const char *at = errors->bytes; (at = strchr(at, '\n')) != NULL; at++) {
		lines++;
	}
	end = strchr(errors->bytes, '\n');
	if (end != NULL) {
		*end = '\0';
	}
	fail(reload, errors->bytes, lines > 1 ? lines - 1 : 0);
}

static void on_difference(void *context, const char *key, bool is_live)
{
	struct reload *reload = context;
	struct buffer *names = is_live ? &reload->live : &reload->kept;

	buffer_printf(names, "%s%s", names->length > 0 ? ", " : "", key);
}

static void tell_done(const struct reload *reload, const struct source_set_changes *changes)
{
	int live = (int)reload->live.length;
	int kept = (int)reload->kept.length;

	log_info(&reload_log, "conf.reloaded",
	         "sources: %u added, %u removed, %u changed; options: %.*s", changes->added,
	         changes->removed, changes->changed, live > 0 ? live : 4,
	         live > 0 ? reload->live.bytes : "none");
	if (kept > 0) {
		log_warn(&reload_log, "conf.kept", "changed, but held until the next start: %.*s",
		         kept, reload->kept.bytes);
	}
}

static void forget_names(struct reload *reload)
{
	buffer_finish(&reload->live);
	buffer_finish(&reload->kept);
}

static void on_sources_changed(void *owner, const struct source_set_changes *changes)
{
	struct reload *reload = owner;
	const struct conf *before = reload->conf;

	reload->conf = reload->next;
	reload->next = NULL;
	reload->options.put_in_force(reload->options.owner, reload->conf);
	conf_destroy(before);
	note(reload, changes->failed == 0);
	tell_done(reload, changes);
	forget_names(reload);
	tell_ready(reload,
	           changes->failed == 0 ? "Serving" : "Serving; a source could not be changed");
	if (reload->is_wanted) {
		reload->is_wanted = false;
		reload_start(reload);
	}
}

static void begin(struct reload *reload, struct conf *next)
{
	struct error error = {""};

	conf_change_settle(next, reload->conf, on_difference, reload);
	if (reload->options.prepare(reload->options.owner, next, &error) &&
	    feeder_change(reload->options.feeder, next, on_sources_changed, reload, &error)) {
		reload->next = next;
	} else {
		conf_destroy(next);
		forget_names(reload);
		fail(reload, error.text, 0);
	}
}

void reload_start(struct reload *reload)
{
	struct buffer errors = {0};
	struct conf *next;

	if (reload->next != NULL) {
		reload->is_wanted = true;
		return;
	}
	notify_tell_reloading(reload->options.notify);
	next = reload->options.load(reload->options.loader, &errors);
	if (next != NULL) {
		begin(reload, next);
	} else {
		fail_to_load(reload, &errors);
	}
	buffer_finish(&errors);
}

void reload_finish(struct reload *reload)
{
	conf_destroy(reload->conf);
	conf_destroy(reload->next);
	forget_names(reload);
}
