import type { Bank, Core } from "../state/core.ts";
import { EXCEPTION } from "../state/cpu-fault.ts";
import { load, store } from "./access.ts";
import { executionPriority, groupPriority, targetOf } from "./priority.ts";

export const BASIC_FRAME_BYTES = 0x20;
const FLOAT_BYTES = 0x48;
const SECURE_FLOAT_BYTES = 0x40;

/** Bits of FPCCR. Source: Armv8-M ARM (DDI 0553), D1.2.98. */
export const FPCCR = {
  aspen: 0x8000_0000,
  lspen: 0x4000_0000,
  ts: 0x0400_0000,
  ufrdy: 0x400,
  splimviol: 0x200,
  monrdy: 0x100,
  sfrdy: 0x80,
  bfrdy: 0x40,
  mmrdy: 0x20,
  hfrdy: 0x10,
  thread: 8,
  secure: 4,
  user: 2,
  lspact: 1,
} as const;

/** Secure code that wants its callee registers kept (FPCCR.TS) has S16 to S31 in the frame, too. */
function savesAll(core: Core): boolean {
  return core.secure && (core.system.fpccr[1] & FPCCR.ts) !== 0;
}

export function extendedFrameBytes(core: Core): number {
  return BASIC_FRAME_BYTES + FLOAT_BYTES + (savesAll(core) ? SECURE_FLOAT_BYTES : 0);
}

/** Saves the FP registers beside a frame, or notes where they belong when saving is lazy. @throws CpuFault */
export function saveFloats(core: Core, frame: number): void {
  const { fpccr, fpcar } = core.system;
  if ((fpccr[core.bank] & FPCCR.lspen) === 0) {
    writeFloats(core, frame + BASIC_FRAME_BYTES, savesAll(core));
    return;
  }
  fpcar[core.bank] = (frame + BASIC_FRAME_BYTES) & ~7;
  fpccr[core.bank] = (fpccr[core.bank] & ~STATE_BITS) | readinessOf(core) | (core.secure ? FPCCR.secure : 0);
}

/** Bits of FPCCR that an exception entry sets anew. */
const STATE_BITS =
  FPCCR.ufrdy |
  FPCCR.splimviol |
  FPCCR.monrdy |
  FPCCR.sfrdy |
  FPCCR.bfrdy |
  FPCCR.mmrdy |
  FPCCR.hfrdy |
  FPCCR.thread |
  FPCCR.secure |
  FPCCR.user;

/** Which faults the lazy save may take, and in what mode it was left. Source: DDI 0553, UpdateFPCCR. */
function readinessOf(core: Core): number {
  const over = executionPriority(core);
  const { hardFault, memManage, busFault, usageFault } = EXCEPTION;
  const enables = core.system.shcsrEnables[core.bank];
  const ready = (exception: number, enabled: boolean) =>
    enabled && groupPriority(core, exception, targetOf(core, exception)) < over;
  return (
    FPCCR.lspact |
    (core.exception === 0 ? FPCCR.thread : 0) |
    (core.privileged ? 0 : FPCCR.user) |
    (ready(hardFault, true) ? FPCCR.hfrdy : 0) |
    (ready(memManage, (enables & 0x1_0000) !== 0) ? FPCCR.mmrdy : 0) |
    (ready(busFault, (core.system.shcsrEnables[core.config.security ? 1 : 0] & 0x2_0000) !== 0) ? FPCCR.bfrdy : 0) |
    (ready(usageFault, (enables & 0x4_0000) !== 0) ? FPCCR.ufrdy : 0)
  );
}

function writeFloats(core: Core, at: number, all: boolean): void {
  for (let index = 0; index < 16; index += 1) store(core, at + 4 * index, 4, core.s[index] as number);
  store(core, at + 0x40, 4, core.fpscr);
  if (!all) return;
  for (let index = 16; index < 32; index += 1) {
    store(core, at + FLOAT_BYTES + 4 * (index - 16), 4, core.s[index] as number);
  }
}

/** The lazy save, by the first FP instruction after an exception. @throws CpuFault */
export function preserveFloats(core: Core, bank: Bank): void {
  const { fpccr, fpcar } = core.system;
  if ((fpccr[bank] & FPCCR.lspact) === 0) return;
  writeFloats(core, fpcar[bank], bank === 1 && (fpccr[1] & FPCCR.ts) !== 0);
  fpccr[bank] &= ~FPCCR.lspact;
}

/** Restores FP registers from a frame on return; where they never left (lazy), nothing is to be read. @throws CpuFault */
export function restoreFloats(core: Core, frame: number, bank: Bank): void {
  const { fpccr } = core.system;
  if ((fpccr[bank] & FPCCR.lspact) !== 0) {
    fpccr[bank] &= ~FPCCR.lspact;
    return;
  }
  const at = frame + BASIC_FRAME_BYTES;
  for (let index = 0; index < 16; index += 1) core.s[index] = load(core, at + 4 * index, 4);
  core.fpscr = load(core, at + 0x40, 4);
  if (bank === 1 && (fpccr[1] & FPCCR.ts) !== 0) {
    for (let index = 16; index < 32; index += 1) core.s[index] = load(core, at + FLOAT_BYTES + 4 * (index - 16), 4);
  }
}
