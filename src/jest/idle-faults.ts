import type { LoadedProfile } from "../board/index.ts";
import { BenchError } from "../core/index.ts";

/**
 * Faults that were planted in simulated boards of a test file: one that acted in none of its benches shows nothing,
 * however green the tests are, as in a run (docs/faults.md).
 */
export class IdleFaults {
  readonly #boards = new Map<string, { readonly board: string; readonly idle: readonly string[] }>();

  /** The bench of a profile closes. @param idle faults that never acted in it. */
  closed({ file, profile: { name } }: Pick<LoadedProfile, "file" | "profile">, idle: readonly string[]): void {
    const before = this.#boards.get(file)?.idle;
    this.#boards.set(file, { board: name, idle: before?.filter((fault) => idle.includes(fault)) ?? idle });
  }

  /** @throws BenchError when a fault never acted. */
  requireNone(): void {
    for (const { board, idle } of this.#boards.values()) {
      if (idle.length === 0) continue;
      const [are, it] = idle.length === 1 ? ["fault", "it"] : ["faults", "them"];
      throw new BenchError(
        `the ${are} ${idle.join(", ")} of ${board} never acted: this test file shows nothing about ${it}.`,
        "Plant faults that fit what the tests do: hil faults.",
      );
    }
  }
}
