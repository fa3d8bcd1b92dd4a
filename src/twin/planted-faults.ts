import { type BootloaderBuild, withDefects } from "../mcuboot/index.ts";
import { type FaultHooks, type FaultPlace, hooksOf, MACHINE_FAULTS, sortFaults } from "./faults.ts";
import { besideSound } from "./sound-steps.ts";

/**
 * The faults of one twin, and which of them ever acted: did what the board would not have done without them. A run in
 * which a planted fault never acted shows nothing about it, however green it is.
 */
export class PlantedFaults {
  /** The bootloader with its defects. */
  readonly build: BootloaderBuild;
  readonly hooks: FaultHooks;
  readonly #idle: Set<string>;

  /** @param names of `TWIN_FAULT_NAMES`. @param sound the bootloader without any of them. */
  constructor(names: readonly string[], sound: BootloaderBuild) {
    const { machine, bootloader } = sortFaults(names);
    this.#idle = new Set([...machine, ...bootloader]);
    this.build = withDefects(sound, bootloader);
    if (this.#idle.size === 0) {
      this.hooks = {};
      return;
    }
    const acts = (name: string) => this.#idle.delete(name);
    const without = [...bootloader].map((name) => ({
      name,
      // What it does beside the other faults, as the board has them, is its own.
      build: withDefects(sound, new Set([...bootloader].filter((other) => other !== name))),
    }));
    this.hooks = {
      ...hooksOf(machine),
      acted: (place) => acts(ownerOf(place, machine)),
      // Faults of the machine say themselves when they act.
      ...(without.length > 0 && {
        beside: (flash, build, make) =>
          besideSound(flash, build, make, {
            sound: without.filter((row) => this.#idle.has(row.name)),
            parted: acts,
          }),
      }),
    };
  }

  /** Those that never acted so far, in the order of the tables. */
  get idle(): readonly string[] {
    return [...this.#idle];
  }
}

/** Of two faults in one place the last of the table is the one that takes hold. */
function ownerOf(place: FaultPlace, planted: ReadonlySet<string>): string {
  return MACHINE_FAULTS.findLast((row) => planted.has(row.name) && place in row.hooks)?.name ?? "";
}
