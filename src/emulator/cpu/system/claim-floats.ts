import type { Core } from "../state/core.ts";
import { FPCCR, preserveFloats } from "./float-context.ts";

/** CPACR.CP10: 0 no access, 1 privileged, 3 all. */
function isAllowed(core: Core): boolean {
  const access = (core.system.cpacr[core.bank] >>> 20) & 3;
  if (core.config.security && core.bank === 0 && (core.system.nsacr & 0x400) === 0) return false;
  return access === 3 || (access === 1 && core.privileged);
}

/**
 * What comes before every FP instruction: access, the lazy save of an interrupted context, and a context of its own.
 * @throws CpuFault NOCP without access
 * Source: Armv8-M ARM (DDI 0553), ExecuteFPCheck.
 */
export function claimFloats(core: Core): void {
  if (!isAllowed(core)) core.raise("NOCP");
  preserveFloats(core, 0);
  preserveFloats(core, 1);
  const { fpccr, fpdscr } = core.system;
  if ((fpccr[core.config.security ? 1 : 0] & FPCCR.aspen) === 0) return;
  const isNew = core.fpca === 0 || (core.secure && core.sfpa === 0);
  if (!isNew) return;
  if (core.fpca === 0) core.fpscr = fpdscr[core.bank] & 0x07c0_0000;
  core.fpca = 1;
  if (core.secure) core.sfpa = 1;
}
