import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { calibrationPath } from "../../../board/index.ts";
import { InterruptedError, isHilError, Queue, RealClock, sleep, textOf } from "../../../core/index.ts";
import { openSerialPort } from "../../../serial/index.ts";
import { echo, encodeConsoleLines, encodeRequest } from "../../../smp/index.ts";
import { initCommand } from "../../init/init.ts";
import { smpCommand } from "../../smp/smp.ts";
import type { CliIo, Keyboard } from "../../terminal/io.ts";
import { LAB_PROFILE, ptyBench } from "../../testing/process.ts";
import { benchOfSuite } from "../../testing/suite.ts";
import { boardCommand } from "../board.ts";
import { doctorCommand } from "../doctor.ts";

/** These run in real time, against a twin in a process of its own, on real pseudo-terminals. */
const REAL_TIME_MS = 120_000;
const COIL_RELEASED = Uint8Array.of(0xa0, 1, 0, 0xa1);
const LEAVE = Uint8Array.of(0x1d);

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface World extends CliIo {
  readonly out: (text: string) => void;
  printed(): string;
  /** Resolves once what was printed matches. */
  until(pattern: RegExp): Promise<void>;
}

const lab = benchOfSuite(ptyBench, REAL_TIME_MS);

function world(more: Partial<CliIo> = {}): World {
  const clock = new RealClock();
  let text = "";
  const add = (piece: string) => void (text += piece);
  return {
    out: add,
    err: add,
    outBytes: (bytes) => add(textOf(bytes)),
    env: { ...process.env, HIL_BOARD: "lab.yaml" },
    cwd: lab().folder,
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
    ...more,
    printed: () => text,
    async until(pattern) {
      while (!pattern.test(text)) await sleep(clock, 20);
    },
  };
}

type Command = (argv: readonly string[], io: CliIo) => Promise<number>;

async function ended(command: Command, argv: readonly string[], io = world()): Promise<Ended> {
  try {
    return { code: await command(argv, io), out: io.printed(), err: "" };
  } catch (error) {
    if (!isHilError(error)) throw error;
    return { code: error.exitCode, out: io.printed(), err: error.paragraph() };
  }
}

const board = (...argv: string[]) => ended(boardCommand, argv);

const echoed = (...more: string[]) =>
  ended(smpCommand, ["--port", join(lab().folder, "dev/uart"), "--baud", "1000000", "echo", "there", ...more]);

/** Somebody at a terminal, whose keys are pressed by the test. */
function typist(): { readonly keys: Queue<Uint8Array>; openKeyboard: () => Keyboard } {
  const keys = new Queue<Uint8Array>();
  return {
    keys,
    openKeyboard: () => ({ isTty: true, chunks: keys, [Symbol.asyncDispose]: async () => keys.end() }),
  };
}

