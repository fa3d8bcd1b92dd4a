/*
 * SPDX-License-Identifier: Apache-2.0
 */
#include "padding.h"

const unsigned char hil_padding[] = {
#include <hil_padding.inc>
};
