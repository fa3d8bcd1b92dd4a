import { concat, isKind, Queue } from "../../core/index.ts";
import { type COMMANDS, type CommandKey, commandOf } from "../groups/commands.ts";
import { type CborMap, decodeKnown, encodeMap } from "../packet/cbor.ts";
import { CborFault, scanEntries } from "../packet/cbor-scan.ts";
import type { CommandRow, RequestOf, ResponseOf, SmpVersion } from "../packet/command.ts";
import { v1Code } from "../packet/errors.ts";
import { type ServerGeneration, type ServerGenerationName, serverGeneration } from "../packet/generations.ts";
import { decodeSmpHeader, encodeSmpHeader, OP, SMP_HEADER_BYTES, type SmpHeader } from "../packet/header.ts";
import { readFields, ShapeFault, writeFields } from "../packet/shape.ts";
import type { ReceivedPacket } from "../transport/console-framing.ts";
import type { SmpTransport } from "../transport/transport.ts";
import { isFault, SmpFault } from "./faults.ts";

/** What a handler may know and do besides answering. */
export interface HandlerContext {
  readonly version: SmpVersion;
  /** When the request's last byte arrived. */
  readonly receivedAtUs: number;
  /** Runs `act` once the answer is on its way: a reset answers first. */
  afterAnswer(act: () => void): void;
}

/** Handlers by command; each may take its time. What it throws: SmpFault for a refusal; anything else is EUNKNOWN. */
export type SmpHandlers = {
  readonly [K in CommandKey]?: (
    request: RequestOf<(typeof COMMANDS)[K]>,
    context: HandlerContext,
  ) => ResponseOf<(typeof COMMANDS)[K]> | Promise<ResponseOf<(typeof COMMANDS)[K]>>;
};

export interface ServerOptions {
  readonly transport: SmpTransport;
  readonly handlers: SmpHandlers;
  /** CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE in bytes; default 384. A larger packet is dropped in silence. */
  readonly bufferBytes?: number;
  /** CONFIG_MCUMGR_TRANSPORT_NETBUF_COUNT; default 4. Requests beyond them are dropped in silence. */
  readonly bufferCount?: number;
  readonly generation?: ServerGenerationName;
  /** CONFIG_MCUMGR_SMP_SUPPORT_ORIGINAL_PROTOCOL; default true. */
  readonly originalProtocol?: boolean;
  /** CONFIG_MCUMGR_GRP_IMG_VERBOSE_ERR: tell clients of version 1 the reason; default false. */
  readonly verboseErrors?: boolean;
  /** Told what a handler threw that is no SmpFault: the client only gets EUNKNOWN, and it is a mistake of ours. */
  onHandlerError?(error: unknown): void;
}

interface ServerCounters {
  requests: number;
  answers: number;
  refused: number;
  /** Packets that no buffer was free for, or that were over the buffer. */
  dropped: number;
}

const RC = { unknown: 1, invalid: 3, notSupported: 8, corrupt: 9, tooOld: 12, tooNew: 13 } as const;

type Handler = (request: CborMap, context: HandlerContext) => CborMap | Promise<CborMap>;

/**
 * A server of SMP as Zephyr's behaves: requests in order, one answer each, in the version of the request; unknown
 * commands ENOTSUP, bad CBOR EINVAL, answers over the buffer EMSGSIZE, and silence about what the transport lost.
 * Source: Zephyr smp.c and the groups, measured on Zephyr 4.4.0; older generations as `SERVER_GENERATIONS` says.
 */
export class SmpServer implements AsyncDisposable {
  readonly counters: ServerCounters = { requests: 0, answers: 0, refused: 0, dropped: 0 };
  readonly bufferBytes: number;
  readonly bufferCount: number;
  readonly #options: ServerOptions;
  readonly #generation: ServerGeneration;
  readonly #queue = new Queue<ReceivedPacket>();
  readonly #stopListening: () => void;
  readonly #serving: Promise<void>;
  readonly #stop = new AbortController();
  #held = 0;
  #failure: { readonly reason: unknown } | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.bufferBytes = options.bufferBytes ?? 384;
    this.bufferCount = options.bufferCount ?? 4;
    this.#generation = serverGeneration(options.generation);
    this.#stopListening = options.transport.onPacket((packet) => this.#received(packet));
    options.transport.onEnd(() => this.#queue.end());
    this.#serving = this.#serve();
  }

