/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_CONF_YAML_H
#define CONF_CONF_YAML_H

#include <stddef.h>

#include "conf/conf_fault.h"
#include "server/base/table.h"

/*
 * YAML as a tree of nodes that know where they stand.  Less than YAML 1.1: one
 * document, no aliases, anchors or tags, keys are scalars, each key once.
 *
 *   text ── conf_yaml_parse() ──> node ── list ──> node, node, ...
 *                                    └─ mapping ─> key: node, key: node, ...
 *
 * Threads: the caller's.
 */
enum conf_node_kind {
	CONF_NODE_NULL,   /* nothing behind the key, or null */
	CONF_NODE_FAULTY, /* its fault was added: nothing more to say about it */
	CONF_NODE_SCALAR,
	CONF_NODE_LIST,
	CONF_NODE_MAPPING,
};

/* Its parent owns it; the root's owner is who called conf_yaml_parse(). */
struct conf_node {
	enum conf_node_kind kind;
	struct conf_mark mark;
	char *text;    /* of a scalar: UTF-8 with a NUL behind it; may hold others */
	size_t length; /* of `text` */

	char *key; /* in a mapping; NULL in a list, and when the key has a fault */
	size_t key_length;
	struct conf_mark key_mark;

	struct conf_node *children; /* of a list or a mapping, in order */
	size_t child_count;
	struct conf_node *prev; /* among the parent's children; the first's is the last */
	struct conf_node *next;
	struct conf_node *by_key; /* of a mapping: the children by key */
	UT_hash_handle hh;        /* in the parent's by_key */
};

/*
 * Gives the root, to be ended with conf_yaml_destroy(); an empty text is a root of
 * CONF_NODE_NULL.  NULL when it cannot be told what the text says: not UTF-8, a
 * fault of syntax, nested deeper than CONF_DEPTH_MAX, a second document.  Lesser
 * faults stay in the tree as CONF_NODE_FAULTY.  All are added to `faults`.
 */
struct conf_node *conf_yaml_parse(const char *text, size_t length, struct conf_faults *faults);

/* The same for a text of our own, without marks (line 0); asserts that it has no fault. */
struct conf_node *conf_yaml_parse_constant(const char *text);

/* Free it with all below it.  NULL does nothing. */
void conf_yaml_destroy(struct conf_node *node);

/* Lends the node at `key` of a mapping, NULL when it is not there or `node` is no mapping. */
const struct conf_node *conf_yaml_find(const struct conf_node *node, const char *key);

#endif
