import type { FieldPath } from "../../core/index.ts";
import { generation } from "../../mcuboot/index.ts";
import type { Complain } from "./port-checks.ts";
import type { ProfileFields } from "./schema.ts";

/** Modes of which an update of MCUboot itself was read. Swap using offset moves it with a sector too much before it. */
export const OWN_UPDATE_MODES: readonly string[] = ["swap-move", "swap-scratch", "overwrite-only"];

/**
 * What MCUboot has behind NSIB: its halves, and a look at the life cycle.
 * Source: sdk-mcuboot boot/zephyr/Kconfig NCS_MCUBOOT_LCS_AWARE, loader.c MCUBOOT_IS_SECOND_STAGE.
 */
export function checkNsib({ bootloader, slots, images, provider }: ProfileFields, complain: Complain): void {
  const { s0, s1, secondary } = slots;
  const { generation: name, life_cycle: state, second_stage: isSecond, mode } = bootloader;
  const { movesOwnUpdate, tellsLifeCycle } = generation(name);
  const alone = "only MCUboot behind NSIB looks at it";
  if (state !== undefined && !tellsLifeCycle)
    complain(["bootloader", "life_cycle"], `is nothing that generation ${name} looks at.`);
  else if (state !== undefined && !isSecond)
    complain(["bootloader", "life_cycle"], `needs second_stage: true: ${alone}.`);
  if (s0 === undefined && s1 === undefined) return;
  const out = "leave s0 and s1 out";
  const own = `generation ${name} moves an update to (nRF Connect SDK 2.8 and later)`;
  const faults: readonly (readonly [boolean, FieldPath, string])[] = [
    [s0 === undefined, ["slots", "s0"], "is missing: NSIB has two halves."],
    [s1 === undefined, ["slots", "s1"], "is missing: NSIB has two halves."],
    [s0?.device === "qspi", ["slots", "s0", "device"], "must be internal: MCUboot runs from there."],
    [s1?.device === "qspi", ["slots", "s1", "device"], "must be internal: MCUboot runs from there."],
    [!isSecond, ["slots", "s0"], "needs bootloader.second_stage: true: NSIB starts MCUboot."],
    [!movesOwnUpdate, ["slots", "s1"], `is nothing that ${own}: ${out}.`],
    [!OWN_UPDATE_MODES.includes(mode), ["slots", "s1"], `goes with ${OWN_UPDATE_MODES.join(", ")}: ${out}.`],
    [secondary?.device === "qspi", ["slots", "s1"], `goes with a secondary slot on internal flash: ${out}.`],
    [images.header_bytes > 0xdc0, ["images", "header_bytes"], "must not exceed 0xdc0 with slots.s0."],
    [["emulated", "qemu"].includes(provider), ["slots", "s0"], `has no use with provider: ${provider}: ${out}.`],
  ];
  for (const [isWrong, path, text] of faults) if (isWrong) complain(path, text);
}
