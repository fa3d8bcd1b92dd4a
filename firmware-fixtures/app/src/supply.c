/*
 * SPDX-License-Identifier: Apache-2.0
 */
#include "supply.h"

#include <errno.h>
#include <zephyr/drivers/adc.h>

static const struct adc_dt_spec vdd = ADC_DT_SPEC_GET(DT_PATH(zephyr_user));

int hil_supply_mv(int32_t *mv)
{
	int16_t sample = 0;
	struct adc_sequence sequence = {.buffer = &sample, .buffer_size = sizeof(sample)};
	int rc;

	if (!device_is_ready(vdd.dev)) {
		return -ENODEV;
	}
	rc = adc_channel_setup_dt(&vdd);
	if (rc == 0) {
		rc = adc_sequence_init_dt(&vdd, &sequence);
	}
	if (rc == 0) {
		rc = adc_read(vdd.dev, &sequence);
	}
	if (rc != 0) {
		return rc;
	}
	*mv = sample;
	return adc_raw_to_millivolts_dt(&vdd, mv);
}
