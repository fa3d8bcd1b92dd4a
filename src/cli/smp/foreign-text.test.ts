import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Cleanup, concat, RealClock, utf8 } from "../../core/index.ts";
import {
  type CborMap,
  type CborValue,
  COMMANDS,
  decodeSmpHeader,
  encodeMap,
  encodeSmpHeader,
  type Shape,
} from "../../smp/index.ts";
import { plainImage } from "../../smp/testing/array-store.ts";
import { mainIn } from "../main.ts";
import { EVIL, expectObeyedByNone, expectShown, NUL } from "../testing/evil-text.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { tcpBoard } from "../testing/tcp-board.ts";
import { SUBCOMMANDS } from "./smp.ts";
import { wordsOf } from "./subcommand.ts";

const LINE_BYTES = 1_000_000;
/** What `hil smp` may say about anything. */
const SAID_BYTES_MAX = 4_000;

/** An argument for each word that a usage asks for. A word that is not here fails its command's tests. */
const WORDS: Readonly<Record<string, string>> = {
  "<text...>": "hi",
  "<file>": "app.bin",
  "<hash>": "ab".repeat(32),
  "<name>": "a",
  "<line...>": "x",
  "<read|write>": "read",
  "<group>": "0",
  "<id>": "0",
  "<key>": "a",
  "<hex>": "00",
  "<from>": "app.bin",
  "<to>": "there.bin",
};

/** A field of each kind that a row of the table may want, by what its help says. */
const FIELDS: readonly (readonly [RegExp, string])[] = [
  [/: a whole number.*, required/, "0"],
  [/: text, required/, "a"],
  [/: hex digits.*, required/, "00"],
  [/: JSON, required/, "{}"],
];

/** Every command that there is, also one that is added tomorrow, with arguments that fit. */
const CALLS = SUBCOMMANDS.map((row) => {
  const asked = row.usage.split(" ").filter((word) => word.startsWith("<"));
  const fields = Object.entries(row.fields ?? {}).flatMap(([name, { describe: help = "" }]) => {
    const value = FIELDS.find(([kind]) => kind.test(help))?.[1];
    return value === undefined ? [] : [`--${name}`, value];
  });
  return { usage: row.usage, argv: [...wordsOf(row), ...asked.map((word) => WORDS[word] ?? `no ${word}`), ...fields] };
});

/** A value of the shape whose every text is hostile, names of maps, too. */
function evilValue(shape: Shape): CborValue {
  switch (shape.kind) {
    case "text":
    case "any":
      return EVIL + NUL;
    case "bool":
      return true;
    case "bytes":
    case "number or bytes":
      return new Uint8Array(32);
    case "list":
      return [evilValue(shape.of)];
    case "dictionary":
      return { [EVIL]: evilValue(shape.of) };
    case "map":
      return evilMap(shape.fields);
    case "optional":
      return evilValue(shape.of);
    default:
      return 0;
  }
}

function evilMap(fields: Readonly<Record<string, Shape>>): CborMap {
  return Object.fromEntries(
    Object.entries(fields).map(([name, shape]) => [name === "*" ? EVIL : name, evilValue(shape)]),
  );
}

type Header = NonNullable<ReturnType<typeof decodeSmpHeader>>;

/** A board that answers every request with the body that `answer` makes of its header. */
function boardOf(answer: (asked: Header) => CborMap, before?: Uint8Array): Promise<string> {
  return tcpBoard(
    (transport, uart) => {
      transport.onPacket(({ bytes }) => {
        const asked = decodeSmpHeader(bytes);
        if (asked === undefined) return;
        const body = encodeMap(answer(asked));
        const packet = concat(encodeSmpHeader({ ...asked, op: asked.op + 1, length: body.length }), body);
        void (before === undefined ? Promise.resolve() : uart.write(before)).then(() => transport.send(packet));
      });
      return transport;
    },
    { clock: new RealClock(), closing },
  );
}

const closing = new Cleanup();
const refusal = { rc: 1, rsn: EVIL + NUL };
const isRead = (op: number) => op === 0;
let [answering, refusing, loud] = ["", "", ""];

beforeAll(async () => {
  answering = await boardOf(({ group, id, op }) => {
    const row = Object.values(COMMANDS).find(
      (each) => each.group === group && each.id === id && (each.op === "either" || (each.op === "read") === isRead(op)),
    );
    return row === undefined ? refusal : evilMap(row.response);
  });
  refusing = await boardOf(() => refusal);
  loud = await boardOf(() => refusal, utf8(`${EVIL}${"a".repeat(LINE_BYTES)}\n`));
});
afterAll(() => closing[Symbol.asyncDispose]());

async function said(port: string, ...argv: readonly string[]): Promise<{ code: number; text: string }> {
  const io = memoryIo({ env: { HIL_PORT: port } });
  writeFileSync(join(io.cwd, "app.bin"), plainImage({ version: [2, 0, 0], payloadBytes: 300 }).file);
  const code = await mainIn(io, ["smp", ...argv]);
  return { code, text: io.printed() + io.complained() };
}

describe.each(CALLS)("hil smp $usage", ({ argv }) => {
  test("shows the texts of an answer, and obeys none: in words, in JSON, in the trace", async () => {
    for (const option of [[], ["--json"]]) expectObeyedByNone((await said(answering, ...argv, ...option)).text);
    const { text } = await said(answering, ...argv, "--trace");
    expectObeyedByNone(text);
    // It was asked something, and answered.
    expect(text).toMatch(/ < op [13] /);
  });

  test("shows the reason of a refusal, and obeys none", async () => {
    for (const option of [[], ["--json"], ["--trace"]]) expectShown((await said(refusing, ...argv, ...option)).text);
  });

  test("says little about a line of a megabyte, and hears what comes after it", async () => {
    const { code, text } = await said(loud, ...argv);
    expectObeyedByNone(text);
    expect(text.length).toBeLessThan(SAID_BYTES_MAX);
    expect(code).toBe(1);
    expect(text).toContain("The board says");
  });
});
