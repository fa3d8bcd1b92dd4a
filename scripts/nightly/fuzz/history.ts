import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DoneCells } from "../../../src/campaign/matrix/done-cells.ts";
import { cellsOf, parseMatrix } from "../../../src/campaign/matrix/matrix.ts";
import { runsCommand } from "../../../src/cli/history/history.ts";
import { memoryIo } from "../../../src/cli/testing/memory-io.ts";
import { pageDocument } from "../../../src/report/page/page-document.ts";
import { recordedRun } from "../../../src/report/page/recorded-run.ts";
import { text } from "./files.ts";
import type { FuzzSource } from "./source.ts";

const ROOT = join(import.meta.dirname, "../../..");
const RECORDS = join(ROOT, "cases/records");
const RUN = "0.1.0-boots";
/** As the matrix that ships names them. */
const BOARDS = [{ names: ["twin"] }, { names: ["twin-qspi"] }];
const CODE = { script: "", style: "" };

const LINE = {
  ...{ schema: 1, id: RUN, began: "2026-01-02T03:04:05.000Z", scenario: "s", board: "b", seed: 1, outcome: "fail" },
  ...{ cutsPlanned: 2, labels: { commit: "1" }, images: [{ role: "new", version: "1.0.0", hash: "ab" }] },
  cases: [
    ["cut 1", "fail", "why"],
    ["cut 2", "pass", ""],
  ],
  ...{ swapUs: 1, latencyUs: 2, uploadBytesPerS: 3, uploadShare: 0.5, wear: 9 },
};
const EXCHANGE = {
  ...{ atUs: 1, tookUs: 5, command: "image upload", op: "write", group: 1, id: 1, tries: 1 },
  ...{ request: { off: 0, len: 900 }, response: { off: 512 } },
};
const DOCUMENTS = {
  "run.json": '{"hil":"0.1.0","state":"ended","result":{"outcome":"pass"}}',
  "host.json":
    '{"host":"h","node":"v20","platform":"linux","began":"2026-01-02T03:04:05.000Z","ended":"x","labels":{"a":"b"}}',
} as const;

/** Pages and histories of records (`hil report`, `hil runs`), and matrices. @param folder for files; theirs alone. */
export function historySources(folder: string): readonly FuzzSource[] {
  const root = join(folder, "all");
  cpSync(RECORDS, root, { recursive: true });
  const put = (name: string, content: Uint8Array | string) => writeFileSync(join(root, name), content);
  const page = () => pageDocument([recordedRun(RUN, join(root, RUN))], CODE, "0");
  const events = readFileSync(join(root, RUN, "events.jsonl"));
  const inRecord = (name: string, kind: FuzzSource["kind"], share: number, seeds: readonly (Uint8Array | string)[]) => {
    const restored = seeds[0] ?? "";
    return {
      name: `${name} on the page of a run`,
      from: "record",
      kind,
      share,
      seeds: () => seeds,
      ask(input) {
        put(join(RUN, name), input);
        try {
          page();
        } finally {
          put(join(RUN, name), restored);
        }
      },
    } satisfies FuzzSource;
  };
  return [
    inRecord("events.jsonl", "json", 1, [events]),
    inRecord("smp.jsonl", "json", 1, [`${JSON.stringify(EXCHANGE)}\n`.repeat(3)]),
    inRecord("current.csv", "text", 0.5, ["at_us,mean,min,max,samples,lost\n0,1,1,2,9,0\n1000,2,1e3,,9,0\n"]),
    ...Object.entries(DOCUMENTS).map(([name, good]) => inRecord(name, "json", 0.5, [good])),
    {
      name: "index of a history",
      from: "record",
      kind: "json",
      share: 1,
      seeds: () => [`${JSON.stringify(LINE)}\n${JSON.stringify({ ...LINE, outcome: "pass" })}\n`],
      async ask(input, random) {
        put("index.jsonl", input);
        const verb = ["list", "trend", "changes"][random.below(3)] ?? "list";
        await runsCommand([verb, "--runs", root], memoryIo({ cwd: folder }));
      },
    },
    {
      name: "cells of a matrix that are done",
      from: "record",
      kind: "json",
      share: 1,
      seeds: () => [`${JSON.stringify({ key: "a".repeat(64), folder: RUN })}\n`],
      ask(input) {
        put("matrix-m.jsonl", input);
        new DoneCells(root, "m", false).get("a".repeat(64));
      },
    },
    {
      name: "matrices",
      from: "file",
      kind: "text",
      share: 1,
      seeds: () => {
        const at = join(ROOT, "scenarios/matrix");
        return readdirSync(at).map((name) => readFileSync(join(at, name)));
      },
      ask: (input) => cellsOf(parseMatrix(text(input), "/lab/m.yaml"), BOARDS),
    },
  ];
}
