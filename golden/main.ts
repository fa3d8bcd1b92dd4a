// Compares with golden vectors of the real tools: npm run test:golden. The last line is the tally; exit 1 on failures only.
import { EXIT, isHilError, messageOf } from "../src/core/index.ts";
import { runFolders, vectorFolders } from "./folders.ts";
import type { GoldenResult } from "./report.ts";

const FAILURES_SHOWN_MAX = 40;

interface Tally {
  passed: number;
  failed: number;
  unsupported: number;
}

async function main(): Promise<number> {
  const folders = vectorFolders(process.env);
  const total: Tally = { passed: 0, failed: 0, unsupported: 0 };
  const kinds = new Map<string, Tally>();
  const reasons = new Map<string, number>();
  for (const folder of folders) {
    console.log(`vectors ${folder.path}`);
    for await (const result of runFolders([folder])) {
      total[result.status] += 1;
      const kind = kinds.get(result.kind) ?? { passed: 0, failed: 0, unsupported: 0 };
      kind[result.status] += 1;
      kinds.set(result.kind, kind);
      if (result.status === "unsupported") reasons.set(reasonOf(result), (reasons.get(reasonOf(result)) ?? 0) + 1);
      if (result.status === "failed" && total.failed <= FAILURES_SHOWN_MAX) {
        console.log(`FAILED  ${result.kind}: ${result.name}: ${result.reason ?? ""}`);
      }
    }
  }
  for (const [kind, tally] of kinds) {
    console.log(`${kind.padEnd(20)} ${tally.passed} passed, ${tally.failed} failed, ${tally.unsupported} unsupported`);
  }
  for (const [reason, count] of reasons) console.log(`unsupported: ${count} x ${reason}`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.unsupported} unsupported`);
  if (total.passed + total.failed === 0)
    throw new Error("no golden case was run: a checker that reads nothing must fail");
  return total.failed === 0 ? EXIT.pass : EXIT.failed;
}

function reasonOf(result: GoldenResult): string {
  return `${result.kind}: ${result.reason ?? "no reason given"}`;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`test:golden: ${messageOf(error)}`);
  process.exitCode = isHilError(error) ? error.exitCode : EXIT.failed;
}
