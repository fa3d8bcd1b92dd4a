import { describe, expect, test } from "@jest/globals";
import { Random, sleep } from "../../core/index.ts";
import { type LoadedProfile, loadProfile, parseProfile } from "../profile/profile.ts";
import { openTwin } from "./twin.ts";

const twinProfile = () => loadProfile("twin", { cwd: "/" });
const options = (seed = 1) => ({ random: Random.fromSeed(seed) });

async function edited(find: string | RegExp, replacement: string): Promise<LoadedProfile> {
  const { text, file } = await twinProfile();
  const changed = text.replace(find, replacement);
  expect(changed).not.toBe(text);
  return parseProfile(changed, file);
}

describe("the simulated board of a profile", () => {
  test("runs a factory image in virtual time, and its switch takes its power away", async () => {
    await using board = await openTwin(await twinProfile(), options());
    expect(board.clock.kind).toBe("virtual");
    await sleep(board.clock, 1500);
    const { images } = await board.smp.imageState();
    expect(images.map(({ version, active, confirmed }) => ({ version, active, confirmed }))).toEqual([
      { version: "0.1.0", active: true, confirmed: true },
    ]);
    await board.power.set("off");
    await expect(board.smp.echo("there")).rejects.toThrow("waited");
  });

  test("has a flasher, and no erase counts to keep: it is born anew for each run", async () => {
    await using board = await openTwin(await twinProfile(), options());
    expect([typeof board.flasher?.programPrimary, board.wear]).toEqual(["function", undefined]);
  });

  test("says the same in the same microsecond for the same seed", async () => {
    const logs: unknown[] = [];
    for (const seed of [7, 7]) {
      await using board = await openTwin(await twinProfile(), options(seed));
      await sleep(board.clock, 1500);
      logs.push(board.logs.app.since(0));
    }
    expect(logs[0]).toEqual(logs[1]);
    expect(logs[0]).not.toEqual([]);
  });

  test("has two ports, and names them when a profile wants another", async () => {
    const wrong = await edited('"twin:app"', '"twin:net"');
    await expect(openTwin(wrong, options())).rejects.toThrow("names a port that a twin does not have");
    await expect(openTwin(wrong, options())).rejects.toMatchObject({
      kind: "configuration",
      hint: "A twin in process has twin:app and twin:relay.",
    });
  });
});
