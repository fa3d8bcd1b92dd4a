import { chmod, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { RealClock } from "../../core/index.ts";
import { parseIntelHex } from "../../image/index.ts";
import { FLASH_TOOLS } from "../profile/flash-tools.ts";
import { parseProfile } from "../profile/profile.ts";
import { failed, failureOf, nrfutilError } from "./failures.ts";
import { openFlasher } from "./tool-flasher.ts";

const SLOTS = { internal: "{ offset: 0x4000, bytes: 0x2000 }", qspi: "{ offset: 0, bytes: 0x2000, device: qspi }" };
const KEY = join(import.meta.dirname, "../../../boards/keys/twin-sign-p256.pem");

/** A tool that records its calls, keeps the HEX file and the script it was given, and then does what `body` says. */
async function fakeTool(body: string) {
  const folder = await mkdtemp(join(tmpdir(), "hil-fake-flasher-"));
  const executable = join(folder, "tool");
  const script = `#!/bin/sh
cd '${folder}'
echo "$*" >> calls
for word in "$@"; do case "$word" in
*.hex) [ -f "$word" ] && cp "$word" "kept-$(basename "$word")";;
*.jlink) cp "$word" kept.jlink;;
esac; done
${body}
`;
  await writeFile(executable, script);
  await chmod(executable, 0o755);
  const kept = (name: string) => readFile(join(folder, name), "utf8");
  const calls = async () => (await kept("calls").catch(() => "")).split("\n").filter((line) => line !== "");
  return { folder, executable, calls, kept };
}

interface Bench {
  readonly flasher: string;
  readonly secondary?: "internal" | "qspi";
  readonly app?: string;
  readonly file?: string;
}

function flasherOf({ flasher, secondary = "internal", app, file = join(tmpdir(), "lab.yaml") }: Bench) {
  const text = `
schema: 1
name: bench
provider: hardware
ports: { app: ${app ?? '{ jlink: "001050012345", interface: 2 }'} }
power: { driver: lcus, port: { path: /dev/relay }, channel: 1, contact: NO, cuts: soc }
flasher: ${flasher}
bootloader: { max_image_sectors: 128 }
slots: { primary: { offset: 0x2000, bytes: 0x2000 }, secondary: ${SLOTS[secondary]} }
images: { encryption: none }
keys: { signing: ${KEY} }
`;
  return openFlasher(parseProfile(text, file), { clock: new RealClock(), retryAfterMs: 1 });
}

const IMAGE = Uint8Array.from({ length: 3000 }, (_, index) => index & 0xff);
const OK = 'echo \'{"type":"task_end","data":{"result":"success","error":{"code":0,"description":""}}}\'';

describe("programming the primary slot", () => {
  test("hands over a file with the image at the slot's start and erased bytes all over both slots", async () => {
    const tool = await fakeTool(OK);
    await flasherOf({ flasher: `{ tool: nrfutil, executable: ${tool.executable} }` })?.programPrimary(IMAGE);
    const segments = parseIntelHex(await tool.kept("kept-baseline.hex"));
    expect(segments.map(({ address, bytes }) => [address, bytes.length])).toEqual([[0x2000, 0x4000]]);
    const bytes = segments[0]?.bytes ?? new Uint8Array();
    expect(bytes.subarray(0, 3000)).toEqual(IMAGE);
    expect(bytes.subarray(3000).every((byte) => byte === 0xff)).toBe(true);
  });

  test.each([
    [
      "nrfutil",
      [
        "--json device program --firmware HEX --serial-number 1050012345 --core Application --options " +
          "chip_erase_mode=ERASE_RANGES_TOUCHED_BY_FIRMWARE,verify=VERIFY_READ,reset=RESET_PIN",
      ],
    ],
    [
      "nrfjprog",
      [
        "--program HEX --sectorerase --verify --snr 1050012345 -f NRF53 --coprocessor CP_APPLICATION",
        "--pinreset --snr 1050012345 -f NRF53",
      ],
    ],
    ["jlink", ["-nogui 1 -USB 1050012345 -if SWD -speed 4000 -device nrf5340_xxaa_app -CommanderScript JLINK"]],
    ["pyocd", ["flash -u 1050012345 -t nrf5340_xxaa --erase sector HEX", "reset -u 1050012345 -t nrf5340_xxaa"]],
    [
      "probe-rs",
      [
        "download --chip nRF5340_xxAA --probe 1366:1051:001050012345 --binary-format hex --verify HEX",
        "reset --chip nRF5340_xxAA --probe 1366:1051:001050012345",
      ],
    ],
    ["west", ["flash --skip-rebuild -r nrfutil --dev-id 1050012345 --hex-file HEX"]],
  ] as const)("calls %s with the words of its table", async (name, wanted) => {
    const tool = await fakeTool(OK);
    await flasherOf({ flasher: `{ tool: ${name}, executable: ${tool.executable} }` })?.programPrimary(IMAGE);
    const calls = (await tool.calls()).map((line) => line.replace(/\S+\.hex/, "HEX").replace(/\S+\.jlink/, "JLINK"));
    expect(calls).toEqual(wanted);
  });

  test("writes a script for J-Link Commander that ends at the first error", async () => {
    const tool = await fakeTool("");
    await flasherOf({ flasher: `{ tool: jlink, executable: ${tool.executable} }` })?.programPrimary(IMAGE);
    const lines = (await tool.kept("kept.jlink")).split("\n");
    expect([lines[0], lines[1], ...lines.slice(3)]).toEqual(["ExitOnError 1", "r", "r", "g", "q", ""]);
    expect(lines[2]).toMatch(/^loadfile ".*baseline\.hex"$/);
  });

  test("fills in the words of a command, from the profile's folder", async () => {
    const tool = await fakeTool("pwd > where");
    const flasher = `{ tool: command, serial: "0042", write: [./tool, "{core}", "--to={serial}", "{hex}"], reset: [./tool, go] }`;
    await flasherOf({ flasher, file: join(tool.folder, "lab.yaml") })?.programPrimary(IMAGE);
    const [first, second] = await tool.calls();
    expect(first).toMatch(/^application --to=42 \S+baseline\.hex$/);
    expect(second).toBe("go");
  });

  test("erases the external flash first when the secondary slot lies there, by the tools that can", async () => {
    const tool = await fakeTool(OK);
    const able = flasherOf({ flasher: `{ tool: nrfjprog, executable: ${tool.executable} }`, secondary: "qspi" });
    await able?.programPrimary(IMAGE);
    expect((await tool.calls())[0]).toBe("--qspieraseall --snr 1050012345 -f NRF53");
    expect(parseIntelHex(await tool.kept("kept-baseline.hex"))).toHaveLength(1);
    const unable = flasherOf({ flasher: `{ tool: pyocd, executable: ${tool.executable} }`, secondary: "qspi" });
    await expect(unable?.programPrimary(IMAGE)).rejects.toMatchObject({ kind: "configuration" });
  });

  test("refuses an image that is longer than the slot, before any tool runs", async () => {
    const tool = await fakeTool(OK);
    const flasher = flasherOf({ flasher: `{ tool: nrfutil, executable: ${tool.executable} }` });
    await expect(flasher?.programPrimary(new Uint8Array(0x2001))).rejects.toMatchObject({ kind: "bench" });
    expect(await tool.calls()).toEqual([]);
  });

  test("leaves no file behind, whether it works or not", async () => {
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith("hil-scratch-flash-"));
    for (const body of [OK, "exit 1"]) {
      const tool = await fakeTool(body);
      const flasher = flasherOf({ flasher: `{ tool: nrfutil, executable: ${tool.executable} }` });
      await flasher?.programPrimary(IMAGE).catch(() => {});
    }
    expect((await readdir(tmpdir())).filter((name) => name.startsWith("hil-scratch-flash-"))).toEqual(before);
  });
});

