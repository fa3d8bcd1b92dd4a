import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { findLocks, takeLock } from "../board/index.ts";
import type { RunEvent } from "../campaign/index.ts";
import { zipOf } from "../campaign/testing/signed-files.ts";
import { utf8 } from "../core/index.ts";
import { ConsoleReport, RESULT_FORMATS, traceLine } from "../report/index.ts";
import { cutVerdict, recordFolder, STARTED } from "../report/testing/record-folder.ts";
import { mainIn } from "./main.ts";
import { EVIL, expectObeyedByNone, expectShown, NUL } from "./testing/evil-text.ts";
import { type MemoryIo, memoryIo } from "./testing/memory-io.ts";

/** What a command prints, on both outputs. */
async function printed(io: MemoryIo, ...argv: string[]): Promise<string> {
  await mainIn(io, argv);
  return io.printed() + io.complained();
}

/** The commands that a help text lists: those of `hil`, of `hil board` and of `hil image`. */
async function listed(argv: readonly string[], row: RegExp): Promise<readonly (readonly string[])[]> {
  const text = await printed(memoryIo(), ...argv, "--help");
  return [...text.matchAll(row)].map(([, name = ""]) => [...argv, name]);
}
const TOP = await listed([], /^ {2}hil (\S+)/gm);
const COMMANDS = [
  ...TOP,
  ...(await listed(["board"], /^ {2}hil board (\S+)/gm)),
  ...(await listed(["image"], /^ {2}([a-z]+) {2,}/gm)),
  ...["list", "show", "compare", "trend", "changes", "prune"].map((verb) => ["runs", verb]),
];

describe("every command that its help lists shows what was typed, and obeys none of it:", () => {
  test.each(COMMANDS.map((words) => [words.join(" "), words] as const))("hil %s", async (_, words) => {
    const text = await printed(memoryIo(), ...words, `--${EVIL}${NUL}`);
    expectObeyedByNone(text);
    // What stands behind a line's end is not repeated by all of them.
    expect(text).toContain("\\u001b]0;t\\u0007");
  });

  test("and all are there", () => {
    expect(TOP.length).toBeGreaterThan(15);
    expect(COMMANDS.length).toBeGreaterThan(TOP.length + 9 + 15);
  });
});

const BOARD = `schema: 1
name: lab
provider: hardware
ports: { app: { path: /dev/ttyACM1 } }
power: { driver: command, on: [./switch], off: [./switch], cuts: soc }
slots:
  primary: { offset: 0x10000, bytes: 0x10000 }
  secondary: { offset: 0x20000, bytes: 0x10000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`;

test("the preflight line, the trace and the warnings of a run show what a board says of itself, and obey none of it", () => {
  const io = memoryIo();
  const report = new ConsoleReport(io);
  const checks = [{ name: "slots", outcome: "as expected", expected: "", found: EVIL }] as const;
  const events: readonly RunEvent[] = [
    { atUs: 0, event: "preflight", checks },
    { atUs: 0, event: "warning", text: EVIL },
  ];
  for (const event of events) {
    report.take(event);
    io.out(`${traceLine(event)}\n`);
  }
  expectShown(io.printed());
  expect(io.printed()).toContain("preflight \\u001b]0;t");
});

/** The folder of a run that somebody sent, below `runs`: its scenario, board, reasons, log and labels are hostile. */
function evilRun(cwd: string, id: string, pass = false): string {
  const text = EVIL + NUL;
  const verdict = cutVerdict(1, 1_000_000, { pass, ending: "no boot", because: text, bootLog: [text] });
  const result = { outcome: "fail", cutsPlanned: 1, cutsJudged: 1, passed: 0, failed: 1, endings: { "no boot": 1 } };
  const started = { ...STARTED, scenario: text, board: text, profile: text };
  const events = [started, { atUs: 1, event: "warning", text }, verdict, { atUs: 9, event: "run-finished", result }];
  const folder = recordFolder(events, {
    "host.json": JSON.stringify({ began: `2026-11-0${id}T01:00:00.000Z`, labels: { commit: text } }),
  });
  mkdirSync(join(cwd, "runs"), { recursive: true });
  renameSync(folder, join(cwd, "runs", id));
  return join("runs", id);
}

