import type { Duplex } from "node:stream";
import { z } from "zod";
import { BenchError, type Clock, Listeners, parseJson, within } from "../../core/index.ts";
import { openSocket, type SocketAddress } from "./socket.ts";

const ANSWER_MS = 20_000;
/** A line of QEMU's that is longer than this is no line of QEMU's, in characters. */
const LINE_MAX = 1_048_576;

const PORT_MAX = 65_535;
/** As much of an answer as an error tells, in characters. */
const TOLD_MAX = 500;
const shortened = (text: string) => (text.length > TOLD_MAX ? `${text.slice(0, TOLD_MAX)}…` : text);

const DEVICES = z.array(z.object({ label: z.string(), filename: z.string() }));

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** QEMU's own remote control: one JSON object a line, commands answered in order. Source: QEMU docs/interop/qmp-spec. */
export class QmpClient {
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  #text = "";
  #gone: BenchError | undefined;
  readonly #events = new Listeners<string>();

  /** @param socket connected to the emulator; `open` agrees on its capabilities, too. */
  constructor(socket: Duplex, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#read(text));
    socket.on("error", () => undefined);
    socket.on("close", () => this.#fail());
  }

  /** @throws BenchError when it hangs up; the signal's reason. */
  static async open(address: SocketAddress, clock: Clock, signal: AbortSignal): Promise<QmpClient> {
    const client = new QmpClient(await openSocket(address, clock, signal), clock);
    await client.execute("qmp_capabilities");
    return client;
  }

  /**
   * Carries out one command; returns its result.
   * @throws BenchError when QEMU refuses or is gone; TimeoutError.
   */
  async execute(command: string, given: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#gone) throw this.#gone;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    answer.catch(() => undefined);
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: given })}\n`);
    const reply = await within(this.#clock, ANSWER_MS, `QEMU to answer ${command}`, () => answer);
    if (typeof reply === "object" && reply !== null && "return" in reply) return reply.return;
    throw new BenchError(`QEMU refuses ${command}: ${shortened(JSON.stringify(reply))}`);
  }

  /** Calls with the name of each event. */
  onEvent(listener: (name: string) => void): void {
    this.#events.add(listener);
  }

  /** A word of the machine, a register too, while it runs. */
  async readWord(address: number): Promise<number> {
    const line = await this.execute("human-monitor-command", { "command-line": `xp /1wx 0x${address.toString(16)}` });
    const value = Number(/: (0x[0-9a-f]+)/.exec(String(line))?.[1]);
    if (!Number.isInteger(value))
      throw new BenchError(`QEMU cannot read 0x${address.toString(16)}: ${shortened(String(line))}`);
    return value;
  }

  /** The TCP port that QEMU chose for a character device. @throws BenchError when it has none. */
  async portOf(device: string): Promise<number> {
    const { data: devices } = DEVICES.safeParse(await this.execute("query-chardev"));
    const filename = devices?.find(({ label }) => label === device)?.filename ?? "";
    const port = Number(/:(\d+),server/.exec(filename)?.[1]);
    if (!Number.isInteger(port) || port > PORT_MAX)
      throw new BenchError(`QEMU has no port for ${device}: "${shortened(filename)}".`);
    return port;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf("\n"); end >= 0; end = this.#text.indexOf("\n")) {
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      this.#line(line);
    }
    if (this.#text.length > LINE_MAX) this.#socket.destroy();
  }

  /** Greetings and events belong to no command; everything else answers the oldest one. */
  #line(line: string): void {
    let value: unknown;
    try {
      value = parseJson(line);
    } catch {
      return;
    }
    if (typeof value !== "object" || value === null || "QMP" in value) return;
    if ("event" in value) {
      this.#events.emit(String(value.event));
      return;
    }
    this.#waiting.shift()?.resolve(value);
  }

  #fail(): void {
    this.#gone = new BenchError("QEMU hung up.", "It ended, or was ended by somebody else.");
    for (const { reject } of this.#waiting.splice(0)) reject(this.#gone);
  }
}
