import type { Core } from "../state/core.ts";
import { load, store } from "./access.ts";
import { exceptionReturn } from "./exception-return.ts";
import { setSecurity } from "./security.ts";

/** Both forms of FNC_RETURN, which BLXNS leaves in lr. Source: Armv8-M ARM (DDI 0553), B3.15. */
const FNC_RETURN = 0xfeff_fffe;
const FNC_RETURN_LR = 0xfeff_ffff;

/** In handler mode these addresses end the exception. Source: DDI 0553, BXWritePC. */
function isExceptionReturn(core: Core, address: number): boolean {
  if (core.exception === 0) return false;
  return core.config.architecture === "v6m" ? address >= 0xf000_0000 : address >= 0xff00_0000;
}

/**
 * A branch as BX, POP and LDR to the PC make it: bit 0 becomes EPSR.T, and some addresses return from an exception or
 * from a Non-secure function.
 * @param nonSecure BXNS: bit 0 clear means the Non-secure state
 */
export function branchExchange(core: Core, value: number, { nonSecure = false } = {}): void {
  const address = value >>> 0;
  if (isExceptionReturn(core, address)) {
    exceptionReturn(core, address);
    return;
  }
  if (core.config.security && (address & ~1) >>> 0 === FNC_RETURN) {
    functionReturn(core);
    return;
  }
  if (nonSecure && (address & 1) === 0) {
    leaveSecure(core);
    core.next = address;
    return;
  }
  jump(core, address);
}

function jump(core: Core, address: number): void {
  core.thumb = address & 1;
  core.next = (address & ~1) >>> 0;
  if (core.thumb === 0) core.lookCloser();
}

/** To the Non-secure state: FP state of Secure code is no longer active (CONTROL.SFPA). */
function leaveSecure(core: Core): void {
  core.sfpa = 0;
  setSecurity(core, 0);
}

/**
 * BLX and BLXNS. The latter keeps return address and IPSR on the Secure stack when it changes the state.
 * Source: DDI 0553, BLXNS; B3.15, FNC_RETURN.
 */
export function branchLinkExchange(core: Core, value: number, { nonSecure }: { readonly nonSecure: boolean }): void {
  const back = core.next | 1;
  if (!nonSecure || (value & 1) === 1) {
    core.set(14, back);
    jump(core, value >>> 0);
    return;
  }
  const frame = core.get(13) - 8;
  if (frame >>> 0 < (core.limits[core.stack] as number) >>> 0) core.raise("STKOF");
  store(core, frame, 4, back);
  store(core, frame + 4, 4, core.exception | (core.sfpa << 20));
  core.set(13, frame);
  core.set(14, FNC_RETURN_LR);
  if (core.exception !== 0) core.exception = 1;
  leaveSecure(core);
  core.next = (value & ~1) >>> 0;
}

/** A branch to FNC_RETURN: back into the Secure caller. @throws CpuFault INVPC for a mode that does not fit */
function functionReturn(core: Core): void {
  setSecurity(core, 1);
  const frame = core.get(13);
  const back = load(core, frame, 4);
  const state = load(core, frame + 4, 4);
  const exception = state & 0x1ff;
  if ((core.exception === 0) !== (exception === 0)) core.raise("INVPC");
  core.exception = exception;
  core.sfpa = (state >>> 20) & 1;
  core.set(13, frame + 8);
  jump(core, (back | 1) >>> 0);
}
