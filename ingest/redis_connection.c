/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One timer serves all states: when it comes due, it is time to try again, too late to have
 * been let in, or time to ask whether the server still lives.  A sign of life is a whole reply:
 * a server that dribbles the bytes of one for ever is as good as silent.
 */
#include "ingest/redis_connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/backoff.h"
#include "ingest/redis_transport.h"
#include "server/base/memory.h"

/* An outage after less than this is a part of the one before: the back-off goes on. */
#define STEADY_MS 10000

#define PASSWORD_MAX 4096
#define ERROR_MAX    200 /* bytes of a server's error that are logged */
#define CODE_MAX     32  /* of its first word */

enum state {
	STATE_WAITING,    /* for the next attempt; there is no transport */
	STATE_OPENING,    /* the transport is on its way */
	STATE_LOGGING_IN, /* AUTH and SELECT are to be answered */
	STATE_READY,      /* the owner's commands and replies */
};

struct redis_connection {
	const struct source_env *env;
	struct redis_connection_options options;
	const struct redis_connection_events *events;
	void *owner;
	char *password; /* owned; NULL: none */
	struct redis_tls_context *tls;
	uv_timer_t timer;
	enum state state;
	struct redis_transport *transport;
	struct redis_reader *reader;
	const char *awaited[2]; /* commands of the login, in the order of their answers */
	size_t awaited_count;
	uint64_t heard_ms; /* the loop's time of the last reply */
	uint64_t up_ms;    /* of the last time it came up */
	struct backoff backoff;
	bool was_broken; /* the reader refused what came, last */
	bool is_pinged;  /* and has not answered yet */
	bool is_up;
	bool was_up; /* ever */
	bool is_paused;
	bool is_stopped;
	bool is_told;             /* this outage was told */
	char told_code[CODE_MAX]; /* with this error of the server, or "" */
};

static void on_timer(uv_timer_t *timer);

static void arm(struct redis_connection *connection, uint64_t delay_ms)
{
	(void)uv_timer_start(&connection->timer, on_timer, delay_ms, 0);
}

/* Paused, nobody is late: redis_connection_resume() begins to count. */
static void arm_watch(struct redis_connection *connection)
{
	unsigned seconds = connection->is_up ? connection->options.idle_timeout_s
	                                     : connection->options.connect_timeout_s;

	if (!connection->is_paused) {
		arm(connection, (uint64_t)seconds * 1000);
	}
}

/* --- outages ------------------------------------------------------------ */

static void tell_outage(struct redis_connection *connection, const char *why, const char *code,
                        uint64_t delay_ms)
{
	bool is_news =
	    !connection->is_told || (code[0] != '\0' && strcmp(code, connection->told_code) != 0);
	enum log_level level = is_news ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG;

	log_at(level, &connection->env->log, "redis.lost", "%s: %s; again in %.1f s",
	       connection->options.url->shown, why, (double)delay_ms / 1000);
	if (is_news) {
		(void)snprintf(connection->told_code, CODE_MAX, "%s", code);
	}
	connection->is_told = true;
}

static void drop(struct redis_connection *connection)
{
	if (connection->transport != NULL) {
		redis_transport_close(connection->transport);
		connection->transport = NULL;
	}
	redis_reader_destroy(connection->reader);
	connection->reader = NULL;
	connection->awaited_count = 0;
	connection->is_pinged = false;
}

static void lose(struct redis_connection *connection, const char *why, const char *code)
{
	uint32_t delay_ms;

	if (connection->state == STATE_WAITING || connection->is_stopped) {
		return;
	}
	if (connection->is_up && uv_now(connection->env->loop) - connection->up_ms >= STEADY_MS) {
		backoff_reset(&connection->backoff);
	}
	delay_ms = backoff_next_ms(&connection->backoff);
	drop(connection);
	connection->was_broken = false;
	connection->state = STATE_WAITING;
	connection->is_up = false;
	metric_set(&connection->env->stats->is_up, 0);
	tell_outage(connection, why, code, delay_ms);
	arm(connection, delay_ms);
}

void redis_connection_fail(struct redis_connection *connection, const char *why)
{
	lose(connection, why, "");
}

/*
 * Some errors quote the command, and AUTH's holds the password: of that one only the first
 * word, the kind of error, is told.
 */
