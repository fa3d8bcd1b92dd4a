import type { Bank, Core } from "../state/core.ts";
import { load, store } from "./access.ts";

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
  const readiness = readinessOf(core);
  const kept = fpccr[core.bank] & ~(FPCCR.ufrdy | FPCCR.splimviol | FPCCR.monrdy | FPCCR.sfrdy | FPCCR.bfrdy);
  const others = kept & ~(FPCCR.mmrdy | FPCCR.hfrdy | FPCCR.thread | FPCCR.user | FPCCR.secure);
  fpccr[core.bank] = others | readiness | FPCCR.lspact | (core.secure ? FPCCR.secure : 0);
}

/** Overwritten by the room above, which knows priorities. */
let readinessOf: (core: Core) => number = () => 0;

/** @param readiness bits of FPCCR that say which faults the lazy save could take */
export function setReadiness(readiness: (core: Core) => number): void {
  readinessOf = readiness;
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
