import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { messageOf } from "../src/core/index.ts";
import {
  Attributer,
  type History,
  logOf,
  SMALL_BOARD,
  toldList,
  toldLog,
  type WorldShape,
} from "../src/field/index.ts";
import { generation } from "../src/mcuboot/index.ts";
import { PACK, type PackRow } from "./field-pack-rows.ts";

/** Larger than the boards that a search tries: what is found must not hang on sizes. */
const FIELD_BOARD = { slotSectors: 24, maxImgSectors: 64, oldBytes: 26_000, newBytes: 37_000 } as const;

/** What the reader of docs/field-failures.md has: the first case, as files. */
const WALKED = { name: "ncs171-encrypted-app", log: "customer.log", list: "image-list.txt" } as const;

function walkedFile(name: string): string {
  return fileURLToPath(new URL(`../cases/field-failure/${name}`, import.meta.url));
}

/** A case's file in cases/field. */
export function packFile(name: string): string {
  return fileURLToPath(new URL(`../cases/field/${name}.yaml`, import.meta.url));
}

/** The board and history of a row: cuts found where its cause acts. @throws RangeError where it acts nowhere. */
export function packTruth(
  row: PackRow,
  attributer = new Attributer(),
): { readonly shape: WorldShape; readonly history: History } {
  const { generation: name, ...world } = row.world;
  const fits =
    world.mode === "scratch" && world.slotSectors !== undefined ? { ...FIELD_BOARD, maxImgSectors: 16 } : FIELD_BOARD;
  const shape: WorldShape = { ...SMALL_BOARD, ...fits, ...world, generation: generation(name) };
  const at = row.legs.findIndex(({ cut }) => cut?.operation === "find");
  const historyAt = (operation: number): History => ({
    legs: row.legs.map(({ acts = [], cut }) => ({
      acts,
      ...(cut && { cut: { ...cut, operation: cut.operation === "find" ? operation : cut.operation } }),
    })),
    tail: row.tail ?? [],
  });
  if (at < 0) return { shape, history: historyAt(0) };
  const machine = attributer.machine(shape);
  const before = machine.walk(historyAt(0).legs.slice(0, at)).states.at(-1) ?? machine.start();
  const asked = (row.legs[at]?.acts ?? []).reduce((board, act) => machine.act(board, act), before);
  const count = machine.whole(asked).operations.length;
  const fitting = Array.from({ length: count }, (_, operation) => operation).filter(
    (operation) => attributer.attribute(shape, historyAt(operation))?.cause === row.cause,
  );
  const middle = fitting[Math.floor(fitting.length / 2)];
  if (middle === undefined) throw new RangeError(`${row.name}: ${row.cause} acts at no operation of ${count}`);
  return { shape, history: historyAt(middle) };
}

/** A case as its file has it: what a customer sends, and the answer. */
export function packText(row: PackRow): string {
  const attributer = new Attributer();
  const { shape, history } = packTruth(row, attributer);
  const machine = attributer.machine(shape);
  const cause = attributer.attribute(shape, history)?.cause;
  if (cause !== row.cause) throw new RangeError(`${row.name}: made for ${row.cause}, and is ${cause ?? "nothing"}`);
  const { states } = machine.walk(history.legs);
  const end = history.tail.reduce((board, act) => machine.act(board, act), states.at(-1) ?? machine.start());
  const { boots, last } = { boots: logOf(machine, history.legs), last: end };
  return stringify(
    {
      report: row.report,
      say: row.say,
      log: toldLog(boots, row.style ?? "minimal"),
      ...(last.acts && { list: toldList(machine.list(last)) }),
      answer: row.cause,
    },
    { lineWidth: 0 },
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const row of PACK) {
    try {
      const text = packText(row);
      const file = packFile(row.name);
      if ((await readFile(file, "utf8").catch(() => "")) !== text) await writeFile(file, text);
      if (row.name !== WALKED.name) continue;
      const { log, list } = parse(text) as { readonly log: string; readonly list: string };
      await writeFile(walkedFile(WALKED.log), log);
      await writeFile(walkedFile(WALKED.list), list);
    } catch (error) {
      console.error(messageOf(error));
      process.exitCode = 1;
    }
  }
}
