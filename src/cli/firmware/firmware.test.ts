import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { loadProfile } from "../../board/index.ts";
import { BUILD_SHAPES, writeBuild } from "../../board/testing/build-folders.ts";
import { InterruptedError, Random } from "../../core/index.ts";
import {
  formatVersion,
  generateKey,
  isMarkedEncrypted,
  loadPrivateKey,
  parseImage,
  verifyImage,
} from "../../image/index.ts";
import type { CliIo } from "../terminal/io.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { firmwareCommand } from "./firmware.ts";
import { FIRMWARE_VARIANTS } from "./variants.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hil-firmware-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function written(path: string, text: string): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** A workspace as `west update` leaves it, with the little that is looked at. */
function workspace(version = "4.4.0"): void {
  const [major, minor, patch] = version.split(".");
  written("sdk/zephyr/VERSION", `VERSION_MAJOR = ${major}\nVERSION_MINOR = ${minor}\nPATCHLEVEL = ${patch}\n`);
  written("sdk/zephyr/share/sysbuild/Kconfig", "config BOOTLOADER_MCUBOOT\n");
  written("sdk/zephyr/boards/nordic/nrf5340dk/board.yml", "");
  const options = FIRMWARE_VARIANTS.flatMap(({ mode, encryption }) => [
    ...mode.mcuboot.map(([name]) => name),
    ...(encryption ? [encryption.mcuboot] : []),
  ]);
  const kconfig = [...new Set([...options, "BOOT_ENCRYPTION_KEY_FILE"])].map((name) => `config ${name}\n\tbool\n`);
  written("sdk/bootloader/mcuboot/boot/zephyr/Kconfig", kconfig.join("\n"));
}

const SHAPE = BUILD_SHAPES.find(({ encrypts, childImages }) => encrypts && !childImages)?.name ?? "";

