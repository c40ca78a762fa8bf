/* SPDX-License-Identifier: Apache-2.0 */
#include "server/net/admission.h"

#include <stddef.h>

#include "server/net/net.h"
#include "server/net/peer.h"

static bool is_trusted(const struct admission *admission, const struct sockaddr_in6 *peer)
{
	return admission->trusted != NULL && peer_is_in(peer, admission->trusted);
}

bool admission_allows(const struct admission *admission, const struct sockaddr_in6 *peer)
{
	return admission->allowed == NULL || admission->allowed->count == 0 ||
	       peer_is_in(peer, admission->allowed);
}

/* A proxy comes as often as its clients do. */
static bool is_too_often(const struct admission *admission, const struct net *net,
                         const struct sockaddr_in6 *peer)
{
	return admission->rates != NULL && !is_trusted(admission, peer) &&
	       !address_rates_take(admission->rates, peer, net->clock.now_ms);
}

bool admission_enter(const struct admission *admission, struct net *net,
                     const struct sockaddr_in6 *peer, struct address_place **place,
                     enum close_reason *reason)
{
	*place = NULL;
	if (!admission_allows(admission, peer) && !is_trusted(admission, peer)) {
		*reason = CLOSE_NOT_ALLOWED;
		return false;
	}
	if (net->addresses != NULL) {
		*place = address_limits_enter(net->addresses, peer, reason);
		if (*place == NULL) {
			return false;
		}
	}
	if (is_too_often(admission, net, peer)) {
		address_limits_leave(*place);
		*place = NULL;
		*reason = CLOSE_RATE_LIMIT;
		return false;
	}
	return true;
}

bool admission_move(const struct admission *admission, const struct net *net,
                    const struct sockaddr_in6 *peer, struct address_place **place,
                    enum close_reason *reason)
{
	struct address_place *moved;

	if (!admission_allows(admission, peer) && !is_trusted(admission, peer)) {
		*reason = CLOSE_NOT_ALLOWED;
		return false;
	}
	if (*place != NULL) {
		moved = address_limits_move(*place, peer);
		if (moved == NULL) {
			*reason = CLOSE_ADDRESS_LIMIT;
			return false;
		}
		*place = moved;
	}
	*reason = CLOSE_RATE_LIMIT;
	return !is_too_often(admission, net, peer);
}
