/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change and its texts are one allocation; encoded forms, and the JSON of a line, hang
 * off it as they are asked for.  Both are checked twice around a lock: once a form is
 * there, a reader pays one acquiring load.
 */
#include "server/feed/change.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "server/base/memory.h"
#include "server/feed/line_json.h"

struct encoded {
	size_t length;
	char bytes[];
};

struct change_private {
	atomic_uint references;
	uv_mutex_t making; /* held by who makes a form; recursive: one is made of another */
	struct text json;  /* as it came; NULL bytes: `made_json` */
	struct encoded *_Atomic made_json;
	struct encoded *_Atomic encoded[CHANGE_ENCODINGS_MAX];
};

struct change_block {
	struct change change;
	struct change_private private_part;
	char texts[];
};

static const char *const type_names[] = {
    [CHANGE_EDIT] = "edit",         [CHANGE_NEW] = "new",
    [CHANGE_LOG] = "log",           [CHANGE_CATEGORIZE] = "categorize",
    [CHANGE_EXTERNAL] = "external", [CHANGE_OTHER] = "other",
};

const char *change_type_name(enum change_type type)
{
	return type_names[type];
}

/* Copy to `at`, which moves behind the copy and its NUL. */
static struct text copy_text(struct text text, char **at)
{
	struct text copy = {.bytes = NULL, .length = 0};

	if (text.bytes != NULL) {
		copy = (struct text){.bytes = *at, .length = text.length};
		memcpy(*at, text.bytes, text.length);
		(*at)[text.length] = '\0';
		*at += text.length + 1;
	}
	return copy;
}

struct change *change_create(const struct change_parts *parts)
{
	size_t texts_length = parts->wiki.length + parts->channel.length + parts->json.length +
	                      parts->line.length + parts->identity.meta_id.length + 5;
	struct change_block *block;
	char *at;

	require(parts->wiki.length > 0 && parts->channel.length > 0);
	require(parts->json.bytes != NULL || (parts->line.bytes != NULL && parts->json_bytes > 0));
	block = mem_resize(NULL, sizeof(*block) + texts_length);
	memset(block, 0, sizeof(*block));
	at = block->texts;
	block->change = (struct change){
	    .type = parts->type,
	    .is_from_line = parts->is_from_line,
	    .wiki = copy_text(parts->wiki, &at),
	    .channel = copy_text(parts->channel, &at),
	    .line = copy_text(parts->line, &at),
	    .json_bytes = parts->json.bytes != NULL ? parts->json.length : parts->json_bytes,
	    .identity = parts->identity,
	    .traits = parts->traits,
	    .made_ms = parts->made_ms,
	    .private_part = &block->private_part,
	};
	block->change.identity.meta_id = copy_text(parts->identity.meta_id, &at);
	block->private_part.json = copy_text(parts->json, &at);
	atomic_init(&block->private_part.references, 1);
	require(uv_mutex_init_recursive(&block->private_part.making) == 0);
	return &block->change;
}

struct change *change_join(const struct change *json, const struct change *line)
{
	return change_create(&(struct change_parts){
	    .type = json->type,
	    .wiki = json->wiki,
	    .channel = line->channel,
	    .json = change_json(json),
	    .line = line->line,
	    .identity = json->identity,
	    .traits = json->traits,
	    .made_ms = json->made_ms,
	});
}

void change_ref(struct change *change, unsigned count)
{
	(void)atomic_fetch_add_explicit(&change->private_part->references, count,
	                                memory_order_relaxed);
}

void change_unref(struct change *change)
{
	struct change_block *block;

	if (change == NULL || atomic_fetch_sub_explicit(&change->private_part->references, 1,
	                                                memory_order_acq_rel) != 1) {
		return;
	}
	block = container_of(change, struct change_block, change);
	for (size_t i = 0; i < CHANGE_ENCODINGS_MAX; i++) {
		free(atomic_load_explicit(&block->private_part.encoded[i], memory_order_relaxed));
	}
	free(atomic_load_explicit(&block->private_part.made_json, memory_order_relaxed));
	uv_mutex_destroy(&block->private_part.making);
	free(block);
}

/* Gives what is in `out`, which is freed, with a NUL behind it. */
static struct encoded *encoded_of(struct buffer *out)
{
	struct encoded *encoded = mem_resize(NULL, sizeof(*encoded) + out->length + 1);

	encoded->length = out->length;
	if (out->length > 0) {
		memcpy(encoded->bytes, out->bytes, out->length);
	}
	encoded->bytes[out->length] = '\0';
	buffer_finish(out);
	return encoded;
}

static struct encoded *make_json(const struct change *change)
{
	struct buffer out = {0};
	struct irc_line parsed;

	(void)irc_line_parse(change->line, &parsed);
	line_json_write(&parsed, change->wiki, &out);
	return encoded_of(&out);
}

static struct encoded *make_encoded(const struct change *change, const struct encoder *encoder)
{
	struct buffer out = {0};

	encoder->encode(encoder, change, &out);
	return encoded_of(&out);
}

/* Make the form that belongs in `slot`, an encoder's or with NULL the JSON, unless it is there. */
static struct encoded *make_once(const struct change *change, const struct encoder *encoder,
                                 struct encoded *_Atomic *slot)
{
	struct change_private *private_part = change->private_part;
	struct encoded *made;

	uv_mutex_lock(&private_part->making);
	made = atomic_load_explicit(slot, memory_order_relaxed);
	if (made == NULL) {
		made = encoder != NULL ? make_encoded(change, encoder) : make_json(change);
		atomic_store_explicit(slot, made, memory_order_release);
	}
	uv_mutex_unlock(&private_part->making);
	return made;
}

/* Lends what is in `slot`, made when it is not there. */
static struct text need(const struct change *change, const struct encoder *encoder,
                        struct encoded *_Atomic *slot)
{
	const struct encoded *made = atomic_load_explicit(slot, memory_order_acquire);

	if (made == NULL) {
		made = make_once(change, encoder, slot);
	}
	return (struct text){.bytes = made->bytes, .length = made->length};
}

struct text change_json(const struct change *change)
{
	struct change_private *private_part = change->private_part;

	if (private_part->json.bytes != NULL) {
		return private_part->json;
	}
	return need(change, NULL, &private_part->made_json);
}

struct text change_encoded(struct change *change, const struct encoder *encoder)
{
	require(encoder->slot < CHANGE_ENCODINGS_MAX);
	return need(change, encoder, &change->private_part->encoded[encoder->slot]);
}
