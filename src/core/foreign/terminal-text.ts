/**
 * The one place where text becomes bytes for a terminal. Text may come from anybody (a board, a record, a profile, a
 * switch, another user's lock), and a terminal obeys what it is sent: titles, clipboards, colours, lines drawn over
 * others. So of the control characters only line ends and tabs pass; what the program wants of a terminal is
 * asked for by name.
 */

/** What may be asked of a terminal before a text. Source: ECMA-48, CR (0x0d) and EL (CSI 2 K). */
const LINE_CONTROLS = {
  /** The text is written over the present line. */
  over: "\r",
  /** The present line is cleared first. */
  redraw: "\r\u001B[2K",
} as const;

export type LineControl = keyof typeof LINE_CONTROLS;

/** First and last code points that never reach a terminal as they are. Source: Unicode 16, general categories and UAX 9. */
const ESCAPED: readonly (readonly [number, number])[] = [
  [0x00, 0x08],
  [0x0b, 0x1f],
  // DEL, and C1: one of them is CSI in a single character.
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  // Blanks without width, marks and embeddings of direction, line ends of other scripts.
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
];
const unit = (code: number) => `\\u${code.toString(16).padStart(4, "0")}`;
/** Tags (U+E0000 to U+E007F) are escaped as the two units that JSON would have. */
const FOREIGN = new RegExp(
  `[${ESCAPED.map(([a, b]) => `${unit(a)}-${unit(b)}`).join("")}]|\\uDB40[\\uDC00-\\uDC7F]`,
  "g",
);

/** Private keys, from their first line on: somebody may have named a key's text where its file was wanted. */
const PRIVATE_KEY =
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:[^-]|-(?!----END))*(?:-----END [A-Z0-9 ]{0,40}-----)?/g;

/** What stands between those lines, alone: a sequence that begins with its version, 0 or 1. Source: RFC 5208, 5915, 8017. */
const KEY_BODY = /\bM[A-Za-z0-9+/]{1,7}(?:AgE[ABC]|IBA[AD]|CAQ[AE])[A-Za-z0-9+/]{30,}={0,2}/g;

/**
 * A text that does nothing to a terminal but stand there: control characters, and those that turn or hide text, become
 * `\uXXXX`, as in JSON (so JSON stays the same document). Escaped text stays as it is.
 * @param before what the program itself wants of the terminal first.
 */
export function terminalText(text: string, before?: LineControl): string {
  const escaped = text.replaceAll(FOREIGN, (found) =>
    Array.from({ length: found.length }, (_, at) => unit(found.charCodeAt(at))).join(""),
  );
  return before === undefined ? escaped : `${LINE_CONTROLS[before]}${escaped}`;
}

/** A login in an address, or in what was meant as one: `http://me:pass@host`, `tcp:me:pass@host`. */
const LOGIN = /\b([a-z][a-z0-9+.-]{0,20}:(?:\/\/)?)[^\s"'/@:]{1,200}:[^\s"'/@]{0,200}@/gi;

/** The same for complaints: they repeat what was typed, and a private key or a login that was typed is not repeated. */
export function complaintText(text: string): string {
  const instead = "(a private key: name the file it is in, not its text)";
  return terminalText(text.replaceAll(PRIVATE_KEY, instead).replaceAll(KEY_BODY, instead).replaceAll(LOGIN, "$1…@"));
}
