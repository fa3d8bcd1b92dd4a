import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { writeBuild } from "../../board/testing/build-folders.ts";
import { generateKey } from "../../image/index.ts";
import { initCommand } from "../init/init.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { boardCheckCommand } from "./check.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "hil-check-build-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));

/** A build, the twin that it makes, and what the check says of the two once a line was changed. */
async function checked(name: string, change: (profile: string) => string = (text) => text, build = name) {
  const { folder } = writeBuild(name, join(FOLDER, name, "build"));
  const file = join(FOLDER, name, "twin.yaml");
  await initCommand(["--from-build", folder, "--provider", "twin", "--out", file, "--force"], memoryIo());
  writeFileSync(file, change(readFileSync(file, "utf8")));
  const io = memoryIo();
  const other = writeBuild(build, join(FOLDER, build, "build")).folder;
  const code = await boardCheckCommand(["--board", file, "--build", other, "--no-power", "--json"], io);
  const { checks } = JSON.parse(io.printed()) as { checks: readonly { name: string; outcome: string; text: string }[] };
  return { code, checks, failed: checks.filter(({ outcome }) => outcome === "failed") };
}

describe("hil board check --build", () => {
  test("finds nothing on a board that its own build made, and says what the board confirms", async () => {
    const { code, failed, checks } = await checked("dk-move");
    expect([code, failed]).toEqual([0, []]);
    expect(checks).toContainEqual({
      name: "slot primary",
      outcome: "ok",
      text: "0x10000+0x40000, as the board says",
    });
    expect(checks.find(({ name }) => name === "board: mode")?.outcome).toBe("ok");
  });

  test("names build, line and profile for a slot in the wrong place", async () => {
    const { code, failed } = await checked("dk-move", (text) => text.replace("offset: 0x10000", "offset: 0xc000"));
    expect(code).toBe(3);
    expect(failed).toEqual([
      {
        name: "slot primary",
        outcome: "failed",
        text: expect.stringMatching(
          /^the build has 0x10000\+0x40000 \(mcuboot\/zephyr\/zephyr\.dts:\d+ slot0_partition\), the profile 0xc000\+0x40000 \(.*twin\.yaml:\d+\)\.$/,
        ),
      },
    ]);
  });

  test("explains a profile of before the move to devicetree", async () => {
    const old = (text: string) => text.replace("offset: 0x10000, bytes: 0x58000", "offset: 0xc000, bytes: 0x58000");
    const { failed } = await checked("dk-ncs34-devicetree", old);
    expect(failed.map(({ name }) => name)).toEqual(["slot primary"]);
    expect(failed[0]?.text).toContain("The Partition Manager is off: zephyr.dts counts");
  });

  test("finds a board that runs another build, an image that is linked elsewhere, and a key that did not sign it", async () => {
    const sign = join(FOLDER, "other.pem");
    writeFileSync(sign, generateKey("ecdsa-p256"));
    const { failed } = await checked(
      "dk-move",
      (text) => text.replace(/signing: "[^"]+"/, `signing: "${sign}"`),
      "dk-scratch",
    );
    const said = Object.fromEntries(failed.map(({ name, text }) => [name, text]));
    expect(said["bootloader.mode"]).toMatch(
      /the build says swap-scratch .*BOOT_SWAP_USING_SCRATCH\), the profile swap-move/,
    );
    expect(said["board: mode"]).toMatch(/the build says swap-scratch .*the board swap-move/);
    expect(said["app/zephyr/zephyr.signed.bin: signature"]).toMatch(/not by the profile's key/);
  });

  test("finds an image whose code is linked for another slot, as a half-made move to devicetree leaves it", async () => {
    const { folder } = writeBuild("dk-move", join(FOLDER, "moved", "build"));
    const elsewhere = writeBuild("ncs171-child-images", join(FOLDER, "elsewhere", "build"));
    writeFileSync(join(folder, "app/zephyr/zephyr.signed.bin"), elsewhere.signed);
    const file = join(FOLDER, "moved", "twin.yaml");
    await initCommand(["--from-build", folder, "--provider", "twin", "--out", file], memoryIo());
    const io = memoryIo();
    expect(await boardCheckCommand(["--board", file, "--build", folder, "--no-power"], io)).toBe(3);
    expect(io.printed()).toMatch(
      /failed +app\/zephyr\/zephyr\.signed\.bin: place +not linked for the primary slot at 0x10000/,
    );
  });
});
