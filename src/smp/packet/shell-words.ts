/** A line as the shell takes it apart. */
interface ShellWords {
  readonly words: readonly string[];
  /** The quotation mark that nobody closed, and the number of the word that it is in. */
  readonly open?: { readonly mark: string; readonly word: number };
}

const SPACE = /[ \t\n\v\f\r]/;
/** Inside quotes: `\0` and up to three octal digits, or `\x` and up to two hexadecimal ones, are a byte. */
const BYTE_ESCAPE = /^\\(?:0([0-7]{1,3})|x([0-9a-fA-F]{1,2}))/;

/**
 * Words of a line: white space parts them; quotes keep it, and inside them a backslash hides the quotation mark or
 * begins a byte; outside a backslash hides what follows. A byte 0 ends a word, and the line.
 * Source: Zephyr shell_utils.c; measured on Zephyr 4.4.0 (peers/smp-groups.test.ts).
 */
export function shellWords(line: string): ShellWords {
  // Byte by byte, as an escape may be a part of a character.
  const text = Buffer.from(line).toString("latin1").split("\0")[0] ?? "";
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (SPACE.test(text[at] ?? "")) at += 1;
    if (at >= text.length) return { words };
    const { word, next, mark } = oneWord(text, at);
    words.push(Buffer.from(word.split("\0")[0] ?? "", "latin1").toString());
    if (mark !== undefined) return { words, open: { mark, word: words.length - 1 } };
    at = next;
  }
}

function oneWord(text: string, start: number): { word: string; next: number; mark: string | undefined } {
  let word = "";
  let mark: string | undefined;
  let at = start;
  while (at < text.length) {
    const byte = text[at] ?? "";
    const escape = mark === undefined ? undefined : insideEscape(text.slice(at, at + 5), mark);
    if (escape !== undefined) {
      word += escape.means;
      at += escape.length;
    } else if (mark === undefined && byte === "\\") {
      word += text[at + 1] ?? "";
      at += 2;
    } else if (mark === undefined && SPACE.test(byte)) break;
    else if (byte === mark) {
      mark = undefined;
      at += 1;
    } else if (mark === undefined && (byte === '"' || byte === "'")) {
      mark = byte;
      at += 1;
    } else {
      word += byte;
      at += 1;
    }
  }
  return { word, next: at, mark };
}

/** What an escape inside quotes stands for; undefined where there is none, as a backslash before anything else stays. */
function insideEscape(text: string, mark: string): { means: string; length: number } | undefined {
  if (text.startsWith(`\\${mark}`)) return { means: mark, length: 2 };
  const found = BYTE_ESCAPE.exec(text);
  if (found === null) return undefined;
  const [whole, octal, hexadecimal = ""] = found;
  const value = octal === undefined ? Number.parseInt(hexadecimal, 16) : Number.parseInt(octal, 8) & 0xff;
  return { means: String.fromCharCode(value), length: whole.length };
}
