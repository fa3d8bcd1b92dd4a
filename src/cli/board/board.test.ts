import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { calibrationPath, loadProfile } from "../../board/index.ts";
import type { PortInfo } from "../../serial/index.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { BOARD_COMMANDS, boardCommand } from "./board.ts";
import { calibrationText } from "./calibrate.ts";
import { boardListCommand } from "./list.ts";

const complaint = (...argv: string[]) => complaintOf(boardCommand(argv, memoryIo()));

/** A switch on the open network, by plain HTTP, with a secret. */
const READABLE = `schema: 1
name: lab
provider: hardware
ports: { app: { path: /dev/hil-none } }
power: { driver: http, on: { url: "http://sw.example.org/", headers_env: { X: NOT_SET } }, off: { url: "http://sw.example.org/" }, cuts: soc }
slots:
  primary: { offset: 0x10000, bytes: 0x10000 }
  secondary: { offset: 0x20000, bytes: 0x10000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`;

describe("hil board", () => {
  test("warns of a password that is sent in clear, before anything is sent", async () => {
    const io = memoryIo();
    writeFileSync(join(io.cwd, "lab.yaml"), READABLE);
    await complaintOf(boardCommand(["power", "off", "--board", "lab.yaml"], io));
    expect(io.complained()).toBe(
      "hil: warning: lab sends a password to http://sw.example.org in clear, and that is no private network.\n",
    );
  });

  test("without a command shows them all, and that is not what was wanted", async () => {
    const io = memoryIo();
    expect(await boardCommand([], io)).toBe(2);
    for (const { name } of BOARD_COMMANDS) expect(io.printed()).toContain(`hil board ${name}`);
  });

  test.each(BOARD_COMMANDS.map(({ name }) => name))("%s explains itself", async (name) => {
    const io = memoryIo();
    expect(await boardCommand([name, "--help"], io)).toBe(0);
    expect(io.printed()).toContain(`hil board ${name}`);
  });

  test.each([
    [["chekc"], /no command "hil board chekc"\. Did you mean "hil board check"\?/],
    [["check"], /which board\?.*--board FILE, or in HIL_BOARD/],
    [["check", "--board", "nowhere.yaml"], /there is no such file/],
    [["power", "--board", "twin"], /wants one of on, off, cycle, status, not ""/],
    [["power", "off", "--board", "twin"], /simulated \(provider twin\).*hil twin --link dev/],
    [["console", "--board", "twin"], /simulated/],
    [["console", "--board", "twin", "--seconds", "x"], /--seconds wants a number/],
    [["flash", "--board", "twin"], /wants files/],
    [["flash", "nothing.hex", "--board", "twin"], /cannot read nothing\.hex/],
    [["serial-recovery", "--board", "twin"], /does not say how the board enters serial recovery\. Add recovery:/],
    [["recover", "--board", "twin"], /erases all of twin\. Say so with --yes/],
    [["recover", "--board", "twin", "--yes"], /is simulated/],
    [["calibrate", "--board", "twin", "--trials", "2"], /--trials wants a whole number from 5 to 1000/],
    [["calibrate", "--board", "twin", "--boot-ms", "-1"], /--boot-ms wants milliseconds/],
  ] as [string[], RegExp][])("%j is answered with what to do, exit 2", async (argv, said) => {
    const { text, code } = await complaint(...argv);
    expect(text).toMatch(said);
    expect(code).toBe(2);
  });

  test("check works on a simulated board, too, in virtual time", async () => {
    const io = memoryIo();
    expect(await boardCommand(["check", "--board", "twin", "--json"], io)).toBe(0);
    const { checks } = JSON.parse(io.printed());
    expect(checks.map((check: { outcome: string }) => check.outcome)).not.toContain("failed");
  });

  test("calibrate --dry-run measures a simulated board and keeps nothing", async () => {
    const io = memoryIo();
    expect(await boardCommand(["calibrate", "--board", "twin", "--trials", "5", "--dry-run"], io)).toBe(0);
    expect(io.printed()).toMatch(/a cut falls 0\.\d ms after its command, ± 0\.\d ms \(pauses/);
    expect(io.printed()).toContain("kept      nothing");
  });

  test("calibrate draws each trial, beside the figures that campaigns aim by", async () => {
    const io = memoryIo();
    const argv = ["calibrate", "--board", "twin", "--trials", "5", "--dry-run", "-o", "calibration.svg"];
    expect(await boardCommand(argv, io)).toBe(0);
    const svg = readFileSync(join(io.cwd, "calibration.svg"), "utf8");
    expect(svg).toContain("power off to last byte");
    expect(svg).toContain("a cut falls");
  });

  test("calibrate keeps nothing beside a profile that ships with hil", async () => {
    const io = memoryIo();
    expect(await boardCommand(["calibrate", "--board", "twin", "--trials", "5"], io)).toBe(0);
    expect(io.printed()).toContain("kept      nothing (a simulated board that ships with hil");
    const { file } = await loadProfile("twin", { cwd: io.cwd });
    expect(existsSync(calibrationPath(file))).toBe(false);
  });

  test("calibrate says what is the switch and what the boot, where a boot's time is known", () => {
    const spread = { trials: 9, minUs: 30_000, p5Us: 30_000, medianUs: 32_000, p95Us: 33_000, maxUs: 34_000 };
    const off = { latencyUs: 8000, uncertaintyUs: 500, seen: spread, blindUs: 87 };
    const text = calibrationText({ off, on: { firstByte: spread, bootUs: 20_000, latencyUs: 12_000 } });
    expect(text).toContain("of it 12.0 ms the switch, when a boot needs 20.0 ms to its first byte");
    expect(text).toContain("median 32.0 ms (30.0 ms to 34.0 ms, 9 trials)");
  });
});

describe("hil board list", () => {
  const DK: readonly PortInfo[] = [0, 2].map((number) => ({
    path: `/dev/ttyACM${number}`,
    stablePath: `/dev/serial/by-id/usb-SEGGER_J-Link_001050012345-if0${number}`,
    serial: "1050012345",
    interface: number,
    vendorId: "1366",
    product: "J-Link",
  }));

  async function list(ports: readonly PortInfo[], ...argv: string[]) {
    const io = memoryIo();
    mkdirSync(join(io.cwd, "boards"));
    const profile = `schema: 1
name: bench-7
provider: hardware
ports: { app: { jlink: "001050012345", interface: 2 } }
power: { driver: uhubctl, hub: 1-1, port: 2 }
slots: { primary: { offset: 0x10000, bytes: 0x74000 }, secondary: { offset: 0x84000, bytes: 0x74000 } }
images: { encryption: none }
keys: { signing: "builtin:twin-sign-p256.pem" }
`;
    writeFileSync(join(io.cwd, "boards/seven.yaml"), profile);
    const code = await boardListCommand(argv, io, async () => [...ports]);
    return { code, text: io.printed() };
  }

  test("shows each DK with its cores' ports and the profile that is its", async () => {
    const { text } = await list(DK);
    expect(text).toContain("J-Link 1050012345  nRF5340-DK v2.0.0 or later  bench-7\n");
    expect(text).toMatch(/VCOM0 {2}network +\/dev\/serial\/by-id\/.*-if00\n {2}VCOM1 {2}application +\S+-if02\n/);
  });

  test("says what a profile misses, and that nothing is plugged in", async () => {
    const { text, code } = await list([]);
    expect(text).toContain("No J-Link with serial ports is plugged in.");
    expect(text).toContain("boards/seven.yaml  not connected: no ports.app (J-Link 1050012345 VCOM1)");
    expect(code).toBe(0);
  });

  test("--json tells the same to programs", async () => {
    const { boards, profiles } = JSON.parse((await list(DK, "--json")).text);
    expect(boards[0]).toMatchObject({ serial: "1050012345", dk: "v2.0.0 or later" });
    expect(profiles[0]).toMatchObject({ file: "boards/seven.yaml", name: "bench-7", provider: "hardware" });
  });

  test("points to `hil init` where there is no profile", async () => {
    const { text } = await list(DK, "--boards", "none");
    expect(text).toContain("No profile in none/: `hil init` writes one.");
    expect(text).toContain("no profile\n");
  });
});
