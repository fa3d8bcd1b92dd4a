/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * SMP group 64 (the first that SMP leaves to applications): what this boot knows, and what it can be told to do.
 *
 *   0 read   this boot: version, boots, reset, reason, ram, flipped, confirmed, self_test, uptime
 *   1 read   the network core: net (its version), beats, alive; an empty map where it has told nothing
 *   2 read   the supply: mv
 *   3        a setting: write { key, value }, read { key }
 *   4 write  { do: hang | crash | reset }
 */
#include "boot.h"
#include "network.h"
#include "self_test.h"
#include "store.h"
#include "supply.h"

#include <errno.h>
#include <string.h>
#include <zcbor_common.h>
#include <zcbor_decode.h>
#include <zcbor_encode.h>
#include <zephyr/kernel.h>
#include <zephyr/mgmt/mcumgr/mgmt/handlers.h>
#include <zephyr/mgmt/mcumgr/mgmt/mgmt.h>
#include <zephyr/mgmt/mcumgr/smp/smp.h>

#define GROUP MGMT_GROUP_ID_PERUSER

static struct zcbor_string text_of(const char *text)
{
	return (struct zcbor_string){.value = (const uint8_t *)text, .len = strlen(text)};
}

static bool put_key(zcbor_state_t *to, const char *key)
{
	struct zcbor_string string = text_of(key);

	return zcbor_tstr_encode(to, &string);
}

static bool put_text(void *to, const char *key, const char *value)
{
	return put_key(to, key) && put_key(to, value);
}

static bool put_number(void *to, const char *key, uint32_t value)
{
	return put_key(to, key) && zcbor_uint32_put(to, value);
}

static bool put_flag(void *to, const char *key, bool value)
{
	return put_key(to, key) && zcbor_bool_put(to, value);
}

static int room(bool put)
{
	return put ? MGMT_ERR_EOK : MGMT_ERR_EMSGSIZE;
}

static int boot_read(struct smp_streamer *ctxt)
{
	struct hil_sink sink = {
		.to = ctxt->writer->zs, .text = put_text, .number = put_number, .flag = put_flag};

	return room(hil_report_boot(hil_boot_now(), k_uptime_get_32(), &sink));
}

static int network_read(struct smp_streamer *ctxt)
{
	zcbor_state_t *to = ctxt->writer->zs;
	struct hil_network network;

	if (!hil_network_look(&network)) {
		return MGMT_ERR_EOK;
	}
	return room(put_number(to, "net", network.version) &&
		    put_number(to, "beats", network.beats) &&
		    put_flag(to, "alive", network.alive));
}

static int supply_read(struct smp_streamer *ctxt)
{
	int32_t mv;

	if (!IS_ENABLED(CONFIG_HIL_SUPPLY)) {
		return MGMT_ERR_ENOTSUP;
	}
	if (hil_supply_mv(&mv) != 0) {
		return MGMT_ERR_EUNKNOWN;
	}
	return room(put_number(ctxt->writer->zs, "mv", mv < 0 ? 0 : mv));
}

struct wanted {
	const char *key;
	struct zcbor_string value;
	bool found;
};

/* Reads the text or byte strings of a request's map; entries that nobody wants are passed over. */
static bool read_strings(zcbor_state_t *from, struct wanted *wanted, size_t count)
{
	struct zcbor_string key;

	if (!zcbor_map_start_decode(from)) {
		return false;
	}
	while (zcbor_tstr_decode(from, &key)) {
		bool taken = false;

		for (size_t i = 0; i < count && !taken; i++) {
			if (strlen(wanted[i].key) == key.len &&
			    memcmp(wanted[i].key, key.value, key.len) == 0) {
				taken = zcbor_tstr_decode(from, &wanted[i].value) ||
					zcbor_bstr_decode(from, &wanted[i].value);
				wanted[i].found = taken;
			}
		}
		if (!taken && !zcbor_any_skip(from, NULL)) {
			return false;
		}
	}
	for (size_t i = 0; i < count; i++) {
		if (!wanted[i].found) {
			return false;
		}
	}
	return zcbor_map_end_decode(from);
}

static int setting_write(struct smp_streamer *ctxt)
{
	struct wanted wanted[] = {{.key = "key"}, {.key = "value"}};
	const struct zcbor_string *key = &wanted[0].value;
	const struct zcbor_string *value = &wanted[1].value;

	if (!IS_ENABLED(CONFIG_HIL_STORE)) {
		return MGMT_ERR_ENOTSUP;
	}
	if (!read_strings(ctxt->reader->zs, wanted, ARRAY_SIZE(wanted))) {
		return MGMT_ERR_EINVAL;
	}
	switch (hil_store_write(key->value, key->len, value->value, value->len)) {
	case 0:
		return MGMT_ERR_EOK;
	case -EINVAL:
		return MGMT_ERR_EINVAL;
	default:
		return MGMT_ERR_EUNKNOWN;
	}
}

static int setting_read(struct smp_streamer *ctxt)
{
	zcbor_state_t *to = ctxt->writer->zs;
	uint8_t bytes[HIL_STORE_VALUE_MAX];
	struct wanted wanted = {.key = "key"};
	struct zcbor_string value = {.value = bytes};
	int length;

	if (!IS_ENABLED(CONFIG_HIL_STORE)) {
		return MGMT_ERR_ENOTSUP;
	}
	if (!read_strings(ctxt->reader->zs, &wanted, 1)) {
		return MGMT_ERR_EINVAL;
	}
	length = hil_store_read(wanted.value.value, wanted.value.len, bytes, sizeof(bytes));
	if (length < 0) {
		return length == -ENOENT ? MGMT_ERR_ENOENT : MGMT_ERR_EUNKNOWN;
	}
	value.len = length;
	return room(put_key(to, "value") && zcbor_bstr_encode(to, &value));
}

/* After the answer has left: the host is to see that the request was taken. */
static void (*act_now)(void);

static void act(struct k_work *work)
{
	ARG_UNUSED(work);
	act_now();
}

static K_WORK_DELAYABLE_DEFINE(act_work, act);

static int act_write(struct smp_streamer *ctxt)
{
	static const struct {
		const char *name;
		void (*act)(void);
	} acts[] = {{"hang", hil_hang}, {"crash", hil_crash}, {"reset", hil_reset}};
	struct wanted wanted = {.key = "do"};

	if (!read_strings(ctxt->reader->zs, &wanted, 1)) {
		return MGMT_ERR_EINVAL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(acts); i++) {
		if (strlen(acts[i].name) == wanted.value.len &&
		    memcmp(acts[i].name, wanted.value.value, wanted.value.len) == 0) {
			act_now = acts[i].act;
			k_work_schedule(&act_work, K_MSEC(250));
			return MGMT_ERR_EOK;
		}
	}
	return MGMT_ERR_EINVAL;
}

static const struct mgmt_handler handlers[] = {
	{.mh_read = boot_read},
	{.mh_read = network_read},
	{.mh_read = supply_read},
	{.mh_read = setting_read, .mh_write = setting_write},
	{.mh_write = act_write},
};

static struct mgmt_group group = {
	.mg_handlers = handlers,
	.mg_handlers_count = ARRAY_SIZE(handlers),
	.mg_group_id = GROUP,
};

static void register_group(void)
{
	mgmt_register_group(&group);
}

MCUMGR_HANDLER_DEFINE(hil_group, register_group);
