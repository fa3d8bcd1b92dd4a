import { type KnownLine, recogniseBootLine } from "../steps/log-lines.ts";

/** A line of a log: its number in the file, from 1, and its text without colours and line end. */
interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/** A line of a log that a row of `LOG_LINES` knows. */
export interface SeenLine extends NumberedLine {
  readonly event: KnownLine["event"];
  readonly fields: KnownLine["fields"];
}

/** Longer lines are no log lines: what stands behind is not looked at. */
const LINE_CHARS_MAX = 1_000;

const ESC = "\u001b";
const BEL = "\u0007";
/** ECMA-48: colours and cursor, titles up to BEL or ST, and escapes of two characters. */
const ESCAPES = new RegExp(`${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)|[@-Z\\\\^_])`, "g");

/**
 * Lines of a log, numbered as an editor does: a lone carriage return ends no numbered line, but what stands behind it
 * is read on its own, as a terminal shows it.
 */
export function logLines(text: string): readonly NumberedLine[] {
  return text.split("\n").flatMap((line, index) =>
    line
      .replaceAll("\0", "")
      .replaceAll(ESCAPES, "")
      .split("\r")
      .filter((part) => part !== "")
      .map((part) => ({ number: index + 1, text: part.slice(0, LINE_CHARS_MAX) })),
  );
}

/** The lines of the bootloader among them. */
export function seenLines(lines: readonly NumberedLine[]): readonly SeenLine[] {
  return lines.flatMap((line) => {
    const known = recogniseBootLine(line.text);
    return known === undefined ? [] : [{ ...line, event: known.event, fields: known.fields }];
  });
}

/** True for a line of a log that holds a line of the bootloader: of a log that is too long for memory only those count. */
export function isBootLogLine(line: string): boolean {
  return seenLines(logLines(line)).length > 0;
}

const QUOTED_CHARS_MAX = 160;

/** A line as it is quoted: printable, and not longer than a screen line or two. */
export function quoted(text: string): string {
  const printable = text.trim().replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code > 0xff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\x${code.toString(16).padStart(2, "0")}`;
  });
  return printable.length <= QUOTED_CHARS_MAX ? printable : `${printable.slice(0, QUOTED_CHARS_MAX)}…`;
}
