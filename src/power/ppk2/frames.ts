/**
 * Nordic Power Profiler Kit II: commands of one to three bytes on a CDC port; none is acknowledged, only `metadata`
 * answers. Source: pc-nrfconnect-ppk constants.ts, IRNAS ppk2_api.py; never run on hardware.
 */
export const PPK2_BAUD_RATE = 115_200;
/** Voltages that the kit can be set to, in millivolts. */
export const PPK2_MV = { min: 800, max: 5_000 } as const;

const PPK2_COMMANDS = [
  { name: "start", bytes: [0x06], source: "a sample of four bytes every 10 µs from now on, see ppk2-samples.ts" },
  { name: "stop", bytes: [0x07], source: "stop streaming; samples still in flight follow" },
  { name: "metadata", bytes: [0x19], source: "answers lines of text, the last is END" },
  { name: "ampere", bytes: [0x11, 0x01], source: "mode: measures a supply from outside" },
  { name: "source", bytes: [0x11, 0x02], source: "mode: supplies the board" },
  { name: "on", bytes: [0x0c, 0x01], source: "power to the board, in both modes" },
  { name: "off", bytes: [0x0c, 0x00], source: "the same" },
] as const;

export function ppk2Command(name: (typeof PPK2_COMMANDS)[number]["name"]): Uint8Array {
  return Uint8Array.from(PPK2_COMMANDS.find((row) => row.name === name)?.bytes ?? []);
}

/** @param millivolts 800–5000, sent big-endian. */
export function ppk2Voltage(millivolts: number): Uint8Array {
  return Uint8Array.of(0x0d, millivolts >> 8, millivolts & 0xff);
}

/** The lines `Key: value` of the metadata by key in lower case; undefined while END has not come. */
export function ppk2Metadata(text: string): ReadonlyMap<string, string> | undefined {
  if (!/(^|\n)END\s*$/.test(text)) return undefined;
  const rows = text.matchAll(/^([A-Za-z]\w*):\s*(\S+)\s*$/gm);
  return new Map(Array.from(rows, ([, key = "", value = ""]) => [key.toLowerCase(), value]));
}