  /** Stops serving: a request in work is finished, its answer is not sent. The transport stays its owner's. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#stopListening();
    this.#queue.end();
    await this.#serving;
    if (this.#failure) throw this.#failure.reason;
  }

  #received(packet: ReceivedPacket): void {
    // Length and CRC of a console frame share the buffer, and one buffer is kept for the answer.
    const tooLarge = packet.bytes.length + this.#options.transport.overheadBytes > this.bufferBytes;
    if (tooLarge || this.#held >= Math.max(1, this.bufferCount - 1)) {
      this.counters.dropped += 1;
      return;
    }
    this.#held += 1;
    this.#queue.push(packet);
  }

  async #serve(): Promise<void> {
    for await (const packet of this.#queue) {
      if (this.#stop.signal.aborted) break;
      try {
        await this.#packet(packet);
      } catch (error) {
        // The port is gone or the server is stopped: nobody is left to tell. Anything else is our own mistake.
        if (!isKind(error, "bench") && !this.#stop.signal.aborted) this.#failure ??= { reason: error };
      } finally {
        this.#held -= 1;
      }
    }
  }

  /** All messages of a packet, one after the other. Source: Zephyr smp.c smp_process_request_packet. */
  async #packet(packet: ReceivedPacket): Promise<void> {
    let rest = packet.bytes;
    for (let header = decodeSmpHeader(rest); header; header = decodeSmpHeader(rest)) {
      const after: (() => void)[] = [];
      const payload = rest.subarray(SMP_HEADER_BYTES);
      this.counters.requests += 1;
      const answer = await this.#answer(header, payload, packet.atUs, after);
      if (this.#stop.signal.aborted) return;
      await this.#options.transport.send(answer, this.#stop.signal);
      this.counters.answers += 1;
      for (const act of after) act();
      if (header.length > payload.length) return;
      rest = payload.subarray(header.length);
    }
  }

