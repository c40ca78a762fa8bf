/* SPDX-License-Identifier: Apache-2.0 */
#include "server/certificates.h"

#include "server/base/log.h"

static const struct log_scope tls_log = {.name = "tls"};

bool certificates_are_used(const struct conf *conf)
{
	return (conf->irc.present && conf->irc.listen_tls.count > 0) ||
	       (conf->http.present && conf->http.listen_tls.count > 0) ||
	       (conf->admin.present && conf->admin.listen_tls.count > 0);
}

static bool load(struct certificates *certificates, const struct conf *conf, struct error *error)
{
	struct tls_context_options options = {
	    .certificates = &conf->tls.certificates,
	    .min_version = conf->tls.min_version,
	    .handshake_timeout_s = conf->tls.handshake_timeout,
	};

	certificates->next = tls_context_create(&options, error);
	if (certificates->next == NULL) {
		error_prefix(error, "tls.certificates: ");
	}
	return certificates->next != NULL;
}

/* Counts as what is used now; the reference is still ours. */
static void tell(struct certificates *certificates, const struct tls_context *context)
{
	metric_set(certificates->not_after_ms, tls_context_not_after_s(context) * 1000);
}

bool certificates_start(struct certificates *certificates, const struct conf *conf,
                        struct error *error)
{
	if (!certificates_are_used(conf)) {
		return true;
	}
	if (!load(certificates, conf, error)) {
		return false;
	}
	tell(certificates, certificates->next);
	certificates->holder = tls_holder_create(certificates->next);
	certificates->next = NULL;
	return true;
}

bool certificates_prepare(struct certificates *certificates, const struct conf *conf,
                          struct error *error)
{
	tls_context_unref(certificates->next);
	certificates->next = NULL;
	if (certificates->holder == NULL) {
		return true;
	}
	if (conf->tls.certificates.count == 0) {
		log_warn(&tls_log, "tls.kept",
		         "tls.certificates has none, but clients come in TLS until the next start: "
		         "those that are loaded stay");
		return true;
	}
	return load(certificates, conf, error);
}

void certificates_put_in_force(struct certificates *certificates)
{
	if (certificates->next != NULL) {
		tell(certificates, certificates->next);
		tls_holder_put(certificates->holder, certificates->next);
		certificates->next = NULL;
	}
}

void certificates_finish(struct certificates *certificates)
{
	tls_context_unref(certificates->next);
	tls_holder_destroy(certificates->holder);
	certificates->next = NULL;
	certificates->holder = NULL;
}