void redis_connection_refuse(struct redis_connection *connection, const char *command,
                             const struct redisReply *reply)
{
	struct error why = {""};
	char code[CODE_MAX];
	size_t length = strspn(reply->str, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	bool is_secret = strcmp(command, "AUTH") == 0;

	(void)snprintf(code, sizeof(code), "%.*s", (int)length, reply->str);
	error_set(&why, "%s was answered with %.*s", command, ERROR_MAX,
	          is_secret ? code : reply->str);
	lose(connection, why.text, code);
}

void redis_connection_set_up(struct redis_connection *connection)
{
	if (connection->is_up) {
		return;
	}
	connection->is_up = true;
	connection->up_ms = uv_now(connection->env->loop);
	metric_set(&connection->env->stats->is_up, 1);
	if (connection->was_up) {
		metric_add(&connection->env->stats->reconnects, 1);
	}
	log_info(&connection->env->log, "redis.up", "%s: %s", connection->options.url->shown,
	         connection->was_up ? "receiving again" : "receiving");
	connection->was_up = true;
	connection->is_told = false;
	connection->told_code[0] = '\0';
	arm_watch(connection);
}

/* --- commands ----------------------------------------------------------- */

void redis_connection_send(struct redis_connection *connection, const char *const *words,
                           size_t count)
{
	char *command;
	long long length;

	if (connection->transport == NULL) {
		return; /* lost while the owner was busy */
	}
	length = redisFormatCommandArgv(&command, (int)count, (const char **)words, NULL);
	require(length > 0);
	redis_transport_send(connection->transport, command, (size_t)length);
	redisFreeCommand(command);
}

static void become_ready(struct redis_connection *connection)
{
	connection->state = STATE_READY;
	connection->events->on_ready(connection->owner);
}

static void await(struct redis_connection *connection, const char *const *words, size_t count)
{
	connection->awaited[connection->awaited_count++] = words[0];
	redis_connection_send(connection, words, count);
}

static void log_in(struct redis_connection *connection)
{
	const struct conf_redis_url *url = connection->options.url;
	const char *user = url->user != NULL ? url->user : connection->options.user;
	char database[16];

	connection->state = STATE_LOGGING_IN;
	if (connection->password != NULL && user[0] != '\0') {
		await(connection, (const char *[]){"AUTH", user, connection->password}, 3);
	} else if (connection->password != NULL) {
		await(connection, (const char *[]){"AUTH", connection->password}, 2);
	}
	if (url->database > 0) {
		(void)snprintf(database, sizeof(database), "%u", url->database);
		await(connection, (const char *[]){"SELECT", database}, 2);
	}
	if (connection->awaited_count == 0) {
		become_ready(connection);
	}
}

static void take_login(struct redis_connection *connection, const struct redisReply *reply)
{
	const char *command = connection->awaited[0];

	if (reply->type == REDIS_REPLY_ERROR) {
		redis_connection_refuse(connection, command, reply);
		return;
	}
	connection->awaited[0] = connection->awaited[1];
	if (--connection->awaited_count == 0) {
		become_ready(connection);
	}
}

/* --- replies ------------------------------------------------------------ */

/* A status, or ["pong", ""] to who has subscribed. */
static bool is_pong(const struct redisReply *reply)
{
	const struct redisReply *word = reply;

	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
	    reply->element[0]->type == REDIS_REPLY_STRING) {
		word = reply->element[0];
	} else if (reply->type != REDIS_REPLY_STATUS) {
		return false;
	}
	return strcasecmp(word->str, "pong") == 0;
}

static void take_reply(struct redis_connection *connection, const struct redisReply *reply)
{
	connection->heard_ms = uv_now(connection->env->loop);
	connection->is_pinged = false;
	if (connection->state == STATE_LOGGING_IN) {
		take_login(connection, reply);
	} else if (!is_pong(reply)) {
		connection->events->on_reply(connection->owner, reply);
	}
}

static void on_bytes(void *owner, const char *bytes, size_t length)
{
	struct redis_connection *connection = owner;
	struct error error = {""};
	struct redisReply *reply = NULL;

	redis_reader_feed(connection->reader, bytes, length);
	/* A reply may lead to the end of the connection, and of the reader. */
	while (connection->reader != NULL) {
		if (!redis_reader_next(connection->reader, &reply, &error)) {
			redis_connection_fail(connection, error.text);
			connection->was_broken = true;
			return;
		}
		if (reply == NULL) {
			return;
		}
		take_reply(connection, reply);
		freeReplyObject(reply);
	}
}

bool redis_connection_was_broken(const struct redis_connection *connection)
{
	return connection->was_broken;
}

static void on_open(void *owner)
{
	struct redis_connection *connection = owner;

	connection->heard_ms = uv_now(connection->env->loop);
	log_in(connection);
}

static void on_lost(void *owner, const char *why)
{
	redis_connection_fail(owner, why);
}

static const struct redis_transport_events transport_events = {
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_lost = on_lost,
};

/* --- time --------------------------------------------------------------- */

static void open_transport(struct redis_connection *connection)
{
	const struct redis_transport_options options = {
	    .loop = connection->env->loop,
	    .url = connection->options.url,
	    .tls = connection->tls,
	};

	connection->state = STATE_OPENING;
	connection->reader = redis_reader_create(connection->options.bulk_max);
	connection->transport = redis_transport_open(&options, &transport_events, connection);
	if (connection->is_paused) {
		redis_transport_pause(connection->transport);
	}
	arm_watch(connection);
}

