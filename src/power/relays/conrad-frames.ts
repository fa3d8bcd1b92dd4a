/**
 * Conrad 197720/197730 serial relay cards, 19200 8N1: command, address, data, xor of the three. An answer carries 255
 * less the command; 255 itself says that the card refused. Cards are chained; the first is address 1.
 * Source: pdudaemon conrad197720.py, excerpt of the manual; never run on hardware.
 */
export const CONRAD_BAUD_RATE = 19_200;
export const CONRAD_FRAME_BYTES = 4;
const REFUSED = 255;

/** Numbers the cards have for what is used here; 4, 5 (options) and 0 (answered like an error) are not. */
const CONRAD_COMMANDS = [
  { name: "setup", code: 1, source: "numbers the cards; nothing else works before; each card answers" },
  { name: "get", code: 2, source: "answer's data: bit 0 is relay 1" },
  { name: "on", code: 6, source: "SET SINGLE: data is a mask, the answer's data the new state" },
  { name: "off", code: 7, source: "DEL SINGLE: the same" },
] as const;
export type ConradCommand = (typeof CONRAD_COMMANDS)[number]["name"];

function codeOf(name: ConradCommand): number {
  return CONRAD_COMMANDS.find((row) => row.name === name)?.code ?? 0;
}

/** @param card 1–255. @param data a mask of relays, bit 0 is relay 1. */
export function conradFrame(name: ConradCommand, card: number, data = 0): Uint8Array {
  const code = codeOf(name);
  return Uint8Array.of(code, card, data, code ^ card ^ data);
}

type ConradAnswer = { readonly kind: "states"; readonly bits: number } | { readonly kind: "refused" };

/** The answer of a card to a command in what came back; undefined while there is none. */
export function conradAnswer(name: ConradCommand, card: number, bytes: Uint8Array): ConradAnswer | undefined {
  for (let at = 0; at + CONRAD_FRAME_BYTES <= bytes.length; at++) {
    const [code = 0, from = 0, data = 0, sum = 0] = bytes.subarray(at);
    if (sum !== (code ^ from ^ data) || from !== card) continue;
    if (code === REFUSED) return { kind: "refused" };
    if (code === 255 - codeOf(name)) return { kind: "states", bits: data };
  }
  return undefined;
}
