import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { hex, Random, RealClock } from "../../core/index.ts";
import { ThumbProgram } from "../../emulator/testing/programs.ts";
import { memoryLinks, serveTcp } from "../../serial/index.ts";
import { loadProfile, parseProfile } from "../profile/profile.ts";
import { withFirmware } from "../profile/with-firmware.ts";
import { GdbClient } from "../qemu/gdb.ts";
import { serveEmulated } from "./serve-emulated.ts";

const clock = new RealClock();
const COUNTER = 0x2000_0100;
const folder = mkdtempSync(join(tmpdir(), "hil-served-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A board without keys whose firmware counts in RAM, for ever. */
async function counting() {
  const { text, file } = await loadProfile("emulated", { cwd: "/" });
  const unsigned = text.replace(
    /keys:[^]*?\n\nimages: \{ encryption: optional/u,
    "keys: { signing: none }\n\nimages: { encryption: none",
  );
  const firmware = join(folder, "counting.bin");
  // ldr r0, =COUNTER; adds r1, #1; str r1, [r0]; b: back to the addition
  const program = new ThumbProgram().op(0x2100).ldr(0, COUNTER).op(0x3101, 0x6001, 0xe7fc);
  writeFileSync(firmware, program.image(0, 0x2000_8000));
  return withFirmware(parseProfile(unsigned, file), { firmware: [firmware], network: [], cwd: "/" });
}

describe("serveEmulated with a debugger", () => {
  test("stands at the first instruction until the debugger lets it run, and stops where it is told", async () => {
    const stop = new AbortController();
    await using server = await serveTcp({ port: 0, clock });
    const [uart] = memoryLinks({ clock });
    const options = { links: [uart], clock, random: Random.fromSeed(1), signal: stop.signal, debugger: server };
    const served = serveEmulated(await counting(), options);
    const gdb = await GdbClient.open({ host: "127.0.0.1", port: server.port }, clock, stop.signal);
    const counter = async () => hex(await gdb.readMemory(COUNTER, 4));
    expect(await counter()).toBe("00000000");
    for (let step = 0; step < 4; step += 1) await gdb.step();
    expect(await counter()).toBe("01000000");
    let stopped = await counter();
    while (stopped === "01000000") {
      gdb.resume();
      expect(await gdb.interrupt()).toBe(true);
      stopped = await counter();
    }
    expect(await counter()).toBe(stopped);
    gdb.close();
    stop.abort();
    expect(await served).toEqual([]);
  });
});
