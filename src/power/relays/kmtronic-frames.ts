/**
 * KMTronic USB relay boards, 9600 8N1: FF, channel, state; commands are not acknowledged.
 * Source: the vendor's page info.kmtronic.com; never run on hardware.
 */
export const KMTRONIC_BAUD_RATE = 9_600;

const HEAD = 0xff;

/** How a board of so many channels is asked, and what it answers. */
export const KMTRONIC_BOARDS = [
  { channels: 1, ask: "one", source: "FF n 03 is answered FF n 00|01" },
  { channels: 2, ask: "one", source: "FF n 03 is answered FF n 00|01" },
  { channels: 4, ask: "all", source: "FF 09 00 is answered with 4 bytes, channel 1 first" },
  { channels: 8, ask: "all", source: "FF 09 00 is answered with 8 bytes, channel 1 first" },
] as const;

type KmtronicChannels = (typeof KMTRONIC_BOARDS)[number]["channels"];

/** Energises (true) or releases the coil of a channel, 1–8. */
export function kmtronicSet(channel: number, on: boolean): Uint8Array {
  return Uint8Array.of(HEAD, channel, on ? 1 : 0);
}

/** The question for a channel's state. */
export function kmtronicQuestion(channels: KmtronicChannels, channel: number): Uint8Array {
  return asksAll(channels) ? Uint8Array.of(HEAD, 9, 0) : Uint8Array.of(HEAD, channel, 3);
}

/** What such an answer says of a channel's coil; undefined while it is not whole, or is none. */
export function kmtronicAnswer(channels: KmtronicChannels, channel: number, bytes: Uint8Array): boolean | undefined {
  const states = asksAll(channels) ? bytes : bytes.subarray(2);
  const named = asksAll(channels) || (bytes[0] === HEAD && bytes[1] === channel);
  if (!named || states.length !== (asksAll(channels) ? channels : 1) || states.some((state) => state > 1))
    return undefined;
  return states[asksAll(channels) ? channel - 1 : 0] === 1;
}

function asksAll(channels: KmtronicChannels): boolean {
  return KMTRONIC_BOARDS.some((board) => board.channels === channels && board.ask === "all");
}
