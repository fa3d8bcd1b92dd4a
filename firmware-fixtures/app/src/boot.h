/*
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HIL_BOOT_H_
#define HIL_BOOT_H_

#include "facts.h"

/* What was found when this boot began; `confirmed` is asked anew. */
const struct hil_boot *hil_boot_now(void);

/* Looks at RESETREAS, the retained RAM and the image header. Called once, before anything else. */
void hil_boot_begin(void);

#endif