/** A `cmake` that "builds" what was prepared, as far as its first argument is -B's command; `script` comes before. */
function pretendedCmake(script = ""): Readonly<Record<string, string>> {
  writeBuild(SHAPE, join(folder, "prepared"));
  const payload = Random.fromSeed(1).bytes(6_000);
  mkdirSync(join(folder, "prepared", "app", "zephyr"), { recursive: true });
  const room = new Uint8Array(512);
  writeFileSync(join(folder, "prepared", "app", "zephyr", "zephyr.bin"), Buffer.concat([room, payload]));
  for (const name of ["mcuboot/zephyr/zephyr.hex", "app/zephyr/zephyr.signed.hex"]) {
    written(join("prepared", name), ":00000001FF\n");
  }
  written(
    "bin/cmake",
    `#!/bin/sh\n${script}\nif [ "$1" = --build ]; then cp -r ${folder}/prepared/. "$2"; echo "[3/3] Linked"; fi\n`,
  );
  chmodSync(join(folder, "bin", "cmake"), 0o755);
  return { PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}` };
}

async function firmware(argv: readonly string[], more: Partial<CliIo> = {}) {
  const io = memoryIo({ cwd: folder, ...more });
  return { io, ...(await complaintOf(firmwareCommand(argv, io))) };
}

describe("hil firmware list", () => {
  test("shows each variant", async () => {
    const { io } = await firmware(["list", "--json"]);
    expect(JSON.parse(io.printed())).toEqual(FIRMWARE_VARIANTS.map(({ name, about }) => ({ name, about })));
    expect((await firmware(["list"])).io.printed().trim().split("\n")).toHaveLength(FIRMWARE_VARIANTS.length);
  });
});

describe("hil firmware build", () => {
  const BUILD = ["build", "swap-move", "--sdk", "sdk", "-o", "out"];

  test("makes keys, both versions plain and encrypted, and a profile that runs them", async () => {
    workspace();
    const { io, code, text } = await firmware(BUILD, { env: pretendedCmake() });
    expect({ code, text }).toEqual({ code: 0, text: "no complaint" });
    const images = ["app-1.0.0.bin", "app-1.0.0.encrypted.bin", "app-2.0.0.bin", "app-2.0.0.encrypted.bin"].map(
      (name) => parseImage(readFileSync(join(folder, "out", name))),
    );
    expect(images.map(({ header }) => formatVersion(header.version))).toEqual([
      "1.0.0+0",
      "1.0.0+0",
      "2.0.0+0",
      "2.0.0+0",
    ]);
    expect(images.map((image) => isMarkedEncrypted(image.header))).toEqual([false, true, false, true]);
    const { profile } = await loadProfile(join(folder, "out", "emulated.yaml"), { cwd: folder });
    expect(profile).toMatchObject({ provider: "emulated", emulated: { chip: "nrf5340" } });
    expect(statSync(join(folder, "out", "keys", "signing.pem")).mode & 0o077).toBe(0);
    expect(io.printed()).toContain("hil run out/app-1.0.0.bin out/app-2.0.0.encrypted.bin --board out/emulated.yaml\n");
    expect(io.printed()).toContain("          3 of 3\n");
  });

  test("signs with the same keys when it is run again, and with those that are named", async () => {
    workspace();
    const env = pretendedCmake();
    await firmware(BUILD, { env });
    const made = readFileSync(join(folder, "out", "keys", "signing.pem"), "utf8");
    expect((await firmware(BUILD, { env })).code).toBe(0);
    expect(readFileSync(join(folder, "out", "keys", "signing.pem"), "utf8")).toBe(made);
    writeFileSync(join(folder, "mine.pem"), generateKey("ecdsa-p256"));
    const named = ["build", "swap-move-plain", "--sdk", "sdk", "-o", "other", "--signing", "mine.pem"];
    expect((await firmware([...named, "--image-version", "7.1.0"], { env })).code).toBe(0);
    expect(existsSync(join(folder, "other", "keys"))).toBe(false);
    const image = readFileSync(join(folder, "other", "app-7.1.0.bin"));
    const key = loadPrivateKey(readFileSync(join(folder, "mine.pem"), "utf8"), {});
    expect(verifyImage(image, { publicKey: key }).ok).toBe(true);
  });

  test("that fails ends with what the tool said, and where all of it is; no image is left", async () => {
    workspace();
    const env = pretendedCmake('if [ "$1" = --build ]; then echo "main.c:3: error: no such thing"; exit 1; fi');
    const { code, text } = await firmware(BUILD, { env });
    expect(code).toBe(2);
    expect(text).toMatch(/cmake ended with 1: .*main\.c:3: error: no such thing.*out\/build\.log/);
    expect(existsSync(join(folder, "out", "app-1.0.0.bin"))).toBe(false);
    expect(readFileSync(join(folder, "out", "build.log"), "utf8")).toContain("main.c:3: error: no such thing");
  });

  test("ends with Ctrl-C, and with it the build tool", async () => {
    workspace();
    const stop = new AbortController();
    const env = pretendedCmake(`echo $$ > ${join(folder, "pid")}; echo "[1/1] began"; sleep 600`);
    const abort = () => stop.abort(new InterruptedError("told to stop"));
    const io = { env, signal: stop.signal, out: (said: string) => said.includes("1 of 1") && abort() };
    const { code } = await firmware(BUILD, io);
    expect(code).toBe(4);
    const pid = Number(readFileSync(join(folder, "pid"), "utf8"));
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  test.each([
    [["build"], /wants a variant: swap-move, /],
    [["build", "swap-mvoe"], /"swap-mvoe" is not a variant\. Did you mean swap-move\?/],
    [["build", "swap-move"], /no SDK is named: --sdk, or ZEPHYR_BASE.*west init/s],
    [["build", "swap-move", "--sdk", "nothing"], /nothing holds no Zephyr tree with sysbuild/],
    [[...BUILD, "--self-test", "explodes"], /"explodes" is not a self-test/],
    [[...BUILD, "--with", "wings"], /"wings" is not a part to build/],
    [[...BUILD, "--pad-kib", "900"], /--pad-kib/],
    [[...BUILD, "--image-version", "1.x"], /Invalid version number/],
    [[...BUILD, "--board", "nrf9160dk"], /"nrf9160dk" is not a board of the fixture/],
    [["bulid"], /Did you mean "hil firmware build"/],
    [[...BUILD, "--signing", "lost.pem"], /--signing: there is no file lost\.pem/],
  ])("%j is refused before anything is made", async (argv, said) => {
    workspace();
    const { code, text } = await firmware(argv);
    expect(text).toMatch(said);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "out"))).toBe(false);
  });

  test("of what this MCUboot does not have makes no keys", async () => {
    workspace();
    written("sdk/bootloader/mcuboot/boot/zephyr/Kconfig", "config BOOT_SWAP_USING_MOVE\n");
    const { code, text } = await firmware(["build", "swap-offset", "--sdk", "sdk", "-o", "out"]);
    expect(text).toMatch(/has no CONFIG_BOOT_SWAP_USING_OFFSET/);
    expect([code, existsSync(join(folder, "out"))]).toEqual([2, false]);
  });

  test("wants Zephyr 3.4 or newer, and MCUboot beside it", async () => {
    workspace("3.3.0");
    expect((await firmware(BUILD)).text).toMatch(/is Zephyr 3\.3\.0.*wants 3\.4 or newer/);
    workspace();
    rmSync(join(folder, "sdk", "bootloader"), { recursive: true });
    expect((await firmware(BUILD)).text).toMatch(/bootloader\/mcuboot is not there.*west update/s);
    workspace();
    rmSync(join(folder, "sdk", "zephyr", "VERSION"));
    expect((await firmware(BUILD)).text).toMatch(/VERSION says no version/);
  });
});
