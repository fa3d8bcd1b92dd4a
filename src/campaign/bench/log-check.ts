import { type BoardProfile, deviceArea } from "../../board/index.ts";
import { ConfigurationError } from "../../core/index.ts";
import { type BootloaderFacts, type Contradiction, contradictions, generation, modeRow } from "../../mcuboot/index.ts";
import type { RecordedBoard } from "./recorded-board.ts";

/** The field of a profile that says what a line of the log may contradict. */
const FIELDS: Readonly<Record<Contradiction["about"], string>> = {
  mode: "bootloader.mode",
  start: "slots.primary.offset",
  images: "slots.network_secondary",
  generation: "bootloader.generation",
};

/** What a profile says of its bootloader, as far as a boot log tells the same. */
function factsOf({ bootloader, slots, images }: BoardProfile): BootloaderFacts {
  return {
    mode: modeRow(bootloader.mode).mode,
    generation: generation(bootloader.generation),
    // MCUboot behind NSIB counts itself.
    images: 1 + (slots.networkSecondary === undefined ? 0 : 1) + (slots.s1 === undefined ? 0 : 1),
    startOffsets: [images.loadAddress ?? deviceArea(slots.primary).offset],
  };
}

/**
 * Nothing is judged under the wrong model: what the bootloader has said in its log so far must fit the profile, as what
 * SMP tells must.
 * @throws ConfigurationError that names both sources.
 */
export function requireLogFits({ board }: Pick<RecordedBoard, "board">): void {
  const found = contradictions(board.logs.app.knownSince(0), factsOf(board.profile));
  if (found.length === 0) return;
  const list = found.map(
    ({ about, said, believed, line }) =>
      `${FIELDS[about]} in the profile says ${believed}, and the boot log on ${board.logs.app.name} says ${said} ("${line}")`,
  );
  throw new ConfigurationError(
    `${board.name} is judged by the wrong model: ${list.join("; ")}.`,
    `Correct ${found.map(({ about }) => FIELDS[about]).join(", ")} in ${board.profile.file}, or connect the board that it describes.`,
  );
}
