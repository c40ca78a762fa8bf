/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_check_redis.h"

#include <string.h>

#include "conf/conf_text.h"

#define DIGITS        "0123456789"
#define ID_DIGITS_MAX 20 /* of 2^64 - 1 */

/* One entry; `url` and the rest are where options.def's REDIS_SERVER() put them. */
struct redis_entry {
	const struct conf_places *places;
	struct conf_faults *faults;
	size_t index; /* in `ingest` */
	struct conf_mark mark;
	const struct conf_redis_url *url;
	const char *const *user;
	const char *const *password_file;
	const char *const *tls_ca;
	const char *const *tls_cert;
	const char *const *tls_key;
};

#define REDIS_ENTRY(entry, section)                                                               \
	{                                                                                         \
		.mark = (entry)->mark, .url = &(entry)->as.section.url,                           \
		.user = &(entry)->as.section.user,                                                \
		.password_file = &(entry)->as.section.password_file,                              \
		.tls_ca = &(entry)->as.section.tls_ca, .tls_cert = &(entry)->as.section.tls_cert, \
		.tls_key = &(entry)->as.section.tls_key,                                          \
	}

/* At `member` where that was given, else at the entry. */
static void refuse(const struct redis_entry *entry, const char *key, const void *member,
                   const char *sentence)
{
	const struct conf_place *place = conf_check_find(entry->places, member);
	size_t entered = conf_fault_enter(entry->faults, "ingest", strlen("ingest"));

	if (place == NULL || !place->is_faulty) {
		(void)conf_fault_enter_index(entry->faults, entry->index);
		(void)conf_fault_enter(entry->faults, key, strlen(key));
		conf_fault_add(entry->faults, place != NULL ? place->mark : entry->mark, "%s",
		               sentence);
	}
	conf_fault_leave(entry->faults, entered);
}

static bool is_faulty(const struct redis_entry *entry, const void *member)
{
	const struct conf_place *place = conf_check_find(entry->places, member);

	return place != NULL && place->is_faulty;
}

static bool is_set(const char *const *text)
{
	return (*text)[0] != '\0';
}

static void check_login(const struct redis_entry *entry)
{
	bool has_password = is_set(entry->password_file) || entry->url->password != NULL;

	if (is_set(entry->user) && entry->url->user != NULL) {
		refuse(entry, "user", entry->user, "is in the url as well (want it once)");
	}
	if (is_set(entry->password_file) && entry->url->password != NULL) {
		refuse(entry, "password_file", entry->password_file,
		       "is given with a password in the url as well (want it once)");
	}
	if (is_set(entry->user) && !has_password && !is_faulty(entry, entry->password_file)) {
		refuse(entry, "user", entry->user,
		       "has no password (want a password_file, or both in the url)");
	}
	if (entry->url->user != NULL && !has_password && !is_faulty(entry, entry->password_file)) {
		refuse(entry, "url", entry->url,
		       "has a user and no password (want both in it, or a password_file)");
	}
}

static void check_tls(const struct redis_entry *entry)
{
	static const char sentence[] = "is for TLS (want a rediss:// url)";

	if (!entry->url->is_tls) {
		if (is_set(entry->tls_ca)) {
			refuse(entry, "tls_ca", entry->tls_ca, sentence);
		}
		if (is_set(entry->tls_cert)) {
			refuse(entry, "tls_cert", entry->tls_cert, sentence);
		}
		if (is_set(entry->tls_key)) {
			refuse(entry, "tls_key", entry->tls_key, sentence);
		}
	} else if (is_set(entry->tls_cert) != is_set(entry->tls_key)) {
		refuse(entry, is_set(entry->tls_cert) ? "tls_cert" : "tls_key",
		       is_set(entry->tls_cert) ? entry->tls_cert : entry->tls_key,
		       is_set(entry->tls_cert) ? "has no tls_key (want both)"
		                               : "has no tls_cert (want both)");
	}
}

/* Redis would take the second for the first; a reader of the file would not. */
static void check_names(const struct redis_entry *entry, const char *key,
                        const struct conf_strings *names)
{
	for (size_t i = 0; i < names->count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(names->items[i], names->items[k]) == 0) {
				refuse(entry, key, names, "names the same twice (want each once)");
				return;
			}
		}
	}
}

static size_t count_digits(const char *text)
{
	return strspn(text, DIGITS);
}

static bool is_start(const char *text)
{
	size_t time = count_digits(text);
	size_t rest = text[time] == '-' ? count_digits(text + time + 1) : 0;

	if (strcmp(text, "$") == 0) {
		return true;
	}
	if (time == 0 || time > ID_DIGITS_MAX) {
		return false;
	}
	return text[time] == '\0' ||
	       (rest > 0 && rest <= ID_DIGITS_MAX && text[time + 1 + rest] == '\0');
}

/* Two sources that keep their place in one file would each write over the other's. */
static void check_state_file(const struct conf *conf, const struct redis_entry *entry,
                             const struct conf_redis_stream *stream)
{
	for (size_t i = 0; i < entry->index && is_set(&stream->state_file); i++) {
		const struct conf_ingest *other = &conf->ingest[i];

		if (other->type != NULL && strcmp(other->type, "redis-stream") == 0 &&
		    strcmp(other->as.redis_stream.state_file, stream->state_file) == 0) {
			refuse(entry, "state_file", &stream->state_file,
			       "is that of another entry (want a file of its own)");
			return;
		}
	}
}

static void check_entry(const struct conf *conf, struct redis_entry entry,
                        const struct conf_ingest *ingest)
{
	const struct conf_redis_stream *stream = &ingest->as.redis_stream;

	if (entry.url->text != NULL) {
		check_login(&entry);
		check_tls(&entry);
	}
	if (strcmp(ingest->type, "redis") == 0) {
		check_names(&entry, "pattern", &ingest->as.redis.pattern);
		return;
	}
	check_names(&entry, "streams", &stream->streams);
	check_state_file(conf, &entry, stream);
	if (!is_start(stream->start)) {
		refuse(&entry, "start", &stream->start,
		       "is not a place in a stream (want $, 0 or an id)");
	}
}

void conf_check_redis(const struct conf *conf, const struct conf_places *places,
                      struct conf_faults *faults)
{
	for (size_t i = 0; i < conf->ingest_count; i++) {
		const struct conf_ingest *ingest = &conf->ingest[i];
		const struct redis_entry redis = REDIS_ENTRY(ingest, redis);
		const struct redis_entry stream = REDIS_ENTRY(ingest, redis_stream);
		struct redis_entry entry;

		if (ingest->type != NULL && strcmp(ingest->type, "redis") == 0) {
			entry = redis;
		} else if (ingest->type != NULL && strcmp(ingest->type, "redis-stream") == 0) {
			entry = stream;
		} else {
			continue;
		}
		entry.places = places;
		entry.faults = faults;
		entry.index = i;
		check_entry(conf, entry, ingest);
	}
}
