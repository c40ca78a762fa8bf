/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void error_set(struct error *error, const char *format, ...)
{
	va_list arguments;

	if (error == NULL) {
		return;
	}
	va_start(arguments, format);
	(void)vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
}

void error_prefix(struct error *error, const char *format, ...)
{
	struct error rest;
	va_list arguments;
	size_t length;

	if (error == NULL) {
		return;
	}
	rest = *error;
	va_start(arguments, format);
	(void)vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	length = strlen(error->text);
	(void)snprintf(error->text + length, sizeof(error->text) - length, "%s", rest.text);
}
