/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A volume for SMP's file group. It is mounted as it is: a volume that needs formatting after a loss of power is a finding,
 * and must not be mended in silence. Only one that was never written is formatted.
 */
#include <zephyr/fs/fs.h>
#include <zephyr/fs/littlefs.h>
#include <zephyr/init.h>
#include <zephyr/kernel.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/sys/printk.h>

#define VOLUME_ID FIXED_PARTITION_ID(hil_files_partition)

FS_LITTLEFS_DECLARE_DEFAULT_CONFIG(hil_files);

static struct fs_mount_t volume = {
	.type = FS_LITTLEFS,
	.fs_data = &hil_files,
	.storage_dev = (void *)VOLUME_ID,
	.mnt_point = "/lfs",
	.flags = FS_MOUNT_FLAG_NO_FORMAT,
};

static bool never_written(void)
{
	const struct flash_area *area;
	bool erased = true;
	uint32_t word;

	if (flash_area_open(VOLUME_ID, &area) != 0) {
		return false;
	}
	for (size_t at = 0; erased && at < area->fa_size; at += sizeof(word)) {
		erased = flash_area_read(area, at, &word, sizeof(word)) == 0 && word == UINT32_MAX;
	}
	flash_area_close(area);
	return erased;
}

static int begin(void)
{
	int rc;

	if (never_written()) {
		volume.flags &= ~FS_MOUNT_FLAG_NO_FORMAT;
		printk("hil-app files: formatted\n");
	}
	rc = fs_mount(&volume);
	printk("hil-app files: mount %d\n", rc);
	return 0;
}

SYS_INIT(begin, APPLICATION, 2);
