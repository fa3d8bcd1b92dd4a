import { concat, VirtualClock } from "../../../src/core/index.ts";
import { COMMANDS } from "../../../src/smp/groups/commands.ts";
import { encodeMap } from "../../../src/smp/packet/cbor.ts";
import { type CommandRow, requestOp } from "../../../src/smp/packet/command.ts";
import { SERVER_GENERATIONS } from "../../../src/smp/packet/generations.ts";
import { encodeSmpHeader } from "../../../src/smp/packet/header.ts";
import { RecoveryServer } from "../../../src/smp/recovery/recovery-server.ts";
import { enumerationHandlers, GROUP_ENTRIES } from "../../../src/smp/server/enumeration-server.ts";
import { fileHandlers } from "../../../src/smp/server/file-server.ts";
import { imageHandlers } from "../../../src/smp/server/image-server.ts";
import { osHandlers } from "../../../src/smp/server/os-server.ts";
import { SmpServer } from "../../../src/smp/server/server.ts";
import { settingsHandlers } from "../../../src/smp/server/settings-server.ts";
import { shellHandlers } from "../../../src/smp/server/shell-server.ts";
import { statisticsHandlers } from "../../../src/smp/server/statistics-server.ts";
import { ArrayRecovery } from "../../../src/smp/testing/array-recovery.ts";
import { ArrayImageStore } from "../../../src/smp/testing/array-store.ts";
import { M44_FACTS } from "../../../src/smp/testing/bench.ts";
import type { SmpTransport } from "../../../src/smp/transport/transport.ts";
import type { FuzzSource } from "./source.ts";

const BUFFER_BYTES = 384;
const SLOT_BYTES = 16_384;

/** Bodies with the fields that requests have, so that damage makes odd values of each. */
const BODIES = [
  { d: "echo" },
  { off: 0, len: 900, image: 0, data: new Uint8Array(40).fill(0x3d), sha: new Uint8Array(32) },
  { off: 40, data: new Uint8Array(20) },
  { hash: new Uint8Array(32), confirm: true },
  { slot: 1 },
  { name: "/lfs1/a", off: 0, len: 4, data: new Uint8Array(4), type: "sha256" },
  { name: "app/label", val: new Uint8Array(4), max_size: 8 },
  { argv: ["kernel", "uptime", "-p"] },
  { format: "sv", query: "mode", force: 1, boot_mode: 1, datetime: "2026-01-01T00:00:00", index: 1 },
  {},
];

const ROWS: readonly CommandRow[] = Object.values(COMMANDS);
/** Every command with every body. */
const REQUESTS = ROWS.flatMap((row) =>
  BODIES.map((fields) => {
    const body = encodeMap(fields);
    const { group, id } = row;
    const header = { op: requestOp(row), version: 1, reserved: 0, flags: 0, length: body.length, group, id };
    return concat(encodeSmpHeader({ ...header, sequence: 3 }), body);
  }),
);

/** Packets in and out without a line between. */
function packets(): SmpTransport & { take(packet: Uint8Array): void; readonly ended: () => void } {
  let heard: ((packet: { readonly atUs: number; readonly bytes: Uint8Array }) => void) | undefined;
  let end: () => void = () => undefined;
  return {
    name: "fuzz",
    overheadBytes: 0,
    wireBytes: (bytes) => bytes,
    send: async () => undefined,
    onPacket(listener) {
      heard = listener;
      return () => undefined;
    },
    onEnd(listener) {
      end = () => listener();
      return () => undefined;
    },
    resynchronise: async () => undefined,
    lastSeen: () => "",
    take: (bytes) => heard?.({ atUs: 0, bytes }),
    ended: () => end(),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** What a handler threw that is no refusal is a mistake of ours. */
function strict(): { readonly onHandlerError: (error: unknown) => void; readonly check: () => void } {
  let first: { readonly error: unknown } | undefined;
  return {
    onHandlerError: (error) => {
      first ??= { error };
    },
    check: () => {
      if (first) throw first.error;
    },
  };
}

/** Requests of a client to the simulated board: the other end of every tool that is tried on it. */
export const SERVER_SOURCES: readonly FuzzSource[] = [
  {
    name: "requests to the twin's application",
    from: "board",
    kind: "bytes",
    share: 20,
    seeds: () => REQUESTS,
    async ask(input, random) {
      const clock = new VirtualClock();
      const transport = packets();
      const { onHandlerError, check } = strict();
      const generation = SERVER_GENERATIONS[random.below(SERVER_GENERATIONS.length)]?.name;
      const store = new ArrayImageStore({ slotBytes: SLOT_BYTES });
      const files = new Map([["/lfs1/a", new Uint8Array(9)]]);
      const handlers = {
        ...osHandlers({ ...M44_FACTS, bufferBytes: BUFFER_BYTES, bufferCount: 4, reset: () => undefined }),
        ...imageHandlers(store, { slotInfo: true, generation }),
        ...fileHandlers({ files, mount: "/lfs1", clock }),
        ...settingsHandlers({ values: new Map([["app/label", new Uint8Array(2)]]), generation }),
        ...shellHandlers({ kernel: { help: "k", sub: { uptime: { help: "u", run: () => "1" } } } }),
        ...statisticsHandlers(() => ({ stats: { ticks: 1 } }), generation),
        ...enumerationHandlers(Object.values(GROUP_ENTRIES)),
      };
      const server = new SmpServer({ transport, handlers, onHandlerError, ...(generation && { generation }) });
      transport.take(input);
      if (random.chance({ of: 1, in: 3 })) transport.take(REQUESTS[random.below(REQUESTS.length)] ?? input);
      transport.ended();
      await new Promise(setImmediate);
      await server[Symbol.asyncDispose]();
      check();
    },
  },
  {
    name: "requests to the twin's serial recovery",
    from: "board",
    kind: "bytes",
    share: 20,
    seeds: () => REQUESTS,
    async ask(input, random) {
      const transport = packets();
      const { onHandlerError, check } = strict();
      const store = new ArrayRecovery(new ArrayImageStore({ slotBytes: SLOT_BYTES }));
      const is = () => random.chance({ of: 1, in: 2 });
      const build = { echo: is(), params: is(), imageState: is(), hash: is(), slotInfo: is(), directUpload: is() };
      const more = { progressiveErase: is(), imageInEachChunk: is() };
      const server = new RecoveryServer({
        transport,
        store,
        reset: () => undefined,
        onHandlerError,
        ...build,
        ...more,
      });
      transport.take(input);
      if (is()) transport.take(REQUESTS[random.below(REQUESTS.length)] ?? input);
      transport.ended();
      await new Promise(setImmediate);
      await server[Symbol.asyncDispose]();
      check();
    },
  },
];
