/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf_type_tls.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf_schema.h"
#include "conf/conf_text.h"
#include "conf/conf_type_list.h"
#include "conf/conf_type_text.h"
#include "server/base/memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const versions[] = {[CONF_TLS_1_2] = "1.2", [CONF_TLS_1_3] = "1.3"};

static void want_version(const struct conf_option *option, struct buffer *out)
{
	(void)option;
	conf_text_join(out, versions, COUNT(versions), "or");
}

static bool parse_version(const struct conf_node *node, const struct conf_option *option,
                          void *member, struct conf_faults *faults)
{
	const char *text = conf_type_text(node);

	for (size_t i = 0; text != NULL && i < COUNT(versions); i++) {
		if (strcmp(text, versions[i]) == 0) {
			*(enum conf_tls_version *)member = (enum conf_tls_version)i;
			return true;
		}
	}
	return conf_type_refuse(node, option, faults);
}

static void print_version(const void *member, struct buffer *out)
{
	const char *text = versions[*(const enum conf_tls_version *)member];

	conf_text_quote(out, text, strlen(text));
}

const struct conf_type conf_type_tls_version = {
    .noun = "a version of TLS",
    .want = want_version,
    .parse = parse_version,
    .print = print_version,
};

/* --- certificates --------------------------------------------------------- */

static const struct conf_option file_option = {
    .type = &conf_type_text_string, .min = 1, .max = 4096};

static void want_certificate(const struct conf_option *option, struct buffer *out)
{
	(void)option;
	buffer_append_text(out, "{certificate: FILE, key: FILE} or one FILE with both");
}

static void finish_certificate(void *member)
{
	struct conf_certificate *certificate = member;

	free((char *)certificate->certificate);
	free((char *)certificate->key);
	*certificate = (struct conf_certificate){0};
}

static bool parse_file(const struct conf_node *node, const char **file, struct conf_faults *faults)
{
	size_t entered = conf_fault_enter(faults, node->key, node->key_length);
	bool is_good = node->kind != CONF_NODE_FAULTY &&
	               file_option.type->parse(node, &file_option, file, faults);

	conf_fault_leave(faults, entered);
	return is_good;
}

static bool refuse_key(const struct conf_node *node, struct conf_faults *faults)
{
	size_t entered = conf_fault_enter(faults, node->key, node->key_length);

	conf_fault_add(faults, node->key_mark, "is not a key here (want certificate or key)");
	conf_fault_leave(faults, entered);
	return false;
}

/* A key whose fault conf_yaml_parse() has told has no name. */
static bool parse_member(const struct conf_node *node, struct conf_certificate *certificate,
                         struct conf_faults *faults)
{
	if (node->key == NULL) {
		return false;
	}
	if (strcmp(node->key, "certificate") == 0) {
		return parse_file(node, &certificate->certificate, faults);
	}
	if (strcmp(node->key, "key") == 0) {
		return parse_file(node, &certificate->key, faults);
	}
	return refuse_key(node, faults);
}

static bool parse_mapping(const struct conf_node *node, const struct conf_option *option,
                          struct conf_certificate *certificate, struct conf_faults *faults)
{
	bool is_good = true;

	for (const struct conf_node *child = node->children; child != NULL; child = child->next) {
		is_good = parse_member(child, certificate, faults) && is_good;
	}
	if (is_good && (certificate->certificate == NULL || certificate->key == NULL)) {
		is_good = conf_type_refuse_as(
		    node, option, certificate->key == NULL ? "has no key" : "has no certificate",
		    faults);
	}
	if (!is_good) {
		finish_certificate(certificate);
	}
	return is_good;
}

static bool parse_certificate(const struct conf_node *node, const struct conf_option *option,
                              void *member, struct conf_faults *faults)
{
	struct conf_certificate *certificate = member;

	*certificate = (struct conf_certificate){0};
	if (node->kind == CONF_NODE_MAPPING) {
		return parse_mapping(node, option, certificate, faults);
	}
	if (node->kind != CONF_NODE_SCALAR) {
		return conf_type_refuse(node, option, faults);
	}
	if (!file_option.type->parse(node, &file_option, &certificate->certificate, faults)) {
		return false;
	}
	certificate->key =
	    mem_copy_text(certificate->certificate, strlen(certificate->certificate));
	return true;
}

static void print_certificate(const void *member, struct buffer *out)
{
	const struct conf_certificate *certificate = member;

	buffer_append_text(out, "{certificate: ");
	conf_text_quote(out, certificate->certificate, strlen(certificate->certificate));
	buffer_append_text(out, ", key: ");
	conf_text_quote(out, certificate->key, strlen(certificate->key));
	buffer_append_byte(out, '}');
}

/* No option is one certificate alone. */
static const struct conf_type type_certificate = {
    .noun = "a certificate",
    .want = want_certificate,
    .parse = parse_certificate,
    .print = print_certificate,
    .finish = finish_certificate,
};

static const struct conf_option certificate_item = {.type = &type_certificate};
static const struct conf_type_list certificate_list = {
    .item = &certificate_item,
    .size = sizeof(struct conf_certificate),
    .noun = "certificates",
};

static void want_certificates(const struct conf_option *option, struct buffer *out)
{
	conf_type_list_want(&certificate_list, option, out);
}

static bool parse_certificates(const struct conf_node *node, const struct conf_option *option,
                               void *member, struct conf_faults *faults)
{
	struct conf_certificates *certificates = member;
	size_t count;

	certificates->items = conf_type_list_parse(&certificate_list, node, option, faults, &count);
	certificates->count = count;
	return certificates->items != NULL;
}

static void print_certificates(const void *member, struct buffer *out)
{
	const struct conf_certificates *certificates = member;

	conf_type_list_print(&certificate_list, certificates->items, certificates->count, out);
}

static void finish_certificates(void *member)
{
	struct conf_certificates *certificates = member;

	conf_type_list_free(&certificate_list, certificates->items, certificates->count);
	*certificates = (struct conf_certificates){0};
}

const struct conf_type conf_type_tls_certificates = {
    .noun = "a list of certificates",
    .want = want_certificates,
    .parse = parse_certificates,
    .print = print_certificates,
    .finish = finish_certificates,
};
