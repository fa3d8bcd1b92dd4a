import { fromHex, hex, textOf, utf8 } from "../../core/index.ts";
import type { DebugTarget } from "./debug-target.ts";
import { REGISTERS, targetXml } from "./target-description.ts";

/** Longest packet that is taken or sent, in characters. */
const PACKET_BYTES = 0x2000;
const INTERRUPT = "\u0003";
/** SIGTRAP, SIGINT. */
const STOPPED = { trap: "S05", interrupt: "S02" } as const;
const NO_REGISTER = "xxxxxxxx";
const ERROR = "E01";

type Handler = (argument: string) => string | undefined;

/**
 * A debugger's peer: the GDB remote protocol over a pipe of bytes, for one core. It never writes by itself but to say
 * that the core stopped. Source: GDB manual, appendix "Remote Serial Protocol".
 */
export class GdbStub {
  readonly #target: DebugTarget;
  readonly #send: (bytes: Uint8Array) => void;
  #text = "";
  #acks = true;
  #state: "stopped" | "resumed" | "running" = "stopped";
  #isDetached = false;
  #interrupted = false;

  /** @param send bytes for the debugger */
  constructor(target: DebugTarget, send: (bytes: Uint8Array) => void) {
    this.#target = target;
    this.#send = send;
  }

  /** Whether the core may run now: a debugger said so, or has let it go. */
  get isRunning(): boolean {
    return this.#state !== "stopped" || this.#isDetached;
  }

  /** Bytes from the debugger. */
  receive(bytes: Uint8Array): void {
    this.#text += textOf(bytes);
    for (;;) {
      const interrupted = this.#text.indexOf(INTERRUPT);
      const start = this.#text.indexOf("$");
      if (interrupted >= 0 && (start < 0 || interrupted < start)) {
        this.#text = this.#text.slice(interrupted + 1);
        // What was just let run runs a little: a debugger that is quick gets somewhere, too.
        if (this.#state === "resumed") this.#interrupted = true;
        else this.#stop(STOPPED.interrupt);
        continue;
      }
      const end = this.#text.indexOf("#", start);
      if (start < 0 || end < 0 || this.#text.length < end + 3) break;
      const packet = this.#text.slice(start + 1, end);
      const isWhole = Number.parseInt(this.#text.slice(end + 1, end + 3), 16) === sumOf(packet);
      this.#text = this.#text.slice(end + 3);
      if (this.#acks) this.#send(utf8(isWhole ? "+" : "-"));
      if (isWhole) this.#answer(packet);
    }
    if (this.#text.length > 2 * PACKET_BYTES) this.#text = "";
  }

  /** Lets the core run for a while, if the debugger lets it. @param us of the chip's time */
  run(us: number): void {
    const fresh = this.#state === "resumed";
    if (fresh) this.#state = "running";
    if (this.#target.run(us, fresh)) this.#stop(STOPPED.trap);
    if (this.#interrupted) this.#stop(STOPPED.interrupt);
    this.#interrupted = false;
  }

  #stop(reason: string): void {
    if (this.#state === "stopped" || this.#isDetached) return;
    this.#state = "stopped";
    this.#reply(reason);
  }

  #answer(packet: string): void {
    const row = Object.entries(this.#handlers).find(([name]) => packet.startsWith(name));
    const reply = row === undefined ? "" : row[1](packet.slice(row[0].length));
    if (reply !== undefined) this.#reply(reply);
  }

  #reply(text: string): void {
    this.#send(utf8(`$${text}#${sumOf(text).toString(16).padStart(2, "0")}`));
  }

  /** By the first letters of a packet, longest first where one begins another. "" says that a packet is not known. */
  readonly #handlers: Readonly<Record<string, Handler>> = {
    qSupported: () => {
      this.#isDetached = false;
      this.#state = "stopped";
      return `PacketSize=${PACKET_BYTES.toString(16)};QStartNoAckMode+;qXfer:features:read+;vContSupported+`;
    },
    QStartNoAckMode: () => {
      this.#acks = false;
      return "OK";
    },
    "qXfer:features:read:target.xml:": (range) => pieceOf(targetXml(), range),
    qAttached: () => "1",
    qfThreadInfo: () => "m1",
    qsThreadInfo: () => "l",
    qC: () => "QC1",
    "qRcmd,": (command) => this.#monitor(Buffer.from(command, "hex").toString()),
    H: () => "OK",
    T: () => "OK",
    "?": () => STOPPED.trap,
    g: () => this.#allRegisters(),
    G: (values) => this.#setAll(values),
    p: (number) => this.#registerText(Number.parseInt(number, 16)) ?? ERROR,
    P: (text) => this.#setOne(text),
    m: (range) => this.#read(range),
    M: (text) => this.#write(text),
    Z0: (place) => this.#breakpoint(place, true),
    Z1: (place) => this.#breakpoint(place, true),
    z0: (place) => this.#breakpoint(place, false),
    z1: (place) => this.#breakpoint(place, false),
    "vCont?": () => "vCont;c;C;s;S",
    "vCont;c": () => this.#resume(),
    "vCont;C": () => this.#resume(),
    "vCont;s": () => this.#step(),
    "vCont;S": () => this.#step(),
    c: () => this.#resume(),
    C: () => this.#resume(),
    s: () => this.#step(),
    S: () => this.#step(),
    D: () => {
      this.#letGo();
      return "OK";
    },
    k: () => {
      this.#letGo();
      return undefined;
    },
  };

  #letGo(): void {
    this.#isDetached = true;
    this.#target.letGo();
  }

  #resume(): undefined {
    this.#state = "resumed";
  }

  #step(): string {
    this.#target.step();
    return STOPPED.trap;
  }

  /** One behind the other, by their numbers: GDB leaves no room for numbers that no register has. */
  #allRegisters(): string {
    return REGISTERS.map(({ number }) => this.#registerText(number) ?? NO_REGISTER).join("");
  }

  #registerText(number: number): string | undefined {
    const value = this.#target.register(number);
    return value === undefined ? undefined : hex(wordBytes(value));
  }

  #setAll(values: string): string {
    for (const [index, text] of (values.match(/.{8}/gu) ?? []).entries()) {
      const row = REGISTERS[index];
      if (row && /^[0-9a-f]{8}$/iu.test(text)) this.#target.setRegister(row.number, wordOf(text));
    }
    return "OK";
  }

