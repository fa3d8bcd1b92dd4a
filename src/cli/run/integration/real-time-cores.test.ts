import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { loadProfile } from "../../../board/index.ts";
import { hil, ptyBench } from "../../testing/process.ts";
import { benchOfSuite } from "../../testing/suite.ts";
import { appFile, applicationBody, netFile, networkBody, packageOf, signedBody } from "../../testing/two-cores.ts";

/** In real time: a twin in a process of its own, real pseudo-terminals, a profile that says hardware. */
const REAL_TIME_MS = 120_000;

describe("hil run with packages for both cores, against a twin on pseudo-terminals as hardware", () => {
  const lab = benchOfSuite(() => ptyBench({ bothCores: true }), REAL_TIME_MS);

  test(
    "upgrades both cores, cuts power during the copy to the network core, and hears from its UART what it runs",
    async () => {
      const { folder } = lab();
      const board = await loadProfile("lab.yaml", { cwd: folder });
      const packageFor = (version: string, counter: number) => {
        const app = signedBody(board, applicationBody(board, version, 6_000), version);
        const net = signedBody(board, networkBody(counter, 5_000), `${counter}.0.0`);
        return packageOf(appFile(app), netFile(net));
      };
      writeFileSync(join(folder, "old.zip"), packageFor("1.0.0", 3));
      writeFileSync(join(folder, "new.zip"), packageFor("2.0.0", 4));
      const text = `schema: 1
name: both cores
images:
  old: { version: "1.0.0", payload: { dfu_zip: old.zip } }
  new: { version: "2.0.0", payload: { dfu_zip: new.zip } }
  encrypt: false
cuts: { in: network, count: 2 }
revert_check: false
`;
      writeFileSync(join(folder, "both.yaml"), text);
      const { code, out, err } = await hil(folder, "run", "both.yaml", "--board", "lab.yaml", "--json").done;
      expect([code, err]).toEqual([0, ""]);
      const { verdicts }: { verdicts: { pass: boolean; found: string; where?: string }[] } = JSON.parse(out);
      const told = verdicts.map(({ found }) => found.replace(/.*; the/, "the"));
      expect(told.slice(0, 2)).toEqual([
        // Nobody flashes this board: its network core is brought to the old image first, as its application is.
        "the network core runs version 3 (its UART)",
        "the network core runs version 4 (its UART)",
      ]);
      // A cut that a busy host made too late is void, and made again after the others.
      expect(told.slice(2).toSorted()).toEqual([
        "the network core runs version 3 (its UART)",
        "the network core runs version 4 (its UART)",
      ]);
      expect(verdicts.slice(2).map(({ where }) => where)).toEqual(Array(2).fill("the copy to the network core"));
    },
    REAL_TIME_MS,
  );
});
