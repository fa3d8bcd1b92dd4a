/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The fixture's plain C on this machine, against a sink of three functions. Prints what it
 * found, one fact a line, as NAME=VALUE; peers/firmware-fixture.test.ts builds and reads it.
 */
#include "../app/src/facts.h"
#include "../app/src/retained.h"
#include "../common/net_report.h"

#include <stdio.h>
#include <string.h>

struct sink {
	int room;
	char told[512];
};

static bool put(struct sink *sink, const char *key, const char *value)
{
	if (sink->room-- <= 0) {
		return false;
	}
	snprintf(sink->told + strlen(sink->told), sizeof(sink->told) - strlen(sink->told), "%s:%s ", key,
		 value);
	return true;
}

static bool put_text(void *to, const char *key, const char *value)
{
	return put(to, key, value);
}

static bool put_number(void *to, const char *key, uint32_t value)
{
	char text[12];

	snprintf(text, sizeof(text), "%lu", (unsigned long)value);
	return put(to, key, text);
}

static bool put_flag(void *to, const char *key, bool value)
{
	return put(to, key, value ? "true" : "false");
}

static void boots(void)
{
	struct hil_retained retained;
	struct hil_boot boot = {0};
	static const struct {
		const char *name;
		int flip_words;
		uint32_t flip_mask;
		int spoil_count;
	} steps[] = {
		{"first", HIL_PATTERN_WORDS, 0x5a5a5a5a, 0}, {"reset", 0, 0, 0},
		{"again", 0, 0, 0},                          {"one bit", 1, 1, 0},
		{"after decay", 0, 0, 0},                    {"an eighth", HIL_PATTERN_WORDS, 0x11100010, 0},
		{"more", HIL_PATTERN_WORDS, 0x11111001, 0},  {"count spoilt", 0, 0, 1},
	};

	memset(&retained, 0xa5, sizeof(retained));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for (int word = 0; word < steps[i].flip_words; word++) {
			retained.pattern[word] ^= steps[i].flip_mask;
		}
		retained.boots ^= steps[i].spoil_count;
		hil_retained_count(&retained, &boot);
		printf("%s=%s %lu %lu\n", steps[i].name, hil_ram_name(boot.ram),
		       (unsigned long)boot.boots, (unsigned long)boot.flipped);
	}
}

static void reports(void)
{
	struct hil_boot boot = {
		.version = {1, 2, 3, 0}, .reset_reason = 1u << 3, .boots = 4, .self_test = "waits"};

	for (int room = 0; room <= 9; room++) {
		struct sink sink = {.room = room};
		struct hil_sink to = {
			.to = &sink, .text = put_text, .number = put_number, .flag = put_flag};

		printf("room %d=%s\n", room, hil_report_boot(&boot, 5, &to) ? sink.told : "full");
	}
}

static void versions(void)
{
	static const struct hil_version all[] = {
		{0, 0, 0, 0}, {1, 2, 3, 4}, {255, 255, 65535, 4294967295u}};
	char text[HIL_VERSION_MAX];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		hil_version_text(&all[i], text);
		printf("version %d=%s\n", (int)i, text);
	}
}

static void reasons(void)
{
	for (int bit = 0; bit < 32; bit++) {
		printf("bit %d=%s\n", bit, hil_reset_name(1u << bit));
	}
	printf("none=%s\n", hil_reset_name(0));
	printf("watchdog and pin=%s\n", hil_reset_name(1u << 1 | 1u << 0));
}

static void network(void)
{
	struct hil_net_report report;
	uint32_t version = 0;
	uint32_t beats = 0;

	memset(&report, 0xff, sizeof(report));
	printf("net unwritten=%d\n", hil_net_report_read(&report, &version, &beats));
	hil_net_report_write(&report, 7, 41);

	bool whole = hil_net_report_read(&report, &version, &beats);

	printf("net whole=%d %lu %lu\n", whole, (unsigned long)version, (unsigned long)beats);
	/* As seen between the second and the third word of the next beat. */
	report.beats = 42;
	printf("net torn=%d\n", hil_net_report_read(&report, &version, &beats));
	hil_net_report_write(&report, 7, 42);
	hil_net_report_clear(&report);
	printf("net cleared=%d\n", hil_net_report_read(&report, &version, &beats));
}

int main(void)
{
	boots();
	reports();
	versions();
	reasons();
	network();
	return 0;
}
