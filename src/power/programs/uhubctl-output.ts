import type { PowerState } from "../driver/switch.ts";

/**
 * What uhubctl prints: a line for each hub, and below it a line for each port with its status word.
 * Source: uhubctl 2.6.0, uhubctl.c; never run on hardware here.
 */
const HUB_LINE = /^(?:Current|New) status for hub (\S+) \[(.*)\]$/;
const PORT_LINE = /^ {2}Port (\d+): ([0-9a-f]+)(?: |$)/;

/** The bit of the status word that says that a port has power, by the hub's kind. */
const POWER_BITS = [
  { kind: "USB 2", hub: /, USB [12]\./, bit: 0x0100 },
  { kind: "USB 3", hub: /, USB 3\./, bit: 0x0200 },
] as const;

/** Digits of a status word; more is a failed reading that was printed as a negative number. */
const WORD_DIGITS_MAX = 4;

/** Texts that mean failure: uhubctl ends with 0 when a switch failed. */
export const UHUBCTL_FAILURES =
  /No compatible devices detected|There were permission problems|Failed to (?:control|get|set)|cannot open/i;

/**
 * The state of a port: on while any half of the hub gives it power (a USB 3 hub is two hubs, and prints two blocks).
 * @returns "unknown" when no block has that port, or a block could not be read.
 */
export function uhubctlState(output: string, port: number): PowerState | "unknown" {
  let bit: number | undefined;
  const powered = new Map<string, boolean>();
  let hub = "";
  for (const line of output.split(/\r?\n/)) {
    const [, location, description = ""] = HUB_LINE.exec(line) ?? [];
    if (location !== undefined) {
      hub = location;
      bit = POWER_BITS.find((row) => row.hub.test(description))?.bit;
      continue;
    }
    const [, number, word = ""] = PORT_LINE.exec(line) ?? [];
    if (Number(number) !== port) continue;
    if (bit === undefined || word.length > WORD_DIGITS_MAX) return "unknown";
    powered.set(hub, (Number.parseInt(word, 16) & bit) !== 0);
  }
  if (powered.size === 0) return "unknown";
  return [...powered.values()].some(Boolean) ? "on" : "off";
}
