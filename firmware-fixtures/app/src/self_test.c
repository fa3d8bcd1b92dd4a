/*
 * SPDX-License-Identifier: Apache-2.0
 */
#include "self_test.h"

#include <zephyr/dfu/mcuboot.h>
#include <zephyr/irq.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>
#include <zephyr/sys/reboot.h>

void hil_hang(void)
{
	(void)irq_lock();
	for (;;) {
	}
}

void hil_crash(void)
{
	/* A permanently undefined instruction: UDF, Armv8-M Architecture Reference Manual C2.4.237. */
	__asm__ volatile("udf #0");
	CODE_UNREACHABLE;
}

void hil_reset(void)
{
	sys_reboot(SYS_REBOOT_COLD);
}

void hil_self_test(void)
{
	k_msleep(CONFIG_HIL_SELF_TEST_DELAY_MS);
	if (IS_ENABLED(CONFIG_HIL_SELF_TEST_CONFIRMS)) {
		int rc = boot_is_img_confirmed() ? 0 : boot_write_img_confirmed();

		printk("hil-app self-test passed, confirmed: %d\n", rc);
	} else if (IS_ENABLED(CONFIG_HIL_SELF_TEST_REFUSES)) {
		printk("hil-app self-test failed, not confirmed\n");
	} else if (IS_ENABLED(CONFIG_HIL_SELF_TEST_HANGS)) {
		printk("hil-app hangs\n");
		hil_hang();
	} else if (IS_ENABLED(CONFIG_HIL_SELF_TEST_CRASHES)) {
		printk("hil-app crashes\n");
		hil_crash();
	} else if (IS_ENABLED(CONFIG_HIL_SELF_TEST_RESETS)) {
		printk("hil-app resets\n");
		hil_reset();
	}
}
