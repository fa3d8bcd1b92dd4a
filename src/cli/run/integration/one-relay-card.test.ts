import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { EXIT, RealClock } from "../../../core/index.ts";
import { openPty, openSerialPort } from "../../../serial/index.ts";
import { hil } from "../../testing/process.ts";
import { benchOfSuite } from "../../testing/suite.ts";
import { twoBoards } from "../../testing/two-boards.ts";

/** In real time: two twins in processes of their own, one `hil run` for both. */
const REAL_TIME_MS = 300_000;

const lab = benchOfSuite(twoBoards, REAL_TIME_MS);

describe("hil run on two boards behind one relay card", () => {
  test(
    "cuts both through one relay card, a channel each",
    async () => {
      const clock = new RealClock();
      const card = await openPty({ clock });
      await using _card = card.link;
      const relays = [1, 2].map((number) => join(lab().folder, number === 1 ? "dev/relay" : "dev2/relay"));
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
        const own = readFileSync(join(lab().folder, `${name}.yaml`), "utf8");
        const shared = own.replace(/\.\/dev2?\/relay/, card.path).replace("channel: 1", `channel: ${channel}`);
        writeFileSync(join(lab().folder, `card-${name}.yaml`), shared);
      }
      const boards = ["--board", "card-a.yaml", "--board", "card-b.yaml"];
      const records = await lab().recordsOf(async () => {
        const { code, err } = await hil(lab().folder, "run", "small.yaml", ...boards, "--cuts", "2").done;
        // A busy machine may stop the host for a moment, and hil says so: nothing else may be said.
        expect(err.replaceAll(/^hil: lab-[ab]: this host did not run for .*\n/gm, "")).toBe("");
        expect([EXIT.pass, EXIT.failed]).toContain(code);
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
});
