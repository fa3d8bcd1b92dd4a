import { ConfigurationError } from "../../core/index.ts";

/** Longest devicetree that is read, in bytes: a merged one of an nRF5340 has 30,000. */
export const DTS_BYTES_MAX = 4 * 1024 * 1024;
/** Words and marks of one file. */
const TOKENS_MAX = 1_000_000;

export interface DtsToken {
  readonly kind: "label" | "word" | "string" | "reference" | "directive" | "number" | "mark" | "end";
  /** Without quotes, "&", ":" and braces; a number as it is spelled. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
  /** No blank stands between it and the token before: names such as `uart@8000` are made of several. */
  readonly glued: boolean;
}

/** What is wrong with a devicetree, and where. */
export function dtsFault(file: string, line: number, what: string): ConfigurationError {
  return new ConfigurationError(
    `${file}, line ${line}: ${what}.`,
    "A merged devicetree is read, as a build leaves it in zephyr/zephyr.dts; board files and overlays are not.",
  );
}

/** Tried in this order at each place; every one is a run of characters without a choice, so no text takes long. */
const FORMS = [
  { kind: "blank", form: /[ \t\r\n\f]+|\/\*[^]*?\*\/|\/\/[^\n]*/y },
  { kind: "string", form: /"(?:[^"\\\n]|\\.)*"/y },
  { kind: "directive", form: /\/[a-z0-9-]+\//y },
  { kind: "reference", form: /&\{[^}\n]{0,1024}\}|&[A-Za-z_]\w*/y },
  { kind: "label", form: /[A-Za-z_]\w*:/y },
  { kind: "word", form: /[\w.+?#-][\w,.+?#-]*/y },
  { kind: "mark", form: /[{}<>[\];=,()/@]/y },
] as const;

/** The tokens of a devicetree, one after the other. @throws ConfigurationError with the line of what is none. */
export function* dtsTokens(text: string, file: string): Generator<DtsToken, DtsToken> {
  let [at, line, count] = [0, 1, 0];
  let glued = false;
  while (at < text.length) {
    const found = tokenAt(text, at);
    if (found === undefined) throw dtsFault(file, line, `${JSON.stringify(text[at])} begins nothing of a devicetree`);
    if (count === TOKENS_MAX) throw dtsFault(file, line, `more than ${TOKENS_MAX} words and marks`);
    count += 1;
    const { kind, spelled } = found;
    at += spelled.length;
    if (kind !== "blank") yield { kind: kindOf(kind, spelled), text: bare(kind, spelled), line, glued };
    glued = kind !== "blank";
    for (let end = spelled.indexOf("\n"); end >= 0; end = spelled.indexOf("\n", end + 1)) line += 1;
  }
  return { kind: "end", text: "", line, glued: false };
}

type Form = (typeof FORMS)[number]["kind"];

function tokenAt(text: string, at: number): { readonly kind: Form; readonly spelled: string } | undefined {
  for (const { kind, form } of FORMS) {
    form.lastIndex = at;
    const spelled = form.exec(text)?.[0];
    if (spelled !== undefined) return { kind, spelled };
  }
  return undefined;
}

function kindOf(kind: Exclude<Form, "blank">, spelled: string): DtsToken["kind"] {
  return kind === "word" && /^(?:0x[0-9a-f]+|\d+)(?:u|l|ul|ull|ll)?$/i.test(spelled) ? "number" : kind;
}

function bare(kind: Form, spelled: string): string {
  if (kind === "string") return spelled.slice(1, -1).replaceAll(/\\(.)/g, "$1");
  if (kind === "label") return spelled.slice(0, -1);
  if (kind === "directive") return spelled.slice(1, -1);
  return kind === "reference" ? spelled.replaceAll(/^&\{?|\}$/g, "") : spelled;
}
