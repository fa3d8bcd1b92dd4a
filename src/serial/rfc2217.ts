import { BenchError, type Clock, Queue, within } from "../core/index.ts";
import type { Chunk, Link } from "./link.ts";
import { openTcp } from "./tcp.ts";
import { COMMAND, OPTION, TelnetDecoder, type TelnetEvent, telnetEscape, telnetNegotiation } from "./telnet.ts";

const NEGOTIATION_MS = 5_000;
/** A server answers a command with its number and this. Source: RFC 2217, section 3. */
const FROM_SERVER = 100;
const SET = { baudRate: 1, dataSize: 2, parity: 3, stopSize: 4, control: 5 } as const;
const CONTROL = { noFlowControl: 1, hardwareFlowControl: 3, dtrOn: 8, dtrOff: 9, rtsOn: 11, rtsOff: 12 } as const;

interface Rfc2217Options {
  readonly host: string;
  readonly port: number;
  /** Bits a second, 8N1. */
  readonly baudRate: number;
  readonly clock: Clock;
  readonly hardwareFlowControl?: boolean;
  /** State of DTR and RTS after opening; without it, the server decides. */
  readonly dtr?: boolean | undefined;
  readonly rts?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A serial port on another host: bytes, and the control lines. */
interface Rfc2217Link extends Link {
  /** @throws BenchError when the link is gone. */
  setControlLines(lines: { readonly dtr?: boolean | undefined; readonly rts?: boolean | undefined }): Promise<void>;
}

/**
 * Opens a serial port on another host (ser2net, pyserial's rfc2217_server, terminal servers) at `baudRate`, 8N1.
 * @throws BenchError when nobody listens, the server does not speak RFC 2217 or does not take the baud rate;
 * TimeoutError when it does not answer within 5 s; the signal's reason.
 * Source: RFC 854 (telnet), RFC 856 (binary), RFC 2217 (COM port control), sections 2 and 3.
 */
export async function openRfc2217(options: Rfc2217Options): Promise<Rfc2217Link> {
  const { host, port, clock, signal } = options;
  return rfc2217Over(await openTcp({ host, port, clock, signal }), options);
}

/** The same over a connection that is open; it is closed with the port. @throws as `openRfc2217`. */
export async function rfc2217Over(inner: Link, options: Rfc2217Options): Promise<Rfc2217Link> {
  const { host, port, clock, signal } = options;
  const link = new RemotePort(inner, `rfc2217://${host}:${port}`);
  try {
    const awaited = `an answer of ${link.name} to RFC 2217`;
    await within(clock, NEGOTIATION_MS, awaited, () => link.negotiate(options), {
      signal,
      lastSeen: () => "It may be a plain port: try tcp: instead.",
    });
    return link;
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw error;
  }
}

class RemotePort implements Rfc2217Link {
  readonly name: string;
  readonly #inner: Link;
  readonly #arrived = new Queue<Chunk>();
  readonly #decoder = new TelnetDecoder();
  readonly #waiting = new Map<string, { resolve: (value: Uint8Array) => void; reject: (reason: unknown) => void }>();
  readonly #reading: Promise<void>;

  constructor(inner: Link, name: string) {
    this.name = name;
    this.#inner = inner;
    this.#reading = this.#read();
  }

  get chunks(): AsyncIterable<Chunk> {
    return this.#arrived;
  }

  write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.#inner.write(telnetEscape(bytes), signal);
  }

  async setControlLines(lines: { readonly dtr?: boolean | undefined; readonly rts?: boolean | undefined }) {
    const { dtr, rts } = lines;
    if (dtr !== undefined) await this.#set(SET.control, [dtr ? CONTROL.dtrOn : CONTROL.dtrOff]);
    if (rts !== undefined) await this.#set(SET.control, [rts ? CONTROL.rtsOn : CONTROL.rtsOff]);
  }

  /** Both ends binary and without go-ahead, then the port's settings; the server's word on the baud rate counts. */
  async negotiate({ baudRate, hardwareFlowControl = false, dtr, rts }: Rfc2217Options): Promise<void> {
    const agreed = this.#awaited("option");
    const asks = [
      [COMMAND.will, OPTION.binary],
      [COMMAND.do, OPTION.binary],
      [COMMAND.will, OPTION.suppressGoAhead],
      [COMMAND.do, OPTION.suppressGoAhead],
      [COMMAND.will, OPTION.comPort],
    ] as const;
    await this.#inner.write(Uint8Array.from(asks.flatMap(([verb, option]) => [COMMAND.iac, verb, option])));
    await agreed;
    const wanted = new Uint8Array(4);
    new DataView(wanted.buffer).setUint32(0, baudRate);
    const told = this.#awaited(String(SET.baudRate + FROM_SERVER));
    await this.#set(SET.baudRate, wanted);
    await this.#set(SET.dataSize, [8]);
    await this.#set(SET.parity, [1]);
    await this.#set(SET.stopSize, [1]);
    await this.#set(SET.control, [hardwareFlowControl ? CONTROL.hardwareFlowControl : CONTROL.noFlowControl]);
    await this.setControlLines({ dtr, rts });
    const answer = await told;
    const given = answer.length === 4 ? new DataView(answer.buffer, answer.byteOffset).getUint32(0) : 0;
    if (given === baudRate) return;
    throw new BenchError(`${this.name} works at ${given} baud, not at ${baudRate}.`, "Ask for a rate that it takes.");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
    await this.#reading;
  }

  #set(command: number, value: Iterable<number>): Promise<void> {
    return this.#inner.write(telnetNegotiation(OPTION.comPort, Uint8Array.of(command, ...value)));
  }

  #awaited(what: string): Promise<Uint8Array> {
    const answer = new Promise<Uint8Array>((resolve, reject) => this.#waiting.set(what, { resolve, reject }));
    answer.catch(() => undefined);
    return answer;
  }

  async #read(): Promise<void> {
    try {
      for await (const { atUs, bytes } of this.#inner.chunks) {
        const { data, events } = this.#decoder.feed(bytes);
        if (data.length > 0) this.#arrived.push({ atUs, bytes: data });
        for (const event of events) await this.#told(event);
      }
      this.#end(new BenchError(`${this.name} is closed.`, "Open it again."));
      this.#arrived.end();
    } catch (reason) {
      this.#end(reason);
      this.#arrived.end({ reason });
    }
  }

  #end(reason: unknown): void {
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  async #told(event: TelnetEvent): Promise<void> {
    if (event.kind === "subnegotiation") {
      if (event.option !== OPTION.comPort) return;
      this.#answer(String(event.value[0]), event.value.slice(1));
      return;
    }
    const { verb, option } = event;
    if (option === OPTION.comPort && verb === COMMAND.do) this.#answer("option", new Uint8Array());
    else if (option === OPTION.comPort && verb === COMMAND.dont) {
      const hint = "Name it as tcp:HOST:PORT when it is a plain port; its baud rate is set at the other end then.";
      this.#waiting.get("option")?.reject(new BenchError(`${this.name} does not speak RFC 2217.`, hint));
    } else if (option !== OPTION.binary && option !== OPTION.suppressGoAhead && option !== OPTION.comPort) {
      // Whatever else a server offers or wants is refused, once.
      const refusal = verb === COMMAND.do ? COMMAND.wont : verb === COMMAND.will ? COMMAND.dont : undefined;
      if (refusal !== undefined) await this.#inner.write(Uint8Array.of(COMMAND.iac, refusal, option));
    }
  }

  #answer(what: string, value: Uint8Array): void {
    this.#waiting.get(what)?.resolve(value);
    this.#waiting.delete(what);
  }
}
