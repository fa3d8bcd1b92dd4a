/*
 * SPDX-License-Identifier: Apache-2.0
 */
#include "retained.h"

/* xorshift32: each bit of the pattern is set in half of the words, so that decay to either side is seen. */
static uint32_t next_word(uint32_t word)
{
	word ^= word << 13;
	word ^= word >> 17;
	word ^= word << 5;
	return word;
}

static uint32_t bits_of(uint32_t word)
{
	uint32_t bits = 0;

	for (; word != 0; word &= word - 1) {
		bits++;
	}
	return bits;
}

void hil_retained_count(struct hil_retained *retained, struct hil_boot *boot)
{
	uint32_t word = 0x48494c31u;
	uint32_t flipped = 0;

	for (int i = 0; i < HIL_PATTERN_WORDS; i++) {
		word = next_word(word);
		flipped += bits_of(retained->pattern[i] ^ word);
		retained->pattern[i] = word;
	}
	boot->flipped = flipped;
	if (flipped == 0) {
		boot->ram = HIL_RAM_KEPT;
	} else if (flipped <= HIL_PATTERN_WORDS * 32 / 8) {
		boot->ram = HIL_RAM_DECAYED;
	} else {
		boot->ram = HIL_RAM_LOST;
	}

	bool counted = retained->boots == ~retained->boots_inverted;

	boot->boots = boot->ram == HIL_RAM_KEPT && counted ? retained->boots + 1 : 1;
	retained->boots = boot->boots;
	retained->boots_inverted = ~boot->boots;
}