describe("recovering a board", () => {
  test("recovers the network core first, then programs the baseline the same way round", async () => {
    const tool = await fakeTool(OK);
    const flasher = `{ tool: nrfutil, executable: ${tool.executable}, baseline: { app: app.hex, net: net.hex } }`;
    await flasherOf({ flasher, file: join(tool.folder, "lab.yaml") })?.recover?.();
    const short = (await tool.calls()).map((line) => line.replace(/^.*device (\w+) .*(--core \w+).*$/, "$1 $2"));
    expect(short).toEqual([
      "recover --core Network",
      "recover --core Application",
      "program --core Network",
      "program --core Application",
    ]);
    expect((await tool.calls())[2]).toContain(join(tool.folder, "net.hex"));
  });

  test("says which tools can when its own cannot", async () => {
    await expect(flasherOf({ flasher: "{ tool: pyocd }" })?.recover?.()).rejects.toMatchObject({
      kind: "configuration",
      hint: "Use nrfutil, nrfjprog or jlink.",
    });
  });
});

describe("a tool that fails", () => {
  test("is quoted, classed, and told what to do about", async () => {
    const tool = await fakeTool(
      `echo '{"type":"task_end","data":{"result":"fail","error":{"code":24,"description":"NotAvailableBecauseProtection"}}}'; exit 1`,
    );
    const flasher = flasherOf({ flasher: `{ tool: nrfutil, executable: ${tool.executable} }` });
    await expect(flasher?.programPrimary(IMAGE)).rejects.toMatchObject({
      kind: "bench",
      message:
        'programming the application core by nrfutil failed (protected), exit code 1. It said: "NotAvailableBecauseProtection".',
      hint: expect.stringContaining("recover the network core"),
    });
  });

  test("fails although it ends with 0 when its JSON says so", async () => {
    const tool = await fakeTool(`echo '{"type":"task_end","data":{"result":"fail","message":"half done"}}'`);
    const flasher = flasherOf({ flasher: `{ tool: nrfutil, executable: ${tool.executable} }` });
    await expect(flasher?.programPrimary(IMAGE)).rejects.toMatchObject({
      message: expect.stringContaining('exit code 0. It said: "half done"'),
    });
  });

  test("is tried again when the probe was busy, and then goes on", async () => {
    const tool = await fakeTool("[ $(wc -l < calls) -gt 1 ] || exit 33");
    await flasherOf({ flasher: `{ tool: nrfjprog, executable: ${tool.executable} }` })?.programPrimary(IMAGE);
    expect(await tool.calls()).toHaveLength(3);
  });

  test("is ended when it hangs, and when it is given up", async () => {
    const tool = await fakeTool("exec sleep 100");
    const slow = flasherOf({ flasher: `{ tool: nrfutil, executable: ${tool.executable}, timeout_ms: 200 }` });
    await expect(slow?.programPrimary(IMAGE)).rejects.toMatchObject({
      kind: "bench",
      message: expect.stringContaining("waited 200 ms for programming the application core by nrfutil"),
      hint: expect.stringContaining("flasher.timeout_ms"),
    });
    const stop = new AbortController();
    const given = flasherOf({ flasher: `{ tool: nrfutil, executable: ${tool.executable} }` });
    const programming = given?.programPrimary(IMAGE, stop.signal);
    stop.abort(new Error("Ctrl-C"));
    await expect(programming).rejects.toThrow("Ctrl-C");
  });

  test.each([
    ["nrfjprog", { exitCode: 16, output: "" }, "protected"],
    ["nrfjprog", { exitCode: 18, output: "" }, "wrong family"],
    ["nrfjprog", { exitCode: 33, output: "" }, "busy"],
    ["nrfjprog", { exitCode: 55, output: "" }, "not verified"],
    ["jlink", { exitCode: 1, output: "Cannot connect to target." }, "not attached"],
    ["probe-rs", { exitCode: 1, output: "Error: No probe found" }, "no probe"],
    ["west", { exitCode: 1, output: "FATAL ERROR: something else" }, undefined],
  ] as const)("%s with %j is of the class %s", (tool, ended, wanted) => {
    expect(failed(tool, ended)).toBe(true);
    expect(failureOf(tool, ended)?.class).toBe(wanted);
  });

  test("of nrfutil is found among progress, log and broken lines", () => {
    const lines = [
      '{"type":"task_progress","data":{}}',
      "{broken",
      "plain",
      '{"type":"task_end","data":{"result":"fail"}}',
    ];
    expect(nrfutilError(lines.join("\n"))).toEqual({ code: undefined, text: "a task failed" });
    expect(nrfutilError(lines.slice(0, 3).join("\n"))).toBeUndefined();
  });
});

describe("a profile's flasher", () => {
  test("is none when the profile names none, and needs a serial number from somewhere", () => {
    expect(() => flasherOf({ flasher: "{ tool: nrfutil }", app: "{ path: /dev/ttyACM1 }" })).toThrow("has no serial");
  });

  test("takes only known tools and serial numbers as text", () => {
    expect(() => flasherOf({ flasher: "{ tool: openocd }" })).toThrow(/tool/);
    expect(() => flasherOf({ flasher: "{ tool: nrfutil, serial: 1050012345 }" })).toThrow(/quotes/);
  });

  test("every tool of the table is in the schema", () => {
    expect(FLASH_TOOLS.map(({ name }) => flasherOf({ flasher: `{ tool: ${name} }` }))).not.toContain(undefined);
  });
});
