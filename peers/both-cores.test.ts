import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { loadProfile } from "../src/board/index.ts";
import { runCommand } from "../src/cli/run/run.ts";
import { command } from "../src/cli/testing/command.ts";
import { hil, ptyBench } from "../src/cli/testing/process.ts";
import { appFile, applicationBody, netFile, networkBody, packageOf } from "../src/cli/testing/two-cores.ts";
import { hasImgtool, signedByImgtool } from "./signed-by-imgtool.ts";

/** Packages for both cores as sysbuild makes them: the network core's firmware is signed for b0n first. */
const suite = hasImgtool() ? describe : describe.skip;

const PEERS_MS = 240_000;
const folder = mkdtempSync(join(tmpdir(), "hil-imgtool-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A package of both cores: an application of this version, and firmware of the network core with this counter. */
async function packageFor(
  version: string,
  counter: number,
  { encrypt = false, bytes = 9_000 } = {},
): Promise<Uint8Array> {
  const board = await loadProfile("twin-net", { cwd: folder });
  const app = signedByImgtool(folder, applicationBody(board, version, bytes), {
    version,
    slotBytes: 0x5_8000,
    encrypt,
  });
  const net = signedByImgtool(folder, networkBody(counter, bytes - 1_000), {
    version: `${counter}.0.0`,
    slotBytes: 0x3_8000,
    encrypt,
  });
  return packageOf(appFile(app), netFile(net));
}

suite("packages for both cores, signed by imgtool", () => {
  test.each([[false], [true]])(
    "upgrade both cores of the twin under cuts; the new one encrypted: %s",
    async (encrypt) => {
      writeFileSync(join(folder, "old.zip"), await packageFor("1.0.0", 3));
      writeFileSync(join(folder, "new.zip"), await packageFor("2.0.0", 4, { encrypt }));
      const args = ["old.zip", "new.zip", "--board", "twin-net", "--cuts", "10", "--json"];
      const { code, out, error } = await command(runCommand, args, folder);
      expect([code, error]).toEqual([0, ""]);
      const { verdicts }: { verdicts: { pass: boolean; found: string; where?: string }[] } = JSON.parse(out);
      expect(verdicts.filter(({ pass }) => !pass)).toEqual([]);
      expect(verdicts[0]?.found).toMatch(/^2\.0\.0 running.*; the network core runs version 4 \(its UART\)$/);
      expect(verdicts.map(({ where }) => where)).toContain("the copy to the network core");
    },
    PEERS_MS,
  );

  test(
    "do the same on a board of provider hardware, through the pseudo-terminals of hil twin --link",
    async () => {
      await using lab = await ptyBench({ bothCores: true });
      writeFileSync(join(lab.folder, "old.zip"), await packageFor("1.0.0", 3, { bytes: 6_000 }));
      writeFileSync(join(lab.folder, "new.zip"), await packageFor("2.0.0", 4, { bytes: 6_000 }));
      const on = ["--cut-on", "Turned on network core+300", "--cut-on", "Turned on network core+700"];
      const ran = await hil(lab.folder, "run", "old.zip", "new.zip", "--board", "lab.yaml", ...on, "--json").done;
      expect([ran.code, ran.err]).toEqual([0, ""]);
      const { verdicts }: { verdicts: { pass: boolean; found: string }[] } = JSON.parse(ran.out);
      expect(verdicts.map(({ found }) => found.replace(/.*; the/, "the"))).toEqual([
        "the network core runs version 3 (its UART)",
        "the network core runs version 4 (its UART)",
        "the network core runs version 3 (its UART)",
        "the network core runs version 4 (its UART)",
      ]);
    },
    PEERS_MS,
  );
});
