/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the network core leaves in the shared RAM for the application core. Both cores are little-endian and each word is
 * written whole; `check` is written last, so that a report which is just being changed is told from a whole one.
 */
#ifndef HIL_NET_REPORT_H_
#define HIL_NET_REPORT_H_

#include <stdbool.h>
#include <stdint.h>

#define HIL_NET_REPORT_MAGIC 0x4e4c4948u /* "HILN" */

struct hil_net_report {
	uint32_t magic;
	/* The firmware's counter: CONFIG_FW_INFO_FIRMWARE_VERSION where nRF Connect SDK signs it for b0n. */
	uint32_t version;
	/* Counts up once in HIL_NET_BEAT_MS while the network core runs. */
	uint32_t beats;
	uint32_t check;
};

#define HIL_NET_BEAT_MS 100

static inline uint32_t hil_net_report_check(uint32_t version, uint32_t beats)
{
	return HIL_NET_REPORT_MAGIC ^ (version * 2654435761u) ^ ~beats;
}

static inline void hil_net_report_write(volatile struct hil_net_report *report, uint32_t version,
					uint32_t beats)
{
	report->check = 0;
	report->magic = HIL_NET_REPORT_MAGIC;
	report->version = version;
	report->beats = beats;
	report->check = hil_net_report_check(version, beats);
}

/* False: nothing was reported since hil_net_report_clear(), or just now it is being changed. */
static inline bool hil_net_report_read(const volatile struct hil_net_report *report,
				       uint32_t *version, uint32_t *beats)
{
	uint32_t check = report->check;

	*version = report->version;
	*beats = report->beats;
	return report->magic == HIL_NET_REPORT_MAGIC && check == report->check &&
	       check == hil_net_report_check(*version, *beats);
}

static inline void hil_net_report_clear(volatile struct hil_net_report *report)
{
	report->magic = 0;
	report->check = 0;
}

#endif
