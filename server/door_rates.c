/* SPDX-License-Identifier: Apache-2.0 */
#include "server/door_rates.h"

#include <stdlib.h>

#include "protocols/front_end.h"
#include "server/base/memory.h"

static struct address_rates_options options_of(const struct front_end *front_end,
                                               const struct conf *conf)
{
	struct front_end_door door = front_end->door(conf);

	return (struct address_rates_options){
	    .rate = door.rate,
	    .burst = door.burst,
	    .ipv6_prefix = conf->limits.ipv6_prefix,
	    .unlimited = &conf->limits.unlimited_addresses,
	};
}

struct address_rates **door_rates_create(const struct conf *conf)
{
	struct address_rates **rates;
	size_t count = 0;

	while (front_ends[count] != NULL) {
		count++;
	}
	rates = mem_zeroed((count + 1) * sizeof(struct address_rates *));
	for (size_t i = 0; i < count; i++) {
		if (front_ends[i]->door != NULL) {
			struct address_rates_options options = options_of(front_ends[i], conf);

			rates[i] = address_rates_create(&options);
		}
	}
	return rates;
}

void door_rates_change(struct address_rates **rates, const struct conf *conf)
{
	for (size_t i = 0; front_ends[i] != NULL; i++) {
		if (rates[i] != NULL) {
			struct address_rates_options options = options_of(front_ends[i], conf);

			address_rates_change(rates[i], &options);
		}
	}
}

void door_rates_destroy(struct address_rates **rates)
{
	for (size_t i = 0; rates != NULL && front_ends[i] != NULL; i++) {
		address_rates_destroy(rates[i]);
	}
	free(rates);
}
