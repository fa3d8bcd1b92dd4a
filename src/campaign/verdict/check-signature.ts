import type { Evidence, Failure, Shown } from "./check.ts";
import { checkSlots } from "./check-slots.ts";

interface LogSignature {
  /** Event of the boot-line tables. */
  readonly event: string;
  readonly defect: string;
  readonly because: (evidence: Pick<Evidence, "encrypted" | "rule">) => string;
}

/**
 * Lines that MCUboot prints only when it does what it should not with an image of the application core, and what it is
 * then known to have done.
 */
export const LOG_SIGNATURES: readonly LogSignature[] = [
  {
    event: "net core update started",
    defect: "R35",
    because: ({ encrypted, rule }) =>
      `the bootloader took the ${encrypted ? "encrypted " : ""}application image for a network-core image: ` +
      (encrypted
        ? "reset vector read from ciphertext; known defect R35, DevZone 78628" +
          (rule === undefined ? "" : ` (network_core_rule ${rule.name}, NCS ${rule.ncs})`)
        : "its reset vector lies beyond the application core's memory (a rule of nRF Connect SDK up to 2.7)"),
  },
];

/** A line that gives away a known defect fails the board whatever its slots say, and says why. */
export function checkSignature(shown: Shown): Failure | undefined {
  if (shown.ofNetwork) return undefined;
  const signature = LOG_SIGNATURES.find((row) => shown.seen.lines.some((line) => line.event === row.event));
  if (signature === undefined) return undefined;
  return { ending: checkSlots(shown)?.ending ?? "wrong image", because: signature.because(shown) };
}
