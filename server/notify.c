/* SPDX-License-Identifier: Apache-2.0 */
/* docs/decisions/0017 says why this is not libsystemd's. */
#include "server/notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server/base/log.h"

#define LINES_MAX 1024

static const struct log_scope notify_log = {.name = "server"};

/* A path, or the name of an abstract socket behind "@"; false for anything else. */
static bool set_address(struct notify *notify, const char *name)
{
	size_t length = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || length < 2 ||
	    length >= sizeof(notify->address.sun_path)) {
		return false;
	}
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, name, length);
	if (name[0] == '@') {
		notify->address.sun_path[0] = '\0';
	}
	notify->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return true;
}

static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : 0;
}

/* WATCHDOG_PID may name another process, for which the time is not meant. */
static uint64_t read_watchdog_ms(void)
{
	uint64_t pid = number_of("WATCHDOG_PID");

	if (pid != 0 && pid != (uint64_t)getpid()) {
		return 0;
	}
	return number_of("WATCHDOG_USEC") / 1000;
}

void notify_init(struct notify *notify)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*notify = (struct notify){.descriptor = -1};
	if (name == NULL) {
		return;
	}
	if (set_address(notify, name)) {
		notify->descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		notify->watchdog_ms = read_watchdog_ms();
	}
	if (notify->descriptor < 0) {
		log_warn(&notify_log, "server.notify", "NOTIFY_SOCKET cannot be used: %s", name);
	}
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
}

void notify_finish(struct notify *notify)
{
	if (notify->descriptor >= 0) {
		(void)close(notify->descriptor);
		notify->descriptor = -1;
	}
}

/* The service manager may be slow: the loop does not wait for it. */
void notify_tell(const struct notify *notify, const char *format, ...)
{
	char lines[LINES_MAX];
	va_list arguments;

	if (notify->descriptor < 0) {
		return;
	}
	va_start(arguments, format);
	(void)vsnprintf(lines, sizeof(lines), format, arguments);
	va_end(arguments);
	(void)sendto(notify->descriptor, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT,
	             (const struct sockaddr *)&notify->address, notify->length);
}

void notify_tell_reloading(const struct notify *notify)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	notify_tell(notify, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=Reloading",
	            (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}
