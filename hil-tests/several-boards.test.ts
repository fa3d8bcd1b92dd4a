import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { findLocks } from "../src/board/index.ts";
import { RealClock } from "../src/core/index.ts";
import { openPty, openSerialPort } from "../src/serial/index.ts";
import { type HilProcess, hil, LAB_PROFILE, locksOf, type PtyBench, ptyBench } from "./testing/process.ts";

/** In real time: two twins in processes of their own, one `hil run` for both. */
const REAL_TIME_MS = 300_000;

const BOTH = ["run", "small.yaml", "--board", "a.yaml", "--board", "b.yaml"];

let lab: PtyBench;
let second: HilProcess;

function secondTwin(): Promise<string> {
  second = hil(lab.folder, "twin", "--board", "twin.yaml", "--link", "dev2", "--baud", "1000000", "--seed", "2");
  return second.printed(/"pid"/);
}

beforeAll(async () => {
  lab = await ptyBench();
  writeFileSync(join(lab.folder, "a.yaml"), LAB_PROFILE.replace("lab-pty", "lab-a"));
  writeFileSync(join(lab.folder, "b.yaml"), LAB_PROFILE.replace("lab-pty", "lab-b").replaceAll("./dev/", "./dev2/"));
  await secondTwin();
}, REAL_TIME_MS);

afterAll(async () => {
  second.child.kill("SIGTERM");
  await second.done;
  await lab[Symbol.asyncDispose]();
}, REAL_TIME_MS);

interface Record {
  readonly board: string;
  readonly outcome: string;
  readonly cutsJudged: number | undefined;
  readonly lastPower: string | undefined;
  readonly began: string;
  readonly ended: string;
}

/** Records of the runs that `work` made, by board. */
async function recordsOf(work: () => Promise<unknown>): Promise<readonly Record[]> {
  const runs = join(lab.folder, "runs");
  const names = () => (readdirSync(lab.folder).includes("runs") ? readdirSync(runs) : []);
  const before = new Set(names());
  await work();
  return names()
    .filter((name) => !before.has(name))
    .map((name) => {
      const read = (file: string) => readFileSync(join(runs, name, file), "utf8");
      const run: { board: string; result: { outcome: string; cutsJudged: number } | null } = JSON.parse(
        read("run.json"),
      );
      const host: { began: string; ended: string } = JSON.parse(read("host.json"));
      const events = read("events.jsonl").trim().split("\n");
      const power = events.map((line): { event: string; state?: string } => JSON.parse(line));
      return {
        board: run.board,
        outcome: run.result?.outcome ?? "none",
        cutsJudged: run.result?.cutsJudged,
        lastPower: power.findLast(({ event }) => event === "power")?.state,
        began: host.began,
        ended: host.ended,
      };
    })
    .toSorted((a, b) => (a.board < b.board ? -1 : 1));
}

