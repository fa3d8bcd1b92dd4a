import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { loadProfile } from "../../board/index.ts";
import { BUILD_SHAPES, writeBuild } from "../../board/testing/build-folders.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { initCommand } from "./init.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hil-from-build-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const SHAPE = BUILD_SHAPES[0]?.name ?? "";

async function emulated(hexFiles: readonly string[], shape = SHAPE) {
  const build = join(folder, "build");
  writeBuild(shape, build);
  for (const name of hexFiles) {
    mkdirSync(dirname(join(build, name)), { recursive: true });
    writeFileSync(join(build, name), ":00000001FF\n");
  }
  const io = { ...memoryIo(), cwd: folder };
  const argv = ["--from-build", "build", "--provider", "emulated", "--out", "boards/mine.yaml"];
  expect(await initCommand(argv, io, async () => [])).toBe(0);
  const loaded = await loadProfile(join(folder, "boards", "mine.yaml"), { cwd: folder });
  return { loaded, text: readFileSync(loaded.file, "utf8") };
}

describe("hil init --from-build --provider emulated", () => {
  test("names bootloader and signed application of the build, from the profile's folder on", async () => {
    const { loaded } = await emulated(["mcuboot/zephyr/zephyr.hex", "app/zephyr/zephyr.signed.hex"]);
    expect(loaded.profile.emulated).toEqual({
      chip: "nrf5340",
      firmware: ["../build/mcuboot/zephyr/zephyr.hex", "../build/app/zephyr/zephyr.signed.hex"],
    });
    expect(loaded.profile).toMatchObject({ provider: "emulated", power: { driver: "emulated" } });
    expect(loaded.profile.ports).toMatchObject({ app: { path: "emulated:uart" }, net: { path: "emulated:net" } });
  });

  test("takes merged files before those of single images", async () => {
    const names = ["merged.hex", "merged_CPUNET.hex", "mcuboot/zephyr/zephyr.hex", "app/zephyr/zephyr.signed.hex"];
    const { loaded } = await emulated(names);
    expect(loaded.profile.emulated).toMatchObject({
      firmware: ["../build/merged.hex"],
      networkFirmware: ["../build/merged_CPUNET.hex"],
    });
  });

  test("without both images names none, and says where to name them", async () => {
    const { loaded, text } = await emulated(["mcuboot/zephyr/zephyr.hex"]);
    expect(loaded.profile.emulated).toEqual({ chip: "nrf5340" });
    expect(text).toContain("  # firmware: name it here, or with --firmware\n");
  });

  test("without a build is the emulated board that ships with hil, under another name", async () => {
    const io = { ...memoryIo(), cwd: folder };
    expect(await initCommand(["--provider", "emulated", "--name", "two", "-o", "two.yaml"], io, async () => [])).toBe(
      0,
    );
    const { profile } = await loadProfile(join(folder, "two.yaml"), { cwd: folder });
    expect(profile).toMatchObject({ name: "two", provider: "emulated", emulated: { chip: "nrf5340" } });
  });
});