function twoRuns(cwd: string): void {
  evilRun(cwd, "1", true);
  evilRun(cwd, "2");
}

function evilValue(cwd: string, file: string, lines: string): string {
  writeFileSync(join(cwd, file), lines);
  return file;
}

/** Files of somebody else, and the command that reads them. */
const EVIL_YAML = JSON.stringify(EVIL);
const SOURCES: readonly (readonly [string, (cwd: string) => readonly string[]])[] = [
  ["a name of firmware that nobody has", () => ["firmware", "build", EVIL]],
  [
    "a name in a profile",
    (cwd) => {
      writeFileSync(join(cwd, "lab.yaml"), `${BOARD}${JSON.stringify(EVIL)}: 1\n`);
      return ["board", "power", "--board", "lab.yaml", "off"];
    },
  ],
  [
    "a value in a scenario",
    (cwd) => {
      writeFileSync(join(cwd, "s.yaml"), `schema: 1\nname: s\nimages: ${JSON.stringify(EVIL)}\n`);
      return ["run", "s.yaml"];
    },
  ],
  ["the name of a file", () => ["run", `${EVIL}.yaml`]],
  ["the name of a record", () => ["replay", EVIL]],
  ["the name of a command", () => [EVIL]],
  [
    "a name in a zip file",
    (cwd) => {
      writeFileSync(join(cwd, "dfu.zip"), zipOf([EVIL, utf8("x"), 0]));
      return ["image", "zip", "list", "dfu.zip"];
    },
  ],
  [
    "what a switch's program prints",
    (cwd) => {
      writeFileSync(join(cwd, "lab.yaml"), BOARD);
      writeFileSync(join(cwd, "switch"), `#!/bin/sh\nprintf '%s\\n' '${EVIL}'\nexit 1\n`);
      chmodSync(join(cwd, "switch"), 0o755);
      return ["board", "power", "--board", "lab.yaml", "off"];
    },
  ],
  [
    "a lock of another user",
    (cwd) => {
      const locks = join(cwd, "locks");
      mkdirSync(locks);
      takeLock({ kind: "port", id: "x", name: "x" }, "lab", locks);
      const [lock] = findLocks(locks);
      if (lock === undefined || lock.owner === "unknown") throw new RangeError("no lock");
      writeFileSync(lock.path, JSON.stringify({ ...lock.owner, user: EVIL, resource: EVIL }));
      return ["board", "release"];
    },
  ],
  ["the name of a file to sweep", () => ["sweep", "--firmware", `${EVIL}.hex`]],
  ["the name of a finding", () => ["sweep", "--replay", `${EVIL}.yaml`]],
  ["the name of a log", () => ["explain", EVIL]],
  ["the name of what a customer sent", () => ["reproduce", EVIL]],
  ["the name of a twin's profile", () => ["twin", "--board", `${EVIL}.yaml`]],
  ["a value in a twin's profile", (cwd) => ["twin", "--board", evilValue(cwd, "t.yaml", `schema: ${EVIL_YAML}\n`)]],
  ["the name of an emulated board's profile", () => ["emulate", "--board", `${EVIL}.yaml`]],
  ["a value in a profile to import", () => ["init", "--from-twister", `${EVIL}.yaml`]],
  ["the name of a build", () => ["init", "--from-build", EVIL]],
  ["the name of a board to look at", () => ["doctor", "--board", `${EVIL}.yaml`]],
  ["the name of an image", () => ["image", "verify", `${EVIL}.bin`]],
  ["the name of a run to watch", () => ["watch", EVIL]],
  [
    "the name of a profile that lies there",
    (cwd) => {
      mkdirSync(join(cwd, "boards"));
      writeFileSync(join(cwd, "boards", `${EVIL}.yaml`), "schema: 1\n");
      return ["board", "list"];
    },
  ],
  [
    "a file that a scenario names",
    (cwd) => {
      const images = `images: { old: { version: 1.0.0, payload: { file: ${EVIL_YAML} } }, new: { version: 2.0.0, payload: { generate_bytes: 2048 } } }`;
      return ["run", evilValue(cwd, "s.yaml", `schema: 1\nname: s\n${images}\n`), "--dry-run"];
    },
  ],
  ["a fault's name", () => ["run", "encrypted-upgrade", "--fault", EVIL]],
  ["a reason in a record", (cwd) => ["report", evilRun(cwd, "1"), "--json"]],
  ["a reason in an annotation", (cwd) => ["report", evilRun(cwd, "1"), "--write", "github=s.md"]],
  ["a run of a history", (cwd) => (twoRuns(cwd), ["runs", "list"])],
  ["one run of a history", (cwd) => (twoRuns(cwd), ["runs", "show", "1"])],
  ["two runs of a history", (cwd) => (twoRuns(cwd), ["runs", "compare", "1", "2"])],
  ["the trend of a history", (cwd) => (twoRuns(cwd), ["runs", "trend"])],
  ["a word to a lab", () => ["lab", EVIL]],
  ["the name of a board for a lab", () => ["agent", "--board", `${EVIL}.yaml`]],
  ["the name of a scenario for a lab", () => ["submit", `${EVIL}.yaml`]],
  [
    "the address of a lab",
    (cwd) => {
      mkdirSync(join(cwd, "hil-lab"));
      writeFileSync(join(cwd, "hil-lab/lab.json"), JSON.stringify({ url: EVIL, token: "x" }));
      return ["queue"];
    },
  ],
  ["the changes of a history", (cwd) => (twoRuns(cwd), ["runs", "changes"])],
];

