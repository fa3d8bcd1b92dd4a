// A process that takes one lock again and again, in a race with others: FOLDER ROUNDS DEAD_PID. Each time it has the
// lock it writes down that it came and went, and leaves either no lock or that of a process that is dead.
import { appendFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasCode } from "../../core/index.ts";
import { findLocks, type Lock, takeLock } from "../lease/lock.ts";
import { ownerNow } from "../lease/owner.ts";

const [folder = "", rounds = "1", deadPid = "0"] = process.argv.slice(2);
const resource = { kind: "port", id: "raced", name: "what is raced for" } as const;
const diary = join(folder, "diary");

function taken(): Lock {
  for (;;) {
    try {
      return takeLock(resource, "racer", folder);
    } catch (error) {
      if (!hasCode(error, "held")) throw error;
    }
  }
}

for (let round = 0; round < Number(rounds); round += 1) {
  const lock = taken();
  appendFileSync(diary, `in ${process.pid}\n`);
  // Something to do that takes a moment and is a chance for the others.
  for (let look = 0; look < 5; look += 1) readdirSync(folder);
  appendFileSync(diary, `out ${process.pid}${lock.from ? " from the dead" : ""}\n`);
  if (round % 3 === 0) lock.release();
  else {
    const [own] = findLocks(folder, [resource]);
    const { started: _, ...dead } = { ...ownerNow(resource.name, "racer"), pid: Number(deadPid) };
    const spare = join(folder, `spare-${dead.token}`);
    writeFileSync(spare, JSON.stringify(dead));
    renameSync(spare, own?.path ?? "");
  }
}
