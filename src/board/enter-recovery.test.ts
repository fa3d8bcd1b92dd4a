import { describe, expect, test } from "@jest/globals";
import { Random, sleep } from "../core/index.ts";
import { RECOVERY_WAYS } from "../mcuboot/index.ts";
import { enterSerialRecovery } from "./enter-recovery.ts";
import { resourcesOf } from "./lease/lease.ts";
import { openBoard } from "./open.ts";
import { type LoadedProfile, loadProfile, parseProfile } from "./profile/profile.ts";

const PRESS = `{ driver: lcus, port: { path: "twin:relay" }, channel: 2, contact: NO }`;
const signal = new AbortController().signal;

/** The twin's profile, its bootloader built with some ways, its bench with one. */
async function profileWith(built: string, section: string): Promise<LoadedProfile> {
  const { text, file } = await loadProfile("twin", { cwd: "/" });
  const mode = "mode: swap-move";
  return parseProfile(text.replace(mode, `recovery: [${built}]\n  ${mode}`).concat(`\nrecovery: ${section}\n`), file);
}

const sectionOf = (way: string) =>
  way === "button" || way === "pin-reset" ? `{ enter: ${way}, press: ${PRESS} }` : `{ enter: ${way} }`;

async function boardWith(built: string, section: string) {
  const board = await openBoard(await profileWith(built, section), { random: Random.fromSeed(1) });
  await sleep(board.clock, 2000);
  return board;
}

describe("a board is brought into serial recovery", () => {
  test.each(RECOVERY_WAYS.map(({ name }) => name))("by %s, as its profile says, and a reset ends it", async (way) => {
    await using board = await boardWith(way, sectionOf(way));
    if (way === "no-application") await board.flasher?.programPrimary(new Uint8Array(64));
    await enterSerialRecovery(board, signal);
    expect(await board.smp.dialect()).toBe("mcuboot recovery");
    if (way === "no-application") return;
    await board.smp.reset();
    await sleep(board.clock, 3000);
    // The button is not held any more.
    expect(await board.smp.dialect()).toBe("application");
  });

  test.each([
    ["button", "Is its bootloader built with CONFIG_BOOT_SERIAL_ENTRANCE_GPIO? Does recovery.press reach the button"],
    ["no-application", "comes by itself only where no image can be booted"],
  ])("or it says that its application answers, and what to look at: %s", async (way, hint) => {
    const loaded = await profileWith(way, sectionOf(way));
    const { profile } = loaded;
    // The profile believes what its bootloader cannot do.
    const built = { ...loaded, profile: { ...profile, bootloader: { ...profile.bootloader, recovery: [] } } };
    await using board = await openBoard(built, { random: Random.fromSeed(1) });
    await expect(enterSerialRecovery(board, signal)).rejects.toMatchObject({
      exitCode: 3,
      message: "twin is not in serial recovery: its application answers.",
      hint: expect.stringContaining(hint),
    });
  });

  test("or it says that nothing answers, in bounded time", async () => {
    await using board = await boardWith("wait", "{ enter: wait }");
    await board.flasher?.programPrimary(new Uint8Array(64));
    const silent = {
      ...board,
      profile: { ...board.profile, recovery: { enter: "no-application" as const, press: undefined } },
    };
    // Not one request in the half second that it waits: there is nothing it could start then.
    await board.power.set("off");
    silent.power = { ...board.power, facts: board.power.facts, set: async () => ({ sentAtUs: 0 }) };
    await expect(enterSerialRecovery(silent, signal)).rejects.toThrow(
      "is not in serial recovery: nothing answered for 130 s.",
    );
  });
});

describe("a profile that says how", () => {
  test.each([
    [
      "button",
      `{ enter: pin-reset, press: ${PRESS} }`,
      /recovery\.enter is "pin-reset"; must be among bootloader\.recovery \(button\)/,
    ],
    ["button", "{ enter: button }", /recovery\.press is missing: the switch that presses it/],
    ["boot-mode", `{ enter: boot-mode, press: ${PRESS} }`, /recovery\.press has no use with enter: boot-mode/],
    ["button", `{ enter: button, press: ${PRESS.replace("channel: 2", "channel: 1")} }`, /own supply/],
    ["button", `{ enter: button, press: ${PRESS.replace("twin:relay", "twin:app")} }`, /is ports\.app/],
    ["button", `{ enter: button, press: ${PRESS.replace("twin:relay", "/dev/relay")} }`, /must be lcus on twin:relay/],
    ["button", "{ enter: button, press: { driver: lcuss } }", /recovery\.press/],
    ["knob", "{ enter: button }", /bootloader\.recovery/],
  ])("but wrongly is refused by its field: [%s] %s", async (built, section, said) => {
    await expect(profileWith(built, section)).rejects.toThrow(said);
  });

  test("has the button's channel in its lease, so that two runs do not press at once", async () => {
    const { profile, file, ...rest } = await profileWith("button", sectionOf("button"));
    const board = { ...rest, file, profile: { ...profile, provider: "hardware" as const } };
    const names = (await resourcesOf(board, { ports: [] })).map(({ name }) => name);
    expect(names).toContain("the power switch lcus (channel 1)");
    expect(names).toContain("the power switch lcus (channel 2)");
  });
});
