/*
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HIL_PADDING_H_
#define HIL_PADDING_H_

/* Bytes that make the image as large as a test wants it. */
extern const unsigned char hil_padding[];

#endif
