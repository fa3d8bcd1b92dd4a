import { concat, hexOf } from "../../core/index.ts";
import type { Area, NsibAreas } from "../builds/build.ts";
import type { Flash } from "../flash/operation.ts";
import { FIRMWARE_HEAD_BYTES, type FoundFirmware, firmwareIn, sumFault } from "../net-core/firmware-info.ts";
import type { NsibHalf, RunningBootloader, Steps } from "../steps/steps.ts";

/**
 * What the struct's word that says valid (0x9102ffff) is when 0xffff0000 was written over it: bits of a flash can only
 * be cleared. Source: sdk-nrf subsys/fw_info/fw_info.c fw_info_invalidate.
 */
const INVALID = Uint8Array.of(0x00, 0x00, 0x02, 0x91);

const LOOK_BYTES = 0x1000;

/** One of NSIB's two halves, and the firmware struct found in it. */
interface Half {
  readonly name: NsibHalf;
  readonly area: Area;
  readonly firmware: FoundFirmware | undefined;
}

/**
 * A start of NSIB, the bootloader that nobody can change: of two MCUboots it starts the one with the higher firmware
 * version (CONFIG_FW_INFO_FIRMWARE_VERSION), S0 where both are the same, if that is whole; else it marks it invalid for
 * good, and starts the other. Its signature and the monotonic counter are no part of this model: the hash vouches.
 * @returns which MCUboot runs now; undefined where none does: the board is dead.
 * Source: sdk-nrf samples/bootloader/src/main.c, subsys/bootloader/bl_validation.
 */
export function* nsibStart(flash: Flash, { s0, s1 }: NsibAreas): Steps<RunningBootloader | undefined> {
  const [first, second] = [halfIn(flash, "s0", s0), halfIn(flash, "s1", s1)];
  const isSecondNewer = (second.firmware?.version ?? -1) > (first.firmware?.version ?? -1);
  for (const { name, area, firmware } of isSecondNewer ? [second, first] : [first, second]) {
    if (firmware === undefined) continue;
    yield printed(`Attempting to boot slot ${name === "s0" ? 0 : 1}.`);
    yield printed(`Attempting to boot from address ${hexOf(firmware.address)}.`);
    yield { kind: "work", what: "validate", bytes: firmware.bytes, cipherBytes: 0, crypto: "other" };
    if (!firmware.isValid || !isWhole(flash, area, firmware)) {
      yield printed("Failed to validate, permanently invalidating!");
      if (firmware.isValid) yield { kind: "write", offset: area.offset + firmware.validAt, data: INVALID };
      continue;
    }
    yield printed(`Firmware version ${firmware.version}`);
    yield printed(`Booting (${hexOf(firmware.address)}).`);
    return { half: name, version: firmware.version };
  }
  yield printed("No bootable image found. Aborting boot.");
  return undefined;
}

function halfIn(flash: Flash, name: NsibHalf, area: Area): Half {
  // In two looks: a sweep remembers none that is longer than a sector.
  const bytes = Math.min(FIRMWARE_HEAD_BYTES, area.bytes);
  const first = Math.min(bytes, LOOK_BYTES);
  const head = concat(flash.read(area.offset, first), flash.read(area.offset + first, bytes - first));
  return { name, area, firmware: firmwareIn(head) };
}

/** Halves that were looked at, by what they hold. */
const WHOLE = new Map<string, boolean>();
const WHOLE_MAX = 10_000;

/** The firmware lies in this half, where it says it does, and its hash fits. */
function isWhole(flash: Flash, area: Area, firmware: FoundFirmware): boolean {
  const { address, at } = firmware;
  const start = address - area.offset;
  if (start < 0 || start > at) return false;
  const content = flash.identity?.(area.offset, area.bytes);
  const name = content === undefined ? undefined : `${area.offset} ${content}`;
  const known = name === undefined ? undefined : WHOLE.get(name);
  if (known !== undefined) return known;
  const whole = sumFault(flash.read(address, area.bytes - start), firmware) === undefined;
  if (name !== undefined) {
    if (WHOLE.size >= WHOLE_MAX) WHOLE.clear();
    WHOLE.set(name, whole);
  }
  return whole;
}

function printed(text: string) {
  return { kind: "log", level: "", text } as const;
}
