/*
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HIL_NETWORK_H_
#define HIL_NETWORK_H_

#include <stdbool.h>
#include <stdint.h>

struct hil_network {
	uint32_t version;
	uint32_t beats;
	/* The beats have gone on since the last look, or this is the first. */
	bool alive;
};

/* False: the network core has told nothing since this boot. Waits for two beats at most. */
bool hil_network_look(struct hil_network *network);

#endif
