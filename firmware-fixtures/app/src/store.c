/*
 * SPDX-License-Identifier: Apache-2.0
 */
#include "store.h"

#include <errno.h>
#include <string.h>
#include <zephyr/init.h>
#include <zephyr/kernel.h>
#include <zephyr/settings/settings.h>
#include <zephyr/sys/printk.h>

#define PREFIX "hil/"
#define NAME_MAX (sizeof(PREFIX) + HIL_STORE_KEY_MAX)

static int name_of(const uint8_t *key, size_t length, char name[NAME_MAX])
{
	if (length == 0 || length > HIL_STORE_KEY_MAX || memchr(key, '/', length) != NULL ||
	    memchr(key, '\0', length) != NULL || memchr(key, '=', length) != NULL) {
		return -EINVAL;
	}
	memcpy(name, PREFIX, sizeof(PREFIX) - 1);
	memcpy(name + sizeof(PREFIX) - 1, key, length);
	name[sizeof(PREFIX) - 1 + length] = '\0';
	return 0;
}

int hil_store_write(const uint8_t *key, size_t key_length, const uint8_t *value,
		    size_t value_length)
{
	char name[NAME_MAX];
	int rc = name_of(key, key_length, name);

	if (rc == 0 && (value_length == 0 || value_length > HIL_STORE_VALUE_MAX)) {
		rc = -EINVAL;
	}
	return rc != 0 ? rc : settings_save_one(name, value, value_length);
}

struct found {
	uint8_t *value;
	size_t room;
	int length;
};

static int take(const char *key, size_t length, settings_read_cb read_cb, void *cb_arg, void *param)
{
	struct found *found = param;

	/* What lies below the name is another setting. */
	if (key == NULL || key[0] == '\0') {
		found->length = length > found->room
					? -ENOMEM
					: (int)read_cb(cb_arg, found->value, length);
	}
	return 0;
}

int hil_store_read(const uint8_t *key, size_t key_length, uint8_t *value, size_t room)
{
	struct found found = {.value = value, .room = room, .length = -ENOENT};
	char name[NAME_MAX];
	int rc = name_of(key, key_length, name);

	if (rc == 0) {
		rc = settings_load_subtree_direct(name, take, &found);
	}
	return rc != 0 ? rc : found.length;
}

static int begin(void)
{
	int rc = settings_subsys_init();

	if (rc != 0) {
		printk("hil-app settings cannot be opened: %d\n", rc);
	}
	return 0;
}

SYS_INIT(begin, APPLICATION, 1);