  #setOne(text: string): string {
    const match = /^(?<number>[0-9a-f]+)=(?<value>[0-9a-f]{8})$/iu.exec(text)?.groups;
    if (match === undefined) return ERROR;
    const done = this.#target.setRegister(Number.parseInt(match["number"] ?? "", 16), wordOf(match["value"] ?? ""));
    return done ? "OK" : ERROR;
  }

  #read(range: string): string {
    const [address, bytes] = rangeOf(range);
    if (address === undefined || bytes === undefined || bytes > PACKET_BYTES / 2) return ERROR;
    const found = this.#target.read(address, bytes);
    return found.length === 0 && bytes > 0 ? ERROR : hex(found);
  }

  #write(text: string): string {
    const [range = "", data = ""] = text.split(":");
    const [address, bytes] = rangeOf(range);
    if (address === undefined || data.length !== 2 * (bytes ?? -1) || /[^0-9a-f]/iu.test(data)) return ERROR;
    return this.#target.write(address, fromHex(data)) ? "OK" : ERROR;
  }

  #breakpoint(place: string, isSet: boolean): string {
    const [address] = rangeOf(place.slice(1));
    if (address === undefined) return ERROR;
    if (isSet) return this.#target.break(address) ? "OK" : ERROR;
    this.#target.unbreak(address);
    return "OK";
  }

  /** `monitor reset`: power off and on again. */
  #monitor(command: string): string {
    if (command.trim() !== "reset") return hex(utf8("hil knows: monitor reset (power goes and comes back)\n"));
    this.#target.restart();
    return "OK";
  }
}

function sumOf(packet: string): number {
  return utf8(packet).reduce((total, byte) => (total + byte) & 0xff, 0);
}

/** "address,length" in hex. */
function rangeOf(text: string): readonly [number | undefined, number | undefined] {
  const match = /^(?<address>[0-9a-f]{1,8}),(?<length>[0-9a-f]{1,8})/iu.exec(text)?.groups;
  if (match === undefined) return [undefined, undefined];
  return [Number.parseInt(match["address"] ?? "", 16), Number.parseInt(match["length"] ?? "", 16)];
}

/** A piece of a document: "l" in front says that it is the last. */
function pieceOf(text: string, range: string): string {
  const [offset = 0, length = 0] = rangeOf(range);
  const piece = text.slice(offset, offset + length);
  return `${offset + length >= text.length ? "l" : "m"}${piece}`;
}

function wordBytes(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

function wordOf(text: string): number {
  return Buffer.from(text, "hex").readInt32LE();
}