describe("hil run on two boards with ports of their own", () => {
  test(
    "runs them at the same time, each with its record, and both pass",
    async () => {
      let end = { code: null as number | null, out: "", err: "" };
      const records = await recordsOf(async () => {
        end = await hil(lab.folder, ...BOTH, "--cuts", "0").done;
      });
      expect(end.err).toBe("");
      expect(end.out).toMatch(/^lab-a {2}PASS {2}1 check .*; record runs\//m);
      expect(end.out).toMatch(/^lab-b {2}PASS {2}1 check .*; record runs\//m);
      expect(end.code).toBe(0);
      expect(records).toMatchObject([
        { board: "lab-a", outcome: "pass", lastPower: "on" },
        { board: "lab-b", outcome: "pass", lastPower: "on" },
      ]);
      const [a, b] = records;
      if (!a || !b) throw new RangeError("not two records");
      expect([a.began < b.ended, b.began < a.ended]).toEqual([true, true]);
      expect(findLocks(locksOf(lab.folder))).toEqual([]);
    },
    REAL_TIME_MS,
  );

  test(
    "ended by Ctrl-C leaves both with power, records whole, locks free: exit 4",
    async () => {
      let end = { code: null as number | null, out: "", err: "" };
      const records = await recordsOf(async () => {
        const run = hil(lab.folder, ...BOTH, "--cuts", "50");
        await run.printed(/lab-a {2}swap[\s\S]*lab-b {2}swap|lab-b {2}swap[\s\S]*lab-a {2}swap/);
        run.child.kill("SIGINT");
        end = await run.done;
      });
      expect(end.err).toMatch(/lab-a: interrupted by SIGINT/);
      expect(end.code).toBe(4);
      expect(records).toMatchObject([
        { board: "lab-a", outcome: "interrupted", lastPower: "on" },
        { board: "lab-b", outcome: "interrupted", lastPower: "on" },
      ]);
      expect(findLocks(locksOf(lab.folder))).toEqual([]);
    },
    REAL_TIME_MS,
  );

  test(
    "goes on with one board when the other vanishes: exit 3 for both together",
    async () => {
      const run = hil(lab.folder, ...BOTH, "--cuts", "0");
      await run.printed(/lab-b {2}preflight/);
      second.child.kill("SIGKILL");
      const { code, out, err } = await run.done;
      await secondTwin();
      expect(out).toMatch(/^lab-a {2}PASS {2}1 check/m);
      expect(out).toMatch(/^lab-b {2}ERROR the bench failed/m);
      expect(err).toMatch(/^hil: lab-b: /m);
      expect(code).toBe(3);
    },
    REAL_TIME_MS,
  );

  test(
    "cuts both through one relay card, a channel each",
    async () => {
      const clock = new RealClock();
      const card = await openPty({ clock });
      await using _card = card.link;
      const relays = [1, 2].map((number) => join(lab.folder, number === 1 ? "dev/relay" : "dev2/relay"));
      const [first, other] = await Promise.all(relays.map((path) => openSerialPort(path, { baudRate: 9600, clock })));
      await using _first = first;
      await using _other = other;
      // The card: each twin has a relay of one channel behind a channel of it.
      void (async () => {
        for await (const { bytes } of card.link.chunks) {
          for (let at = 0; at + 4 <= bytes.length; at += 4) {
            const [channel, state] = [bytes[at + 1], bytes[at + 2] ?? 0];
            await (channel === 1 ? first : other)?.write(Uint8Array.of(0xa0, 1, state, 0xa1 + state));
          }
        }
      })().catch(() => undefined);
      for (const [name, channel] of [
        ["a", 1],
        ["b", 2],
      ] as const) {
        const own = readFileSync(join(lab.folder, `${name}.yaml`), "utf8");
        const shared = own.replace(/\.\/dev2?\/relay/, card.path).replace("channel: 1", `channel: ${channel}`);
        writeFileSync(join(lab.folder, `card-${name}.yaml`), shared);
      }
      const boards = ["--board", "card-a.yaml", "--board", "card-b.yaml"];
      const records = await recordsOf(async () => {
        const { code, err } = await hil(lab.folder, "run", "small.yaml", ...boards, "--cuts", "2").done;
        expect(err).toBe("");
        expect(code).toBeLessThan(3);
      });
      // The power check and each cut ended the run if the wrong board, or none, had lost its power. On a busy machine a
      // cut may miss its moment by more than the profile admits: which verdict it gets is not what counts here.
      expect(records).toMatchObject([
        { board: "lab-a", cutsJudged: 2, lastPower: "on" },
        { board: "lab-b", cutsJudged: 2, lastPower: "on" },
      ]);
    },
    REAL_TIME_MS,
  );

  test(
    "is refused when both profiles name one port, whatever they call it: exit 2, and nothing moves",
    async () => {
      const other = LAB_PROFILE.replace("lab-pty", "lab-c").replace("./dev/uart", join(lab.folder, "dev2/../dev/uart"));
      writeFileSync(join(lab.folder, "c.yaml"), other.replace("channel: 1", "channel: 2"));
      const records = await recordsOf(async () => {
        const { code, err } = await hil(lab.folder, "run", "small.yaml", "--board", "a.yaml", "--board", "c.yaml").done;
        expect(err).toMatch(/a\.yaml and .*c\.yaml both use port .*uart\./);
        expect(code).toBe(2);
      });
      expect(records).toEqual([]);
    },
    REAL_TIME_MS,
  );
});
