/*
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HIL_SUPPLY_H_
#define HIL_SUPPLY_H_

#include <stdint.h>

/* VDD in millivolts. Returns 0, or a negative errno. */
int hil_supply_mv(int32_t *mv);

#endif