/** Commands that read nothing of others', or whose table is elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  smp: "src/cli/smp/foreign-text.test.ts",
  faults: "prints a table of our own",
  completion: "prints names of our own",
  ports: "prints what the operating system says of its ports",
};

test.each(SOURCES)("%s is shown, never obeyed", async (_, source) => {
  const { cwd } = memoryIo();
  const argv = source(cwd);
  expectShown(await printed(memoryIo({ cwd, env: { HIL_LOCKS: join(cwd, "locks") } }), ...argv));
});

test("every command has a source here, or another place", () => {
  const here = SOURCES.map(([, source]) => source(memoryIo().cwd)[0] ?? "");
  expect(TOP.map(([name = ""]) => name).filter((name) => !here.includes(name) && !(name in ELSEWHERE))).toEqual([]);
});

test.each(RESULT_FORMATS)("results as $name hold no control character of a record", async ({ name }) => {
  const { cwd } = memoryIo();
  const target = join(cwd, "results");
  await printed(memoryIo({ cwd }), "report", evilRun(cwd, "1"), "--write", `${name}=${target}`);
  const files = statSync(target).isDirectory() ? readdirSync(target).map((file) => join(target, file)) : [target];
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expectObeyedByNone(readFileSync(file, "utf8"));
});

test("a webhook is sent no control character of a record, and a receiver's own are not obeyed", async () => {
  const { cwd } = memoryIo();
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += String(piece)));
    request.on("end", () => {
      bodies.push(body);
      response.writeHead(400, "\u009B2J").end(EVIL);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const io = memoryIo({ cwd });
  const text = await printed(io, "report", evilRun(cwd, "1"), "--write", "badge", "--webhook", url);
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  expectObeyedByNone(text);
  expect(text).toContain("was not told");
  expect(bodies).toHaveLength(1);
  expectShown(bodies.join(""));
});