  async #answer(header: SmpHeader, payload: Uint8Array, atUs: number, after: (() => void)[]): Promise<Uint8Array> {
    const version: SmpVersion = header.version >= 1 && this.#generation.groupErrorKey ? 2 : 1;
    let body: CborMap;
    try {
      const context = { version, receivedAtUs: atUs, afterAnswer: (act: () => void) => after.push(act) };
      body = await this.#handle(header, payload, context);
    } catch (error) {
      after.length = 0;
      body = this.#refusal(error, version);
    }
    const packet = this.#encode(header, version, body);
    if (packet.length <= this.bufferBytes) return packet;
    after.length = 0;
    this.counters.refused += 1;
    return this.#encode(header, version, { rc: this.#generation.tooLargeCode });
  }

  async #handle(header: SmpHeader, payload: Uint8Array, context: HandlerContext): Promise<CborMap> {
    if (this.#generation.isLibrary) return this.#handle2021(header, payload, context);
    const isRequest = header.op === OP.read || header.op === OP.write;
    if (!isRequest) throw new SmpFault({ code: this.#badOperation(header) });
    if (header.version >= 2 && this.#generation.groupErrorKey) throw new SmpFault({ code: RC.tooNew });
    if (header.version === 0 && this.#options.originalProtocol === false) throw new SmpFault({ code: RC.tooOld });
    if (header.length > payload.length) throw new SmpFault({ code: RC.corrupt });
    const known = commandOf(header);
    const handler = known && this.#handler(known.key);
    if (!known || !handler) throw new SmpFault({ code: RC.notSupported });
    return this.#run(known, handler, header.length === 0 ? new Uint8Array() : payload, context);
  }

  /** Without a look at version and length; an operation that is none is EINVAL where the command is known. */
  async #handle2021(header: SmpHeader, payload: Uint8Array, context: HandlerContext): Promise<CborMap> {
    if (header.op !== OP.read && header.op !== OP.write) throw new SmpFault({ code: this.#badOperation(header) });
    const known = commandOf(header);
    const handler = known && this.#handler(known.key);
    if (!known || !handler) throw new SmpFault({ code: RC.notSupported });
    return this.#run(known, handler, payload, context);
  }

  /** The code for an operation that is no request: some servers look for the command first. */
  #badOperation({ group, id }: SmpHeader): number {
    const rows = [OP.read, OP.write].map((op) => commandOf({ op, group, id }));
    const isKnown = rows.some((row) => row && this.#handler(row.key));
    return (isKnown ? this.#generation.badOperationCode : undefined) ?? RC.notSupported;
  }

  async #run(
    { key, row }: { readonly key: CommandKey; readonly row: CommandRow },
    handler: Handler,
    payload: Uint8Array,
    context: HandlerContext,
  ): Promise<CborMap> {
    const { rcInSuccess, echoBytesMax, echoIsStrict, bootMode, shellCodeKey } = this.#generation;
    if (key === "echo" && echoIsStrict) refuseOddEcho(payload);
    const request = readRequest(row, payload);
    const echoed = key === "echo" && typeof request["d"] === "string" ? Buffer.byteLength(request["d"]) : 0;
    if (echoed > (echoBytesMax ?? Number.POSITIVE_INFINITY)) throw new SmpFault({ code: RC.invalid });
    const known = key === "osReset" && !bootMode ? { ...request, boot_mode: undefined } : request;
    const body = writeFields(row.response, await handler(known, context));
    if (rcInSuccess.includes(key)) return { rc: 0, ...body };
    if (key !== "shell" || shellCodeKey === "ret") return body;
    const { ret, ...rest } = body;
    return { ...rest, [shellCodeKey]: ret };
  }

  #handler(key: CommandKey): Handler | undefined {
    if (this.#generation.lacks.includes(key)) return undefined;
    return this.#options.handlers[key] as Handler | undefined;
  }

  /** Source: Zephyr smp.c; which key, by `SERVER_GENERATIONS`. */
  #refusal(error: unknown, version: SmpVersion): CborMap {
    this.counters.refused += 1;
    if (!isFault(error)) {
      this.#options.onHandlerError?.(error);
      return { rc: RC.unknown };
    }
    if (error.group === undefined) return { rc: error.code };
    const key = this.#generation.groupErrorKey;
    if (version === 2 && key) return { [key]: { group: error.group, rc: error.code }, ...error.data };
    const rsn = this.#options.verboseErrors ? error.reason : undefined;
    return { rc: v1Code(error.group, error.code), rsn };
  }

  #encode(header: SmpHeader, version: SmpVersion, body: CborMap): Uint8Array {
    const payload = encodeMap(body, "indefinite");
    // An op that is no request is answered as a write.
    const op = header.op === OP.read ? OP.readResponse : OP.writeResponse;
    const { group, sequence, id } = header;
    const fields = { op, version: version - 1, reserved: 0, flags: 0, length: payload.length, group, sequence, id };
    return concat(encodeSmpHeader(fields), payload);
  }
}

/** @throws SmpFault EUNKNOWN unless the body is one map of one key: text under `d`. */
function refuseOddEcho(payload: Uint8Array): void {
  try {
    const entries = [...scanEntries(payload)];
    const { d } = decodeKnown(payload, ["d"]);
    if (entries.length === 1 && typeof d === "string") return;
  } catch (error) {
    if (!(error instanceof CborFault)) throw error;
  }
  throw new SmpFault({ code: RC.unknown });
}

/** @throws SmpFault EINVAL for what Zephyr's decoder refuses. */
function readRequest(row: CommandRow, payload: Uint8Array): CborMap {
  // A command without input takes no bytes at all, too.
  if (payload.length === 0 && (Object.keys(row.request).length === 0 || row.ignoresBadBody)) return {};
  try {
    return readFields(row.request, decodeKnown(payload, Object.keys(row.request)));
  } catch (error) {
    if (!(error instanceof CborFault) && !(error instanceof ShapeFault)) throw error;
    if (row.ignoresBadBody) return {};
    throw new SmpFault({ code: RC.invalid });
  }
}
