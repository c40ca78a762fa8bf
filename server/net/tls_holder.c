/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/tls_holder.h"

#include <stdlib.h>
#include <uv.h>

#include "server/base/memory.h"

struct tls_holder {
	uv_mutex_t lock; /* over what follows */
	struct tls_context *context;
};

struct tls_holder *tls_holder_create(struct tls_context *context)
{
	struct tls_holder *holder = mem_new(struct tls_holder);

	require(context != NULL && uv_mutex_init(&holder->lock) == 0);
	holder->context = context;
	return holder;
}

void tls_holder_destroy(struct tls_holder *holder)
{
	if (holder != NULL) {
		uv_mutex_destroy(&holder->lock);
		tls_context_unref(holder->context);
		free(holder);
	}
}

struct tls_context *tls_holder_get(struct tls_holder *holder)
{
	struct tls_context *context;

	uv_mutex_lock(&holder->lock);
	context = tls_context_ref(holder->context);
	uv_mutex_unlock(&holder->lock);
	return context;
}

void tls_holder_put(struct tls_holder *holder, struct tls_context *context)
{
	struct tls_context *before;

	require(context != NULL);
	uv_mutex_lock(&holder->lock);
	before = holder->context;
	holder->context = context;
	uv_mutex_unlock(&holder->lock);
	tls_context_unref(before);
}
