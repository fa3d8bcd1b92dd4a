/*
 * SPDX-License-Identifier: Apache-2.0
 */
#include "facts.h"

#include <stddef.h>
#include <stdio.h>

const char *hil_ram_name(enum hil_ram ram)
{
	switch (ram) {
	case HIL_RAM_KEPT:
		return "kept";
	case HIL_RAM_DECAYED:
		return "decayed";
	default:
		return "lost";
	}
}

void hil_version_text(const struct hil_version *version, char text[HIL_VERSION_MAX])
{
	int length = snprintf(text, HIL_VERSION_MAX, "%u.%u.%u", (unsigned int)version->major,
			      (unsigned int)version->minor, (unsigned int)version->revision);

	if (version->build != 0) {
		snprintf(text + length, HIL_VERSION_MAX - length, "+%lu",
			 (unsigned long)version->build);
	}
}

/* Bits of RESETREAS. Source: nRF5340 Product Specification v1.5, RESET, register RESETREAS. */
static const struct {
	uint32_t mask;
	const char *name;
} reset_bits[] = {
	{1u << 1, "watchdog 0"},
	{1u << 25, "watchdog 1"},
	{1u << 4, "lockup"},
	{1u << 2, "debugger (CTRL-AP)"},
	{1u << 7, "debugger"},
	{1u << 0, "pin"},
	{1u << 3, "software"},
	{1u << 5, "wake from System OFF"},
	{1u << 6, "comparator"},
	{1u << 24, "NFC field"},
	{1u << 26, "USB supply"},
	{0, NULL},
};

const char *hil_reset_name(uint32_t reset_reason)
{
	for (size_t i = 0; reset_bits[i].name != NULL; i++) {
		if ((reset_reason & reset_bits[i].mask) != 0) {
			return reset_bits[i].name;
		}
	}
	return reset_reason == 0 ? "power" : "unknown";
}

bool hil_report_boot(const struct hil_boot *boot, uint32_t uptime_ms, struct hil_sink *sink)
{
	char version[HIL_VERSION_MAX];

	hil_version_text(&boot->version, version);
	return sink->text(sink->to, "version", version) &&
	       sink->number(sink->to, "boots", boot->boots) &&
	       sink->number(sink->to, "reset", boot->reset_reason) &&
	       sink->text(sink->to, "reason", hil_reset_name(boot->reset_reason)) &&
	       sink->text(sink->to, "ram", hil_ram_name(boot->ram)) &&
	       sink->number(sink->to, "flipped", boot->flipped) &&
	       sink->flag(sink->to, "confirmed", boot->confirmed) &&
	       sink->text(sink->to, "self_test", boot->self_test) &&
	       sink->number(sink->to, "uptime", uptime_ms);
}
