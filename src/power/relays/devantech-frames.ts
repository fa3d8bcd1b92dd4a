/**
 * Devantech USB relay modules: one-byte commands on a CDC port (the speed has no meaning).
 * Source: the vendor's manuals of RLY02, RLY08, RLY16, RLY16L; never run on hardware.
 */
export const DEVANTECH_BAUD_RATE = 9_600;

/** Modules by the number they give of themselves. RLY16L keeps its relays where they are when it loses power. */
export const DEVANTECH_MODULES = [
  { name: "rly02", id: 10, relays: 2 },
  { name: "rly08", id: 8, relays: 8 },
  { name: "rly16", id: 9, relays: 8 },
  { name: "rly16l", id: 15, relays: 8 },
] as const;
const DEVANTECH_COMMANDS = [
  { name: "identify", byte: 0x5a, answerBytes: 2, source: "module's number, firmware" },
  { name: "states", byte: 0x5b, answerBytes: 1, source: "bit 0 is relay 1" },
  { name: "on", byte: 0x64, answerBytes: 0, source: "65-6C: relay 1-8 on" },
  { name: "off", byte: 0x6e, answerBytes: 0, source: "6F-76: relay 1-8 off" },
] as const;

/** @param relay 1–8, for `on` and `off`. */
export function devantechCommand(name: (typeof DEVANTECH_COMMANDS)[number]["name"], relay = 0): Uint8Array {
  const row = DEVANTECH_COMMANDS.find((command) => command.name === name);
  return Uint8Array.of((row?.byte ?? 0) + relay);
}
