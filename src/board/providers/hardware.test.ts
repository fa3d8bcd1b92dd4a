import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Random, RealClock } from "../../core/index.ts";
import { openPty } from "../../serial/index.ts";
import { loadProfile } from "../profile/profile.ts";
import { openHardware } from "./hardware.ts";

const profile = (uart: string, relay: string) => `schema: 1
name: lab-07
provider: hardware
ports: { app: { path: "${uart}" } }
power: { driver: lcus, port: { path: "${relay}" }, channel: 1, contact: NO, cuts: soc }
slots:
  primary: { offset: 0x10000, bytes: 0x74000 }
  secondary: { offset: 0x84000, bytes: 0x74000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`;

const options = { random: Random.fromSeed(1) };

async function lab(uart: string, relay: string) {
  const folder = mkdtempSync(join(tmpdir(), "hil-hardware-"));
  mkdirSync(join(folder, "dev"));
  writeFileSync(join(folder, "lab-07.yaml"), profile(uart, relay));
  return { folder, loaded: await loadProfile("lab-07.yaml", { cwd: folder }) };
}

describe("a board on serial ports", () => {
  test("finds a relative port from its profile, wherever the command was started", async () => {
    const clock = new RealClock();
    const { folder, loaded } = await lab("dev/uart", "./dev/relay");
    const uart = await openPty({ clock });
    await using _uart = uart.link;
    const relay = await openPty({ clock });
    await using _relay = relay.link;
    symlinkSync(uart.path, join(folder, "dev/uart"));
    symlinkSync(relay.path, join(folder, "dev/relay"));
    await using board = await openHardware(loaded, options);
    expect(board.clock.kind).toBe("real");
    const frame = relay.link.chunks[Symbol.asyncIterator]().next();
    await board.power.set("on");
    expect((await frame).value?.bytes).toEqual(Uint8Array.of(0xa0, 1, 1, 0xa2));
  });

  test("keeps its erase counts beside the profile", async () => {
    const clock = new RealClock();
    const uart = await openPty({ clock });
    await using _uart = uart.link;
    const relay = await openPty({ clock });
    await using _relay = relay.link;
    const { folder, loaded } = await lab(uart.path, relay.path);
    writeFileSync(join(folder, "lab-07.wear.json"), '{ "schema": 1, "cycles_by_page": { "16": 5 } }');
    await using board = await openHardware(loaded, options);
    expect(board.wear?.load()).toEqual({ 16: 5 });
  });

  test("whose port is not there is the bench's failure and names the path that was looked at", async () => {
    const { folder, loaded } = await lab("dev/uart", "dev/relay");
    await expect(openHardware(loaded, options)).rejects.toMatchObject({ kind: "bench" });
    await expect(openHardware(loaded, options)).rejects.toThrow(join(folder, "dev/relay"));
  });
});
