import type { Bank, Core } from "../state/core.ts";
import { updateGuard } from "./protection.ts";

/** Enters a security state: its stack pointer, masks and protection count from now on. */
export function setSecurity(core: Core, bank: Bank): void {
  if (core.bank === bank) return;
  core.bank = bank;
  core.selectStack();
  updateGuard(core);
  core.lookCloser();
}
