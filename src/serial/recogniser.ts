/** A line of text from the board, cleaned of line end, ANSI escapes and control characters. */
export interface UartLine {
  /** When its last byte arrived, in microseconds on the link's clock. */
  readonly atUs: number;
  readonly text: string;
}

/** A frame line that a recogniser claimed: marker to line feed, both included. */
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
  /** Longest frame line in bytes, markers and line feed included; a longer one is dropped and counted. */
  readonly lineBytesMax: number;
  /**
   * False for a byte that no frame line holds between marker and line feed. Such a byte proves that log text cut into
   * the line (a board that was reset in mid-answer): the frame is dropped, and what it held is given back as text.
   */
  allows?(byte: number): boolean;
  accept(line: FrameLine): void;
}