describe("hil board, on a twin behind real ports", () => {
  test(
    "list: says which profiles are connected, and what the others miss",
    async () => {
      writeFileSync(join(lab().folder, "away.yaml"), LAB_PROFILE.replace("./dev/relay", "./dev/nothing"));
      const { code, out } = await board("list", "--boards", ".");
      expect(code).toBe(0);
      expect(out).toMatch(/^lab\.yaml +connected$/m);
      expect(out).toMatch(/^away\.yaml +not connected: no power\.port \(\.\/dev\/nothing\)$/m);
      expect(out).toMatch(/^small\.yaml +cannot be used: /m);
    },
    REAL_TIME_MS,
  );

  test(
    "check: finds a board that answers, fits its profile, is cut, and boots",
    async () => {
      const { code, out } = await board("check");
      expect(out).toMatch(/^ok +power +silent when off, up again when on$/m);
      expect(out).toMatch(/^ok +boot log +\d+ lines, MCUboot's among them/m);
      expect(out).not.toContain("failed");
      expect(code).toBe(0);
    },
    REAL_TIME_MS,
  );

  test(
    "check: given up in mid-cut leaves power on and a mark for the next run; one that ends well takes its own away",
    async () => {
      const mark = join(lab().folder, "lab.health.json");
      expect(existsSync(mark)).toBe(false);
      const stop = new AbortController();
      const io = world({ signal: stop.signal });
      const given = ended(boardCommand, ["check"], io);
      await io.until(/^ok +running image/m);
      stop.abort(new InterruptedError("interrupted by the test."));
      expect((await given).code).toBe(4);
      expect(JSON.parse(readFileSync(mark, "utf8"))).toMatchObject({ state: "dirty" });
      expect((await echoed("--timeout", "8000")).out).toContain("there");
      rmSync(mark);
    },
    REAL_TIME_MS,
  );

  test(
    "check: ends with exit code 3 when the profile describes another board, or its flasher is not there",
    async () => {
      const wrong = LAB_PROFILE.replace(
        "slots:",
        'flasher: { tool: nrfutil, serial: "1", executable: ./none }\nslots:',
      );
      writeFileSync(
        join(lab().folder, "wrong.yaml"),
        wrong.replace("secondary: { offset: 0x84000", "secondary: { offset: 0x85000"),
      );
      const { code, out } = await board("check", "--board", "wrong.yaml", "--no-power");
      expect(out).toMatch(/^failed +flasher +\.\/none is not there/m);
      expect(out).toMatch(/^not checked +power/m);
      expect(code).toBe(3);
    },
    REAL_TIME_MS,
  );

  test(
    "power: off takes the board away, on brings it back, and a blind switch says so",
    async () => {
      expect((await board("power", "status")).out).toContain("unknown: this switch cannot be asked");
      expect((await board("power", "off")).out).toContain("off: sent; this switch does not say what it did");
      const dark = await echoed("--timeout", "300");
      expect([dark.code, dark.err]).toEqual([3, expect.stringContaining("waited")]);
      expect((await board("power", "on")).code).toBe(0);
      expect((await echoed("--timeout", "8000")).out).toContain("there");
      expect((await board("power", "cycle")).out).toContain("off for 250 ms, then on");
      expect((await board("check", "--no-power")).code).toBe(0);
    },
    REAL_TIME_MS,
  );

  test(
    "console: shows a boot with the time of each line, sends what is typed, and Ctrl-] leaves",
    async () => {
      await board("power", "off");
      const { keys, openKeyboard } = typist();
      const io = world({ openKeyboard });
      const console = ended(boardCommand, ["console", "--timestamps"], io);
      await io.until(/Ctrl-\] leaves/);
      const relay = await openSerialPort(join(lab().folder, "dev/relay"), { baudRate: 9600, clock: new RealClock() });
      await relay.write(COIL_RELEASED);
      await io.until(/\[ +\d+\.\d{6}\] .*is up\r?\n/);
      await relay[Symbol.asyncDispose]();
      const request = encodeRequest(echo, { d: "typed by hand" }, { sequence: 7, version: 2 });
      for (const line of encodeConsoleLines(request)) keys.push(line);
      // The answer comes in a console frame, too: marker, then base64.
      await io.until(/\t[A-Za-z0-9+/=]{16,}\n/);
      keys.push(LEAVE);
      const { code, out, err } = await console;
      expect([code, err]).toEqual([0, ""]);
      expect(out).toMatch(/\[ +\d+\.\d{6}\] .*MCUboot/);
    },
    REAL_TIME_MS,
  );

  test(
    "console: keeps the board for itself; another command ends with exit code 3 and names the holder",
    async () => {
      const { keys, openKeyboard } = typist();
      const io = world({ openKeyboard });
      const console = ended(boardCommand, ["console"], io);
      await io.until(/leaves/);
      const { code, err } = await board("power", "cycle");
      keys.push(LEAVE);
      await console;
      expect(code).toBe(3);
      expect(err).toContain("in use by");
    },
    REAL_TIME_MS,
  );

  test(
    "calibrate: measures the relay, keeps the figures beside the profile, and leaves the board running",
    async () => {
      const { code, out, err } = await board("calibrate", "--trials", "5", "--json");
      expect([code, err]).toEqual([0, ""]);
      const { off } = JSON.parse(out.split("\n").find((line) => line.startsWith("{")) ?? "{}");
      expect(off.seen.trials).toBe(5);
      // The twin's relay has no latency of its own, so the window begins at the command; a busy machine widens it.
      expect(off.latencyUs - off.uncertaintyUs).toBeLessThanOrEqual(off.seen.medianUs);
      const file = calibrationPath(join(lab().folder, "lab.yaml"));
      expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ schema: 1, off: { latency_us: off.latencyUs } });
      expect((await board("check", "--no-power")).code).toBe(0);
    },
    REAL_TIME_MS,
  );
});

