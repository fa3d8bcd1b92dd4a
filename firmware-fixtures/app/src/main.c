/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The application core's fixture: an SMP server that says what it knows of this boot, and that can be built to be bad.
 */
#include "boot.h"
#include "network.h"
#include "padding.h"
#include "self_test.h"

#include <zephyr/init.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

/* The self-test comes before the SMP server: what hangs or crashes serves nothing. */
static int begin(void)
{
	const struct hil_boot *boot;
	char version[HIL_VERSION_MAX];

	hil_boot_begin();
	boot = hil_boot_now();
	hil_version_text(&boot->version, version);
	printk("hil-app version %s boot %u reset 0x%08x (%s) ram %s flipped %u confirmed %d\n",
	       version, boot->boots, boot->reset_reason, hil_reset_name(boot->reset_reason),
	       hil_ram_name(boot->ram), boot->flipped, boot->confirmed);
	if (IS_ENABLED(CONFIG_HIL_PADDING)) {
		/* The linker leaves out what nobody refers to. */
		__asm__ volatile("" : : "r"(hil_padding));
	}
	hil_self_test();
	return 0;
}

SYS_INIT(begin, APPLICATION, 0);

int main(void)
{
	struct hil_network network;

	if (hil_network_look(&network)) {
		printk("hil-app network core version %u %s\n", network.version,
		       network.alive ? "alive" : "silent since");
	} else {
		printk("hil-app network core says nothing\n");
	}
	return 0;
}
