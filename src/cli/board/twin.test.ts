import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { smallProfile } from "../../campaign/testing/small-campaign.ts";
import { Cleanup, RealClock } from "../../core/index.ts";
import { openSerialPort, Uart } from "../../serial/index.ts";
import {
  downloadFile,
  echo,
  groupList,
  RawTransport,
  SmpClient,
  SmpSession,
  UdpTransport,
  uploadFile,
} from "../../smp/index.ts";
import { complaintOf, type MemoryIo, memoryIo } from "../testing/memory-io.ts";
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

const clock = new RealClock();
const ONCE = { retries: 0, timeoutMs: 2_000 };

/** Runs `hil twin`, asks the board as soon as the line of JSON is there, and stops it. */
async function asked<T>(
  argv: readonly string[],
  ask: (ready: { uart: string; udp: number }, closing: Cleanup) => Promise<T>,
  profile = smallProfile().text,
): Promise<T | string> {
  const stop = new AbortController();
  const found: (T | string)[] = [];
  const closing = new Cleanup();
  const io = memoryIo({
    signal: stop.signal,
    out: (line) =>
      void ask(JSON.parse(line) as { uart: string; udp: number }, closing)
        .catch((error: unknown) => String(error))
        .then(async (answer) => {
          found.push(answer);
          await closing[Symbol.asyncDispose]();
          stop.abort();
        }),
  });
  writeFileSync(join(io.cwd, "asked.yaml"), profile);
  expect(await twinCommand(["--board", "asked.yaml", "--baud", "1000000", ...argv], io)).toBe(0);
  return found[0] ?? "nothing";
}

/** The twin's UART, until the test is over. */
async function onSerial(uart: string, closing: Cleanup): Promise<Uart> {
  return closing.use("uart", Uart.open(await openSerialPort(uart, { baudRate: 1_000_000, clock }), { clock }));
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
    const said = await asked([], async ({ uart }, closing) => {
      const client = closing.use("client", SmpClient.onUart(await onSerial(uart, closing), { clock }));
      return client.session.request(echo, { d: "ready" }, ONCE);
    });
    expect(said).toEqual({ r: "ready" });
  });

  test("serves UDP as well, from the first moment, on the port that its line names", async () => {
    const said = await asked(["--udp", "0"], async ({ udp: port }, closing) => {
      const transport = closing.use("udp", await UdpTransport.open({ host: "127.0.0.1", port, clock }));
      return new SmpClient(new SmpSession(transport, { clock })).session.request(echo, { d: "ready" }, ONCE);
    });
    expect(said).toEqual({ r: "ready" });
  });

  test("serves what the profile says: packets without frames, no parameters, a file system", async () => {
    const built = "twin: { smp: { framing: raw, params: false, files: /lfs1 } }";
    const profile = smallProfile(["twin: { faults: [] }", built]).text;
    const said = await asked(
      [],
      async ({ uart }, closing) => {
        const transport = new RawTransport(await onSerial(uart, closing), { clock });
        const client = new SmpClient(new SmpSession(transport, { clock }));
        await uploadFile(client.session, "/lfs1/f", Uint8Array.of(1, 2, 3), 200);
        const { groups } = await client.session.request(groupList, {}, ONCE);
        return { params: await client.params(), file: [...(await downloadFile(client.session, "/lfs1/f"))], groups };
      },
      profile,
    );
    expect(said).toEqual({
      params: { bufferBytes: 256, bufferCount: 1, known: false },
      file: [1, 2, 3],
      groups: [10, 8, 1, 0, 9, 2],
    });
  });

  test.each([
    ["tcp", "0", undefined],
    ["udp", "127.0.0.2:0", undefined],
    ["rfc2217", "0.0.0.0:0", "--rfc2217 listens at 0.0.0.0"],
    ["udp", "0.0.0.0:0", "--udp listens at 0.0.0.0"],
    ["tcp", "[::]:0", "--tcp listens at ::"],
  ])("serves this machine alone, or warns: --%s %s", async (kind, address, warning) => {
    const said: string[] = [];
    const { code } = await hilTwin([`--${kind}`, address], (io) => said.push(io.complained()));
    expect(code).toBe(0);
    if (warning === undefined) expect(said).toEqual([""]);
    else expect(said[0]).toContain(`hil: warning: ${warning}, which is not this machine's own`);
  });

  test("answers over UDP whoever asked last, also after datagrams that are no packets", async () => {
    const said = await asked(["--udp", "0"], async ({ udp: port }, closing) => {
      const ask = async (text: string) => {
        const transport = closing.use("udp", await UdpTransport.open({ host: "127.0.0.1", port, clock }));
        return {
          transport,
          again: () => new SmpClient(new SmpSession(transport, { clock })).session.request(echo, { d: text }, ONCE),
        };
      };
      const [first, second] = [await ask("first"), await ask("second")];
      await first.transport.send(new Uint8Array(1_400).fill(0xff));
      await second.transport.send(Uint8Array.of(1));
      return [await first.again(), await second.again(), await first.again()];
    });
    expect(said).toEqual([{ r: "first" }, { r: "second" }, { r: "first" }]);
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
    [["--baud", "100"], '--baud wants a whole number from 300 to 1000000, not "100".'],
    [["--baud", "9600.5"], '--baud wants a whole number from 300 to 1000000, not "9600.5".'],
    [["--baud", "fast"], '--baud wants a number, not "fast".'],
    [["--udp", "somewhere:1337"], '--udp wants PORT or ADDRESS:PORT, not "somewhere:1337".'],
    [["--udp", "70000"], '--udp wants PORT or ADDRESS:PORT, not "70000".'],
    [["--seed", "x"], '--seed wants a number, not "x".'],
    [["--seed", "1.5"], '--seed wants a whole number from 0 on, not "1.5".'],
    [["--fault", "boot-lop"], 'Did you mean "boot-loop"?'],
    [["extra"], '"extra" is one argument too many.'],
    [["--link"], "--link needs a value."],
  ])("%j", async (argv, text) => {
    expect(await complaint(argv)).toContain(text);
  });
});
