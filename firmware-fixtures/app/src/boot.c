/*
 * SPDX-License-Identifier: Apache-2.0
 */
#include "boot.h"
#include "retained.h"
#include "self_test.h"

#include <helpers/nrfx_reset_reason.h>
#include <zephyr/devicetree.h>
#include <zephyr/dfu/mcuboot.h>
#include <zephyr/storage/flash_map.h>

static struct hil_boot boot;

#define RETAINED DT_NODELABEL(hil_retained)

BUILD_ASSERT(sizeof(struct hil_retained) <= DT_REG_SIZE(RETAINED));

void hil_boot_begin(void)
{
	struct mcuboot_img_header header;

	boot.reset_reason = nrfx_reset_reason_get();
	/* The register adds up: without this the next boot would show this boot's reason, too. */
	nrfx_reset_reason_clear(boot.reset_reason);
	hil_retained_count((struct hil_retained *)DT_REG_ADDR(RETAINED), &boot);
	boot.self_test = HIL_SELF_TEST_NAME;
	if (boot_read_bank_header(FIXED_PARTITION_ID(slot0_partition), &header, sizeof(header)) ==
	    0) {
		boot.version.major = header.h.v1.sem_ver.major;
		boot.version.minor = header.h.v1.sem_ver.minor;
		boot.version.revision = header.h.v1.sem_ver.revision;
		boot.version.build = header.h.v1.sem_ver.build_num;
	}
}

const struct hil_boot *hil_boot_now(void)
{
	boot.confirmed = boot_is_img_confirmed();
	return &boot;
}
