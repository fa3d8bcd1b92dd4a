/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * RAM that no start-up code clears: a counter of boots, and a pattern whose bits decay without power. With it a true loss
 * of power is told from a reset, and a power-off that was too short from one that was long enough.
 */
#ifndef HIL_RETAINED_H_
#define HIL_RETAINED_H_

#include "facts.h"

#define HIL_PATTERN_WORDS 512

struct hil_retained {
	uint32_t boots;
	/* ~boots: a counter that has lost bits is none. */
	uint32_t boots_inverted;
	uint32_t pattern[HIL_PATTERN_WORDS];
};

/*
 * Judges the pattern, counts this boot and writes the pattern anew.
 * More than one bit in eight changed: lost, as chance alone flips one in two.
 */
void hil_retained_count(struct hil_retained *retained, struct hil_boot *boot);

#endif
