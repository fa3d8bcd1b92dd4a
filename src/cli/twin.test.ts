import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { smallProfile } from "../campaign/testing/small-campaign.ts";
import { RealClock } from "../core/index.ts";
import { openSerialPort, Uart } from "../serial/index.ts";
import { echo, SmpClient } from "../smp/index.ts";
import { complaintOf, type MemoryIo, memoryIo } from "./testing/memory-io.ts";
import { twinCommand } from "./twin.ts";

/** Runs `hil twin` until it says that it is ready, does `act`, then stops it as Ctrl-C does. */
async function hilTwin(argv: readonly string[], act: (io: MemoryIo) => void = () => {}, cwd = memoryIo().cwd) {
  const stop = new AbortController();
  const printed: string[] = [];
  const io: MemoryIo = memoryIo({
    cwd,
    signal: stop.signal,
    out: (text) => {
      printed.push(text);
      act(io);
      stop.abort();
    },
  });
  writeFileSync(join(cwd, "small.yaml"), smallProfile().text);
  const code = await twinCommand(["--board", "small.yaml", ...argv], io);
  return { code, printed: printed.join(""), cwd };
}

async function complaint(argv: readonly string[], cwd?: string): Promise<string> {
  const { text, code } = await complaintOf(hilTwin(argv, undefined, cwd));
  expect(code).toBe(2);
  return text;
}

describe("hil twin", () => {
  test("prints one line of JSON when it is ready, and being told to stop is its normal end", async () => {
    const { code, printed } = await hilTwin([]);
    expect(code).toBe(0);
    expect(printed.trimEnd().split("\n")).toHaveLength(1);
    const ready: { uart: string; relay: string; pid: number } = JSON.parse(printed);
    expect(ready.pid).toBe(process.pid);
    expect(ready.uart).not.toBe(ready.relay);
  });

  test("has its ready line only when the board answers: the first request after it is not lost", async () => {
    const stop = new AbortController();
    const io = memoryIo({ signal: stop.signal });
    writeFileSync(join(io.cwd, "small.yaml"), smallProfile().text);
    const clock = new RealClock();
    const answered: string[] = [];
    const run = twinCommand(["--board", "small.yaml", "--baud", "1000000"], {
      ...io,
      out: (line) => {
        const { uart } = JSON.parse(line) as { uart: string };
        const ask = async () => {
          const link = await openSerialPort(uart, { baudRate: 1_000_000, clock });
          await using client = SmpClient.onUart(Uart.open(link, { clock }), { clock });
          const options = { retries: 0, timeoutMs: 2_000 };
          answered.push((await client.session.request(echo, { d: "ready" }, options)).r);
        };
        void ask()
          .catch((error: unknown) => answered.push(String(error)))
          .then(() => stop.abort());
      },
    });
    expect(await run).toBe(0);
    expect(answered).toEqual(["ready"]);
  });

  test("with --link makes links that are there while it runs and gone afterwards", async () => {
    let seen: boolean[] = [];
    const { printed, cwd } = await hilTwin(["--link", "dev"], (io) => {
      seen = ["uart", "relay"].map((name) => lstatSync(join(io.cwd, "dev", name)).isSymbolicLink());
    });
    expect(seen).toEqual([true, true]);
    expect(JSON.parse(printed)).toMatchObject({ uart: join(cwd, "dev/uart"), relay: join(cwd, "dev/relay") });
    expect(existsSync(join(cwd, "dev/uart"))).toBe(false);
  });

  test("takes the links of a twin that was killed over", async () => {
    const { cwd } = memoryIo();
    mkdirSync(join(cwd, "dev"));
    symlinkSync("/dev/gone", join(cwd, "dev/uart"));
    let target = "";
    await hilTwin(["--link", "dev"], () => (target = readlinkSync(join(cwd, "dev/uart"))), cwd);
    expect(target).not.toBe("/dev/gone");
  });

  test("leaves a file alone that is no link, and says so", async () => {
    const { cwd } = memoryIo();
    mkdirSync(join(cwd, "dev"));
    writeFileSync(join(cwd, "dev/uart"), "precious");
    expect(await complaint(["--link", "dev"], cwd)).toMatch(/cannot make links in dev: EEXIST/);
    expect(readFileSync(join(cwd, "dev/uart"), "utf8")).toBe("precious");
  });
});

describe("what is wrong with its command line is told before anything is opened", () => {
  test.each([
    [["--baud", "100"], "--baud wants 300 to 1000000 bits a second, not 100."],
    [["--baud", "9600.5"], "--baud wants 300 to 1000000 bits a second, not 9600.5."],
    [["--baud", "fast"], '--baud wants a number, not "fast".'],
    [["--seed", "x"], '--seed wants a number, not "x".'],
    [["--fault", "boot-lop"], 'Did you mean "boot-loop"?'],
    [["extra"], '"extra" is one argument too many.'],
    [["--link"], "--link needs a value."],
  ])("%j", async (argv, text) => {
    expect(await complaint(argv)).toContain(text);
  });
});
