import {
  type Area,
  type FlashTiming,
  INTERNAL_FLASH_BYTES,
  MX25R6435F,
  NRF5340_INTERNAL,
  timingAt,
} from "../../mcuboot/index.ts";
import { eraseDeadlineMs } from "../../smp/index.ts";
import { emulatedChip } from "./emulated-chips.ts";
import { qemuMachine } from "./qemu-schema.ts";
import type { BoardProfile } from "./schema.ts";

type ProfileArea = BoardProfile["slots"]["primary"];

/** Where an area of a profile lies for the model: external flash begins behind the internal one. */
export function deviceArea({ offset, bytes, device }: ProfileArea): Area {
  return { offset: device === "qspi" ? INTERNAL_FLASH_BYTES + offset : offset, bytes };
}

/** Times of the flash devices that a profile's slots lie on, and whether a cut takes the external one's power, too. */
export function flashTimingOf({ slots, qspi, power, qemu, emulated }: BoardProfile): FlashTiming {
  const ofChip = emulated && emulatedChip(emulated.chip).timing;
  if (ofChip) return ofChip;
  if (qemu !== undefined) return qemuMachine(qemu.machine).timing;
  const areas = [slots.secondary, slots.scratch, slots.networkSecondary];
  if (!areas.some((area) => area?.device === "qspi")) return NRF5340_INTERNAL;
  const external = {
    ...MX25R6435F,
    unitUs: Math.round((qspi?.pageProgramMs ?? MX25R6435F.unitUs / 1000) * 1000),
    eraseUs: Math.round((qspi?.eraseMs ?? MX25R6435F.eraseUs / 1000) * 1000),
    // The nRF5340-DK feeds its QSPI flash from VDD_PER: a switch in the SoC's own supply leaves it on.
    keepsPower: qspi?.keepsPower ?? power.options["cuts"] === "soc",
  };
  return { ...NRF5340_INTERNAL, above: { offset: INTERNAL_FLASH_BYTES, timing: external } };
}

/**
 * How long the first chunk of an upload may take, in milliseconds: the profile's word, or twice the erase of the slot
 * that takes longest (of the two cores').
 */
export function firstChunkMs(profile: BoardProfile): number {
  const { primary, secondary, networkSecondary } = profile.slots;
  const timing = flashTimingOf(profile);
  const slots = [secondary.bytes === 0 ? primary : secondary, ...(networkSecondary ? [networkSecondary] : [])];
  const erases = slots.map((slot) => {
    const { eraseUs, pageBytes } = timingAt(timing, deviceArea(slot).offset);
    return eraseDeadlineMs(slot.bytes, { pageMs: (2 * eraseUs) / 1000, pageBytes });
  });
  return profile.timeoutsMs.uploadFirstChunk ?? Math.max(...erases);
}
