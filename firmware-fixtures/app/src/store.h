/*
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HIL_STORE_H_
#define HIL_STORE_H_

#include <stddef.h>
#include <stdint.h>

#define HIL_STORE_KEY_MAX 24
#define HIL_STORE_VALUE_MAX 128

/*
 * Keeps a value under "hil/KEY" in the settings. What returns 0 is in flash: it must be there after any later loss of
 * power. Returns -EINVAL for a key or a value that is empty or too long, or with a slash or NUL in the key.
 */
int hil_store_write(const uint8_t *key, size_t key_length, const uint8_t *value,
		    size_t value_length);

/* The value's length, -ENOENT where there is none, -EINVAL for a key that cannot be. */
int hil_store_read(const uint8_t *key, size_t key_length, uint8_t *value, size_t room);

#endif
