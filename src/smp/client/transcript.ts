import { commandOf } from "../groups/commands.ts";
import { type CborMap, type CborValue, decodeKnown, decodeMap } from "../packet/cbor.ts";
import type { CommandRow } from "../packet/command.ts";
import { decodeSmpHeader, SMP_HEADER_BYTES, type SmpHeader } from "../packet/header.ts";
import type { Exchange } from "./exchange.ts";
import type { SmpSession } from "./session.ts";
import { type BodyText, bodyForTranscript } from "./transcript-body.ts";

/** Chunks that one line stands for: a killed run lacks at most so many, and an upload of 200 KiB takes ten lines. */
const CHUNKS_A_LINE = 64;

interface PacketFacts {
  /** By name where a row knows it, else by number: "image upload", "group 64 command 3". */
  readonly command: string;
  readonly op: "read" | "write";
  /** SMP's version as people count it. */
  readonly version: number;
  readonly sequence: number;
  /** Of the packet, header included. */
  readonly bytes: number;
  /** Decoded, bounded; bulk and secrets by their length. */
  readonly body: BodyText;
}

/** One line of a transcript: plain JSON, times in microseconds of the session's clock. */
export type TranscriptLine = { readonly atUs: number } & (
  | ({ readonly smp: "request"; readonly attempt: number } & PacketFacts)
  | ({ readonly smp: "answer"; readonly tookUs: number } & PacketFacts)
  | ({ readonly smp: "dropped"; readonly why: string } & PacketFacts)
  | {
      readonly smp: "no answer";
      readonly command: string;
      readonly sequence: number;
      readonly attempt: number;
      readonly waitedUs: number;
    }
  /** Chunks of an upload or a download of which there is nothing else to say. */
  | {
      readonly smp: "chunks";
      readonly command: string;
      readonly fromUs: number;
      readonly requests: number;
      readonly answers: number;
      /** Offsets: of the first chunk asked here, and the last one answered. */
      readonly off: { readonly from: number; readonly to: number };
    }
);

/**
 * What a session says and hears, as lines: each packet when it passes, except that chunks which were answered as they
 * should are counted and told together.
 */
export class SmpTranscript {
  readonly #told: (line: TranscriptLine) => void;
  /** Sequence numbers of chunks that were counted and are not answered yet. */
  readonly #open = new Set<number>();
  #answeredOff = 0;
  #run: { command: string; fromUs: number; atUs: number; requests: number; answers: number; from: number } | undefined;

  private constructor(told: (line: TranscriptLine) => void) {
    this.#told = told;
  }

  /** Tells each line of a session from now on, until the session ends. */
  static of(session: Pick<SmpSession, "onExchange" | "onEnd">, told: (line: TranscriptLine) => void): SmpTranscript {
    const transcript = new SmpTranscript(told);
    session.onExchange((exchange) => transcript.#take(exchange));
    session.onEnd(() => transcript.flush());
    return transcript;
  }

  /** Tells the chunks that were counted and not told yet. */
  flush(): void {
    const run = this.#run;
    this.#run = undefined;
    if (!run) return;
    const { atUs, command, fromUs, requests, answers, from } = run;
    this.#told({ atUs, smp: "chunks", command, fromUs, requests, answers, off: { from, to: this.#answeredOff } });
  }

  #take(exchange: Exchange): void {
    if (this.#isCounted(exchange)) return;
    this.flush();
    const { atUs, packet } = exchange;
    const facts = factsOf(packet);
    if (exchange.kind === "dropped") {
      this.#told({ atUs, smp: exchange.kind, why: exchange.why, ...facts });
      return;
    }
    const { kind, command, attempt, sentAtUs } = exchange;
    if (kind === "request") this.#told({ atUs, smp: kind, attempt, ...facts });
    else if (kind === "answer") this.#told({ atUs, smp: kind, tookUs: atUs - sentAtUs, ...facts });
    else this.#told({ atUs, smp: kind, command, sequence: facts.sequence, attempt, waitedUs: atUs - sentAtUs });
  }

  /** A chunk after the first that is sent for the first time, or an answer to one that says no more than how far it got. */
  #isCounted(exchange: Exchange): boolean {
    const { kind, packet, atUs } = exchange;
    const header = decodeSmpHeader(packet);
    if (!header || (kind !== "request" && kind !== "answer")) return false;
    const { sequence } = header;
    if (kind === "answer" && !this.#open.delete(sequence)) return false;
    const off = kind === "request" ? offOf(packet) : progressOf(packet);
    if (off === undefined) return false;
    if (kind === "request") {
      if (off === 0) this.#answeredOff = 0;
      if (off === 0 || exchange.attempt > 1) return false;
      this.#open.add(sequence);
    } else if (off < this.#answeredOff) return false;
    if (this.#run && this.#run.command !== exchange.command) this.flush();
    this.#run ??= { command: exchange.command, fromUs: atUs, atUs, requests: 0, answers: 0, from: off };
    this.#run.atUs = atUs;
    if (kind === "request") this.#run.requests += 1;
    else {
      this.#run.answers += 1;
      this.#answeredOff = off;
    }
    if (this.#run.answers === CHUNKS_A_LINE) this.flush();
    return true;
  }
}

function factsOf(packet: Uint8Array): PacketFacts {
  const header = decodeSmpHeader(packet);
  const body = packet.subarray(SMP_HEADER_BYTES);
  if (!header) throw new RangeError(`a packet of ${packet.length} bytes passed as one`);
  const row = rowOf(header);
  const { group, id, sequence } = header;
  return {
    command: row?.name ?? `group ${group} command ${id}`,
    op: header.op & 2 ? "write" : "read",
    version: header.version + 1,
    sequence,
    bytes: packet.length,
    body: bodyForTranscript(body, row?.withheld ?? []),
  };
}

/** The row of a request or of an answer. */
function rowOf({ op, group, id }: SmpHeader): CommandRow | undefined {
  return commandOf({ op: op & ~1, group, id })?.row;
}

/** Where a chunk belongs; undefined of what is none. */
function offOf(packet: Uint8Array): number | undefined {
  return numberOf(decoded(packet, (body) => decodeKnown(body, ["off"]))?.["off"]);
}

/** How far an answer says that a transfer got; undefined when it says anything else besides. */
function progressOf(packet: Uint8Array): number | undefined {
  const body = decoded(packet, (bytes) => decodeMap(bytes, { trailing: "ignore" }));
  if (!body) return undefined;
  const { off, data: _data, rc = 0, ...others } = body;
  return rc === 0 && Object.keys(others).length === 0 ? numberOf(off) : undefined;
}

function decoded(packet: Uint8Array, decode: (body: Uint8Array) => CborMap): CborMap | undefined {
  try {
    return decode(packet.subarray(SMP_HEADER_BYTES));
  } catch {
    return undefined;
  }
}

function numberOf(value: CborValue): number | undefined {
  return typeof value === "number" ? value : undefined;
}
