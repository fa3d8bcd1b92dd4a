/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What this boot knows of itself, and how it is told. Plain C: the host's tests build these files without Zephyr.
 */
#ifndef HIL_FACTS_H_
#define HIL_FACTS_H_

#include <stdbool.h>
#include <stdint.h>

#define HIL_VERSION_MAX 26 /* 255.255.65535+4294967295 and its NUL, and some room */

struct hil_version {
	uint8_t major;
	uint8_t minor;
	uint16_t revision;
	uint32_t build;
};

/* What the RAM says of the time before this boot. */
enum hil_ram {
	/* All bits of the pattern are as they were: power was there all along (or was away for a moment only). */
	HIL_RAM_KEPT,
	/* Most of the pattern is there: power was away, but not long enough for a cold start. */
	HIL_RAM_DECAYED,
	/* Nothing of the pattern is left: power was away, or this is the first boot. */
	HIL_RAM_LOST,
};

struct hil_boot {
	struct hil_version version;
	/* RESETREAS as found, before it was cleared. A loss of power sets no bit of it. */
	uint32_t reset_reason;
	/* Boots since the pattern in RAM was last lost, this one included. */
	uint32_t boots;
	enum hil_ram ram;
	/* Bits of the pattern that have changed. */
	uint32_t flipped;
	bool confirmed;
	const char *self_test;
};

/* Where a report goes: the SMP answer, or the host's test. Each returns false when there is no room left. */
struct hil_sink {
	void *to;
	bool (*text)(void *to, const char *key, const char *value);
	bool (*number)(void *to, const char *key, uint32_t value);
	bool (*flag)(void *to, const char *key, bool value);
};

const char *hil_ram_name(enum hil_ram ram);

/* "1.2.3", or "1.2.3+4" where there is a build number: as imgtool and the image list write it. */
void hil_version_text(const struct hil_version *version, char text[HIL_VERSION_MAX]);

/* Why the chip started, in words: the highest bits first, "power" where there is none. Never NULL. */
const char *hil_reset_name(uint32_t reset_reason);

bool hil_report_boot(const struct hil_boot *boot, uint32_t uptime_ms, struct hil_sink *sink);

#endif
