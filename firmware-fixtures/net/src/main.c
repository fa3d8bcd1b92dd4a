/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The network core's fixture: says its version on its own UART, and beats in the shared RAM for the application core.
 */
#include <net_report.h>

#include <zephyr/devicetree.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#ifdef CONFIG_FW_INFO_FIRMWARE_VERSION
#define VERSION CONFIG_FW_INFO_FIRMWARE_VERSION
#else
#define VERSION CONFIG_HIL_NET_VERSION
#endif

static volatile struct hil_net_report *const shared =
	(volatile struct hil_net_report *)DT_REG_ADDR(DT_CHOSEN(zephyr_ipc_shm));

int main(void)
{
	printk("hil-net firmware version %d\n", VERSION);
	for (uint32_t beats = 1;; beats++) {
		hil_net_report_write(shared, VERSION, beats);
		k_msleep(HIL_NET_BEAT_MS);
	}
	return 0;
}
