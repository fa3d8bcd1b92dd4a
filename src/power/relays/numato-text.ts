/**
 * Numato USB relay modules: lines of ASCII on a CDC port (the speed has no meaning). The board echoes the command, then
 * answers, then prompts; lines end LF CR. Source: numato/samplecode, pdudaemon's test of the wire
 * form); never run on hardware. `id set` and `reset` are never sent.
 */
export const NUMATO_BAUD_RATE = 19_200;
/** Wakes the prompt, and closes half a line that somebody else left. */
export const NUMATO_RESYNC = "\r";

/** How the relays of a module are called, by the module's size; numbers count from 0. */
export const NUMATO_NAMINGS = [
  { name: "digit", relaysMax: 10, text: (relay: number) => String(relay), source: "modules up to 10 channels" },
  {
    name: "letters",
    relaysMax: 32,
    text: (relay: number) => relay.toString(36).toUpperCase(),
    source: "16 channels: 0-9 A-F; 32 channels: 0-9 A-V (pdudaemon)",
  },
  {
    name: "two-digits",
    relaysMax: 64,
    text: (relay: number) => String(relay).padStart(2, "0"),
    source: "64 channels; another driver uses it from 16 channels on",
  },
] as const;
type NumatoNaming = (typeof NUMATO_NAMINGS)[number]["name"];

/** The first naming that reaches a relay, unless one is asked for; undefined when it cannot name the relay. */
export function numatoRelayName(relay: number, relays: number, naming?: NumatoNaming): string | undefined {
  const row = NUMATO_NAMINGS.find(({ name, relaysMax }) => name === naming || (!naming && relays <= relaysMax));
  return row && relay < Math.min(relays, row.relaysMax) ? row.text(relay) : undefined;
}

/** One command; `name` as the module calls the relay. */
export function numatoCommand(verb: "on" | "off" | "read", name: string): string {
  return `relay ${verb} ${name}\r`;
}

/** What stands between the echo of a command and the prompt; undefined while the prompt has not come. */
export function numatoAnswer(text: string, command: string): readonly string[] | undefined {
  if (!/>\s*$/.test(text)) return undefined;
  const lines = text.split(/[\r\n>]+/).map((line) => line.trim());
  const echo = lines.lastIndexOf(command.trim());
  return lines.slice(echo + 1).filter((line) => line !== "");
}
