/*
 * SPDX-License-Identifier: Apache-2.0
 */
#include "network.h"

#include <net_report.h>
#include <zephyr/devicetree.h>
#include <zephyr/init.h>
#include <zephyr/kernel.h>

static volatile struct hil_net_report *const shared =
	(volatile struct hil_net_report *)DT_REG_ADDR(DT_CHOSEN(zephyr_ipc_shm));

/* Before the board's start-up releases the network core: what is there is of the boot before. */
static int forget(void)
{
	hil_net_report_clear(shared);
	return 0;
}

SYS_INIT(forget, PRE_KERNEL_1, 0);

static bool read_whole(uint32_t *version, uint32_t *beats)
{
	for (int i = 0; i < 3; i++) {
		if (hil_net_report_read(shared, version, beats)) {
			return true;
		}
	}
	return false;
}

bool hil_network_look(struct hil_network *network)
{
	uint32_t later;

	if (!read_whole(&network->version, &network->beats)) {
		return false;
	}
	k_msleep(2 * HIL_NET_BEAT_MS);
	network->alive = read_whole(&network->version, &later) && later != network->beats;
	network->beats = later;
	return true;
}
