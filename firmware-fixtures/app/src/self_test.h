/*
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HIL_SELF_TEST_H_
#define HIL_SELF_TEST_H_

#if defined(CONFIG_HIL_SELF_TEST_CONFIRMS)
#define HIL_SELF_TEST_NAME "confirms"
#elif defined(CONFIG_HIL_SELF_TEST_REFUSES)
#define HIL_SELF_TEST_NAME "refuses"
#elif defined(CONFIG_HIL_SELF_TEST_HANGS)
#define HIL_SELF_TEST_NAME "hangs"
#elif defined(CONFIG_HIL_SELF_TEST_CRASHES)
#define HIL_SELF_TEST_NAME "crashes"
#elif defined(CONFIG_HIL_SELF_TEST_RESETS)
#define HIL_SELF_TEST_NAME "resets"
#else
#define HIL_SELF_TEST_NAME "waits"
#endif

/* Does what the build was asked for. May not return. */
void hil_self_test(void);

/* These do not return. */
void hil_hang(void);
void hil_crash(void);
void hil_reset(void);

#endif
