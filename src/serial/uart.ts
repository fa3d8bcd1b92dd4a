/** A line of text from the board, without its line end; `atUs` is when its last byte arrived. */
export interface UartLine {
  readonly atUs: number;
  readonly text: string;
}

/** A frame line that a recogniser claimed: marker to terminator, both included. */
export interface FrameLine {
  readonly atUs: number;
  readonly bytes: Uint8Array;
}

/**
 * Knows the frames of one protocol on a UART that also carries log text. A frame line begins with one of `markers`,
 * wherever on a line that is, and ends with a line feed.
 */
export interface FrameRecogniser {
  readonly name: string;
  /** Two bytes each; no text contains them. */
  readonly markers: readonly (readonly [number, number])[];
  /** Longest frame line in bytes, terminator included; a longer one is dropped and counted. */
  readonly lineBytesMax: number;
  accept(line: FrameLine): void;
}