describe("hil board with a flasher, here a script that writes down what it was told", () => {
  const HEX_APP = ":020000040001F9\n:0400000001020304F2\n:00000001FF\n";
  const HEX_NET = ":020000040100F9\n:0400000001020304F2\n:00000001FF\n";

  function withFlasher(): string {
    const tool = join(lab().folder, "tool.sh");
    writeFileSync(tool, '#!/bin/sh\necho "$*" >> "$(dirname "$0")/calls"\n');
    chmodSync(tool, 0o755);
    writeFileSync(join(lab().folder, "app.hex"), HEX_APP);
    writeFileSync(join(lab().folder, "net.hex"), HEX_NET);
    const flasher =
      'flasher: { tool: command, serial: "42", write: [./tool.sh, write, "{core}", "{hex}"], ' +
      'recover: [./tool.sh, recover, "{core}"], baseline: { app: app.hex, net: net.hex } }';
    writeFileSync(join(lab().folder, "flash.yaml"), LAB_PROFILE.replace("slots:", `${flasher}\nslots:`));
    return "flash.yaml";
  }

  const calls = () => readFileSync(join(lab().folder, "calls"), "utf8").trim().split("\n");

  test(
    "flash: each HEX file goes to the core whose flash it addresses, network core first",
    async () => {
      const profile = withFlasher();
      const { code, out } = await board("flash", "app.hex", "net.hex", "--board", profile);
      expect([code, out]).toEqual([
        0,
        expect.stringMatching(/net\.hex: programmed, network core\napp\.hex: programmed/),
      ]);
      expect(calls()).toEqual([
        `write network ${join(lab().folder, "net.hex")}`,
        `write application ${join(lab().folder, "app.hex")}`,
      ]);
    },
    REAL_TIME_MS,
  );

  test(
    "flash: refuses what is no image before anything is programmed",
    async () => {
      const profile = withFlasher();
      writeFileSync(join(lab().folder, "calls"), "");
      writeFileSync(join(lab().folder, "noise.bin"), "no image at all, but long enough for a header");
      const { code } = await board("flash", "app.hex", "noise.bin", "--board", profile);
      expect(code).toBe(1);
      expect(calls()).toEqual([""]);
      expect((await board("flash", "app.hex")).err).toContain("names no flasher");
    },
    REAL_TIME_MS,
  );

  test(
    "recover: wants to be told, erases the network core first, programs the baseline, and sees the board answer",
    async () => {
      const profile = withFlasher();
      writeFileSync(join(lab().folder, "calls"), "");
      const refused = await board("recover", "--board", profile);
      expect([refused.code, refused.err]).toEqual([
        2,
        expect.stringContaining("erases all of lab-pty. Say so with --yes"),
      ]);
      const { code, out } = await board("recover", "--board", profile, "--yes");
      expect([code, out]).toEqual([0, expect.stringContaining("the baseline is programmed, and lab-pty answers")]);
      expect(calls().map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
        "recover network",
        "recover application",
        "write network",
        "write application",
      ]);
    },
    REAL_TIME_MS,
  );
});

describe("the machine around it", () => {
  test(
    "doctor --power: the twin does lose its power",
    async () => {
      const { out } = await ended(doctorCommand, ["--board", "lab.yaml", "--power", "--json"]);
      const { diagnoses } = JSON.parse(out.split("\n").find((line) => line.startsWith("{")) ?? "{}");
      const found = (id: string) => diagnoses.find((diagnosis: { id: string }) => diagnosis.id === id);
      expect(found("back-feed")).toMatchObject({ outcome: "ok" });
      expect(found("ports")).toMatchObject({ outcome: "ok" });
    },
    REAL_TIME_MS,
  );

  test(
    "init: asks the board on a port what it is, and writes a profile with which check finds nothing wrong",
    async () => {
      const argv = ["--port", "dev/uart", "--baud", "1000000", "--power", "lcus", "--power-option", "port=dev/relay"];
      const io = world();
      const { code, err } = await ended(initCommand, [...argv, "--name", "found", "--yes"], io);
      expect([code, err]).toEqual([0, ""]);
      expect(io.printed()).toContain("A board answers on dev/uart.");
      expect(existsSync(join(lab().folder, "boards/found.yaml"))).toBe(true);
      const checked = await board("check", "--board", "boards/found.yaml");
      expect(checked.out).not.toContain("failed");
      expect(checked.code).toBe(0);
    },
    REAL_TIME_MS,
  );
});
