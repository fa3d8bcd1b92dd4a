/** In which state of its life a board is, and what MCUboot leaves out in it. */
export interface LifeCycleRow {
  readonly name: string;
  /** As its log says it, in hex. These are PSA's own numbers; Nordic's header with theirs was not read. */
  readonly code: string;
  /** Any other state panics before it looks at an image. */
  readonly boots: boolean;
  /** Images are swapped and marked; else a request waits, and only what was swapped before it is brought to its end. */
  readonly updates: boolean;
  /** Keys and signatures are looked at; else the hash alone. */
  readonly checksSignature: boolean;
  /** Which of the keys that verify images count: all, or the first, which is the manufacturer's application's. */
  readonly keys: "all" | "first";
  /** The key of an encrypted image can be loaded. */
  readonly decrypts: boolean;
}

/**
 * Source: sdk-mcuboot f7664a2a (May 2026), CONFIG_NCS_MCUBOOT_LCS_AWARE: main.c, loader.c boot_prepare_image_for_update
 * and boot_select_or_erase, image_validate.c, image_ecdsa.c, encrypted.c. Read, not run.
 */
export const LIFE_CYCLES = [
  {
    name: "assembly-and-test",
    code: "1000",
    boots: true,
    updates: false,
    checksSignature: false,
    keys: "first",
    decrypts: false,
  },
  {
    name: "provisioning",
    code: "2000",
    boots: true,
    updates: false,
    checksSignature: true,
    keys: "first",
    decrypts: false,
  },
  {
    name: "secured",
    code: "3000",
    boots: true,
    updates: true,
    checksSignature: true,
    keys: "all",
    decrypts: true,
  },
  {
    name: "decommissioned",
    code: "6000",
    boots: false,
    updates: false,
    checksSignature: true,
    keys: "all",
    decrypts: false,
  },
] as const satisfies readonly LifeCycleRow[];

export type LifeCycleName = (typeof LIFE_CYCLES)[number]["name"];

/** The row of a state. */
export function lifeCycle(name: LifeCycleName): LifeCycleRow {
  const row = LIFE_CYCLES.find((candidate) => candidate.name === name);
  if (row === undefined) throw new RangeError(`no state of life is named "${name}"`);
  return row;
}