/* Silent: ask.  Silent still: it is gone.  Else look again when it could be. */
static void watch(struct redis_connection *connection)
{
	uint64_t idle_ms = (uint64_t)connection->options.idle_timeout_s * 1000;
	uint64_t ping_ms = (uint64_t)connection->options.ping_timeout_s * 1000;
	uint64_t silent_ms = uv_now(connection->env->loop) - connection->heard_ms;

	if (silent_ms < idle_ms) {
		arm(connection, idle_ms - silent_ms);
	} else if (!connection->is_pinged) {
		connection->is_pinged = true;
		redis_connection_send(connection, (const char *[]){"PING"}, 1);
		arm(connection, ping_ms);
	} else {
		struct error why = {""};

		error_set(&why, "the server was silent for %llu s",
		          (unsigned long long)silent_ms / 1000);
		redis_connection_fail(connection, why.text);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct redis_connection *connection = timer->data;

	switch (connection->state) {
	case STATE_WAITING:
		open_transport(connection);
		break;
	case STATE_READY:
		if (connection->is_up) {
			watch(connection);
			break;
		}
		/* fallthrough */
	default:
		redis_connection_fail(connection, "connecting took too long");
		break;
	}
}

void redis_connection_pause(struct redis_connection *connection)
{
	connection->is_paused = true;
	if (connection->transport != NULL) {
		redis_transport_pause(connection->transport);
		(void)uv_timer_stop(&connection->timer);
	}
}

/* All times begin anew. */
void redis_connection_resume(struct redis_connection *connection)
{
	bool was_paused = connection->is_paused;

	connection->is_paused = false;
	if (!was_paused || connection->transport == NULL) {
		return;
	}
	connection->heard_ms = uv_now(connection->env->loop);
	connection->is_pinged = false;
	arm_watch(connection);
	redis_transport_resume(connection->transport);
}

/* --- life --------------------------------------------------------------- */

/* Gives the first line of the file. */
static char *read_password(const char *file, struct error *error)
{
	FILE *stream = fopen(file, "re");
	char line[PASSWORD_MAX + 2] = "";
	bool is_whole;

	if (stream == NULL) {
		error_set(error, "password_file: %s: %s", file, strerror(errno));
		return NULL;
	}
	is_whole = fgets(line, sizeof(line), stream) != NULL;
	(void)fclose(stream);
	line[strcspn(line, "\r\n")] = '\0';
	if (!is_whole || line[0] == '\0' || strlen(line) > PASSWORD_MAX) {
		error_set(error,
		          "password_file: %s: holds no password (want a line of 1 to %d bytes)",
		          file, PASSWORD_MAX);
		return NULL;
	}
	return mem_copy_text(line, strlen(line));
}

static bool load_files(struct redis_connection *connection, struct error *error)
{
	const struct redis_connection_options *options = &connection->options;
	const struct redis_tls_options tls = {
	    .ca_file = options->tls_ca,
	    .cert_file = options->tls_cert,
	    .key_file = options->tls_key,
	    .is_verified = options->tls_verify,
	};

	if (options->password_file[0] != '\0') {
		connection->password = read_password(options->password_file, error);
		if (connection->password == NULL) {
			return false;
		}
	} else if (options->url->password != NULL) {
		connection->password =
		    mem_copy_text(options->url->password, strlen(options->url->password));
	}
	if (options->url->is_tls) {
		connection->tls = redis_tls_context_create(&tls, error);
	}
	return connection->tls != NULL || !options->url->is_tls;
}

struct redis_connection *redis_connection_create(const struct source_env *env,
                                                 const struct redis_connection_options *options,
                                                 const struct redis_connection_events *events,
                                                 void *owner, struct error *error)
{
	struct redis_connection *connection = mem_new(struct redis_connection);

	connection->env = env;
	connection->options = *options;
	connection->events = events;
	connection->owner = owner;
	backoff_init(&connection->backoff);
	if (!load_files(connection, error)) {
		redis_connection_destroy(connection);
		return NULL;
	}
	require(uv_timer_init(env->loop, &connection->timer) == 0);
	connection->timer.data = connection;
	open_transport(connection);
	return connection;
}

void redis_connection_stop(struct redis_connection *connection)
{
	connection->is_stopped = true;
	metric_set(&connection->env->stats->is_up, 0);
	drop(connection);
	uv_close((uv_handle_t *)&connection->timer, NULL);
}

void redis_connection_destroy(struct redis_connection *connection)
{
	if (connection != NULL) {
		redis_tls_context_destroy(connection->tls);
		free(connection->password);
		free(connection);
	}
}
