import { boot, confirm, type FlashContent, type Steps, setPending } from "../src/mcuboot/index.ts";
import type { TornName, VectorScript } from "./mcuboot-schema.ts";
import { drive, tornOf, type VectorWorld } from "./mcuboot-world.ts";
import type { GoldenResult } from "./report.ts";

type Entry = VectorScript["seq"][number];

/** A random history: each entry ends with what came of it. */
export function* runScript(world: VectorWorld, script: VectorScript): Iterable<GoldenResult> {
  const kind = "script";
  const name = `${world.config.id} ${script.name}`;
  let flash = world.initialFlash(script.initial);
  for (const [index, entry] of script.seq.entries()) {
    const { facts, after } = play(world, flash, entry);
    const wanted = entry.slice(-3);
    flash = after;
    const found = [...facts, world.hash(flash)];
    if (JSON.stringify(found) === JSON.stringify(wanted)) continue;
    const detail = `is ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`;
    yield {
      kind,
      name: `${name} entry ${index} ${entry[0]} ${detail}`,
      status: "failed",
      reason: `${entry[0]} differs`,
    };
    return;
  }
  yield { kind, name, status: "passed" };
}

interface Played {
  /** Result or code of the call, then operations. */
  readonly facts: readonly unknown[];
  readonly after: FlashContent;
}

function play(world: VectorWorld, flash: FlashContent, entry: Entry): Played {
  const [op, first, second, third] = entry;
  switch (String(op)) {
    case "boot": {
      const booted = world.boot(flash);
      return { facts: [booted.result, booted.operations], after: booted.flash };
    }
    case "boot_cut": {
      const cut = cutBoot(world, flash, Number(first), second as TornName);
      return { facts: [cut.result, cut.operations], after: cut.after };
    }
    case "set_pending":
      return call(flash, (after) => setPending(after, world.build, Number(first), second === true));
    case "confirm":
      return call(flash, (after) => confirm(after, world.build, Number(first)));
    case "upload":
    case "erase_area": {
      const after = flash.snapshot();
      world.eraseArea(after, String(first));
      if (op === "upload") world.place(after, String(first), Number(second), String(third));
      return { facts: [null, 0], after };
    }
    default:
      throw new RangeError(`scripts know no entry ${String(op)}`);
  }
}

function call(flash: FlashContent, steps: (flash: FlashContent) => Steps<number>): Played {
  const after = flash.snapshot();
  let operations = 0;
  const driven = drive(steps(after), after, () => {
    operations += 1;
    return false;
  });
  return { facts: [driven.done ? driven.value : null, operations], after };
}

/** A boot whose operation `k` is not done, or torn. */
export function cutBoot(
  world: VectorWorld,
  flash: FlashContent,
  k: number,
  torn: TornName,
): { readonly result: string; readonly operations: number; readonly after: FlashContent } {
  const after = flash.snapshot();
  let operations = 0;
  const driven = drive(boot(after, world.build), after, (operation) => {
    if (operations < k) {
      operations += 1;
      return false;
    }
    const kind = tornOf(torn);
    if (kind !== undefined) after.apply(operation, kind);
    return true;
  });
  return { result: driven.done ? world.resultText(driven.value, after) : "CUT", operations, after };
}
