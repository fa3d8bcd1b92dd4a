import { textOf, UsageError, utf8 } from "../../core/index.ts";
import {
  exportPrivateKey,
  exportPublicKey,
  exportPublicKeyHash,
  generateKey,
  generateWrappingKey,
  KEY_TYPES,
  type KeyTypeName,
  keyHash,
  loadEncryptionKey,
  PRIVATE_KEY_FORMATS,
  PUBLIC_KEY_FORMS,
  type PublicKeyForm,
  publicHalf,
  WRAPPING_KEY_TYPES,
} from "../../image/index.ts";
import { anyText, oneOf, parseNameSuffix } from "./options/grammar.ts";
import type { OptionTable, OptionValuesOf, Usage } from "./options/option.ts";
import { newPassphrase } from "./options/passphrase.ts";
import { asUsage, encryptionKeyFrom, type ImageTool, keyFrom, privateKeyFrom } from "./options/tool.ts";

const KEY_NAMES = [...KEY_TYPES.map((row) => row.name), ...WRAPPING_KEY_TYPES.map((row) => row.name)] as const;
type NewKeyName = (typeof KEY_NAMES)[number];

const key = { kind: "value", short: "k", metavar: "FILE", required: true, parse: anyText } as const;
const output = { kind: "value", short: "o", metavar: "FILE", parse: anyText, about: "Write here." } as const;
const suffix = {
  kind: "value",
  metavar: "SUFFIX",
  parse: parseNameSuffix,
  about: "Append this to the names in C or Rust.",
} as const;

const KEYGEN_OPTIONS = {
  key: { ...key, about: "File to write the private key to.  [required]" },
  type: {
    kind: "value",
    short: "t",
    metavar: "TYPE",
    required: true,
    parse: (text: string): NewKeyName => oneOf(...KEY_NAMES)(text),
    about: `One of ${KEY_NAMES.join(", ")}.  [required]`,
  },
  force: { kind: "flag", about: "Overwrite a private key that is there." },
  password: { kind: "flag", short: "p", about: "Encrypt the file with a passphrase: see --password-file." },
} as const satisfies OptionTable;

export const keygenUsage = {
  name: "keygen",
  about: "Make a new private key.",
  options: KEYGEN_OPTIONS,
  positionals: [],
} as const satisfies Usage<typeof KEYGEN_OPTIONS>;

/** `hil image keygen` */
export function runKeygen(tool: ImageTool, values: OptionValuesOf<typeof KEYGEN_OPTIONS>): number {
  const { type } = values;
  const wrapping = WRAPPING_KEY_TYPES.find((row) => row.name === type);
  if (wrapping !== undefined && values.password) {
    throw new UsageError("a wrapping key is base64 text, which cannot be encrypted: leave out --password.");
  }
  if (!values.force && holdsSecret(tool, values.key)) {
    throw new UsageError(
      `${values.key} holds a private key already, which would be lost.`,
      "Name another, or --force.",
    );
  }
  const passphrase = values.password ? newPassphrase(tool, values.key) : undefined;
  const text = wrapping === undefined ? generateKey(type as KeyTypeName, passphrase) : generateWrappingKey(wrapping);
  tool.files.write(values.key, utf8(text), { secret: true });
  tool.tell?.({ key: values.key, type, protected: passphrase !== undefined });
  return 0;
}

/** Whether a file is there that nobody can make again: a private key (protected or not) or a wrapping key. */
function holdsSecret(tool: ImageTool, path: string): boolean {
  let text: string;
  try {
    text = textOf(tool.files.read(path));
  } catch {
    return false;
  }
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text)) return true;
  try {
    return loadEncryptionKey(text).role === "wrapping";
  } catch {
    return false;
  }
}

const GETPUB_OPTIONS = {
  key: { ...key, about: "Key (PEM).  [required]" },
  encoding: {
    kind: "value",
    short: "e",
    metavar: `[${PUBLIC_KEY_FORMS.join("|")}]`,
    parse: oneOf(...PUBLIC_KEY_FORMS),
    about: "Form of the output; default lang-c.",
  },
  lang: { kind: "value", short: "l", metavar: "[c|rust]", parse: oneOf("c", "rust"), about: "Old form of --encoding." },
  "name-suffix": suffix,
  output,
} as const satisfies OptionTable;

export const getpubUsage = {
  name: "getpub",
  about: "Print the public half of a key.",
  options: GETPUB_OPTIONS,
  positionals: [],
} as const satisfies Usage<typeof GETPUB_OPTIONS>;

/** `hil image getpub` */
export function runGetpub(tool: ImageTool, values: OptionValuesOf<typeof GETPUB_OPTIONS>): number {
  if (values.encoding !== undefined && values.lang !== undefined) {
    throw new UsageError("Please use only one of `--encoding/-e` or `--lang/-l`");
  }
  const form: PublicKeyForm = values.encoding ?? (values.lang === "rust" ? "lang-rust" : "lang-c");
  if (values["name-suffix"] !== undefined && !form.startsWith("lang-")) {
    throw new UsageError("`--name-suffix` is only meaningful for lang-c / lang-rust encodings");
  }
  const own = keyFrom(tool, values.key);
  tool.tell?.({ type: own.type, publicKey: publicHalf(own).publicBytes });
  return put(tool, values.output, exportPublicKey(own, form, values["name-suffix"]));
}

const GETPUBHASH_OPTIONS = {
  key: { ...key, about: "Key (PEM).  [required]" },
  encoding: {
    kind: "value",
    short: "e",
    metavar: "[lang-c|raw]",
    parse: oneOf("lang-c", "raw"),
    about: "Form of the output; default lang-c.",
  },
  "name-suffix": suffix,
  output,
} as const satisfies OptionTable;

export const getpubhashUsage = {
  name: "getpubhash",
  about: "Print the SHA-256 of the public half of a key.",
  options: GETPUBHASH_OPTIONS,
  positionals: [],
} as const satisfies Usage<typeof GETPUBHASH_OPTIONS>;

/** `hil image getpubhash` */
export function runGetpubhash(tool: ImageTool, values: OptionValuesOf<typeof GETPUBHASH_OPTIONS>): number {
  const form = values.encoding ?? "lang-c";
  if (values["name-suffix"] !== undefined && form === "raw") {
    throw new UsageError("`--name-suffix` is only meaningful for the lang-c encoding");
  }
  const own = keyFrom(tool, values.key);
  tool.tell?.({ type: own.type, sha256: keyHash(own, "sha256") });
  return put(tool, values.output, exportPublicKeyHash(own, form, values["name-suffix"]));
}

const GETPRIV_OPTIONS = {
  key: { ...key, about: "Private key (PEM).  [required]" },
  minimal: { kind: "flag", about: "Leave out what the bootloader does not need." },
  format: {
    kind: "value",
    short: "f",
    metavar: `[${PRIVATE_KEY_FORMATS.join("|")}]`,
    parse: oneOf(...PRIVATE_KEY_FORMATS),
    about: "Container; default openssl for RSA, pkcs8 for the others.",
  },
} as const satisfies OptionTable;

export const getprivUsage = {
  name: "getpriv",
  about: "Print a private key as a C array, to be built into a bootloader.",
  options: GETPRIV_OPTIONS,
  positionals: [],
} as const satisfies Usage<typeof GETPRIV_OPTIONS>;

/** `hil image getpriv` */
export function runGetpriv(tool: ImageTool, values: OptionValuesOf<typeof GETPRIV_OPTIONS>): number {
  const own = privateKeyFrom(tool, values.key, `key file ${values.key} is a public key; getpriv takes a private one.`);
  const { format, minimal } = values;
  tool.tell?.({ type: own.type });
  const text = asUsage(() => exportPrivateKey(own, format === undefined ? { minimal } : { format, minimal }));
  return put(tool, undefined, text);
}

const KEYINFO_OPTIONS = {
  key: { ...key, about: "Key (PEM).  [required]" },
  require: {
    kind: "value",
    metavar: "[private|public]",
    parse: oneOf("private", "public"),
    about: "Fail with exit code 2 unless the key is of this kind.",
  },
} as const satisfies OptionTable;

export const keyinfoUsage = {
  name: "keyinfo",
  about: "Print whether a key file holds a private, a public or a wrapping key.",
  options: KEYINFO_OPTIONS,
  positionals: [],
} as const satisfies Usage<typeof KEYINFO_OPTIONS>;

/** `hil image keyinfo` */
export function runKeyinfo(tool: ImageTool, values: OptionValuesOf<typeof KEYINFO_OPTIONS>): number {
  // Build scripts call this: it must not ask for a passphrase.
  const { role, type } = encryptionKeyFrom({ ...tool, asks: false }, values.key);
  tool.tell?.({ role, type });
  // First the kind, then the verdict: build scripts read the one and test the other, as with imgtool.
  tool.io.out(`${role}\n`);
  if (values.require !== undefined && values.require !== role) {
    throw new UsageError(`Key ${values.key} is ${role}, but ${values.require} was required.`);
  }
  return 0;
}

function put(tool: ImageTool, path: string | undefined, contents: string | Uint8Array): number {
  if (path !== undefined) tool.tell?.({ output: path });
  if (path !== undefined) tool.files.write(path, typeof contents === "string" ? utf8(contents) : contents);
  else if (typeof contents === "string") tool.io.out(contents);
  else if (tool.io.outBytes !== undefined) tool.io.outBytes(contents);
  else throw new UsageError("raw bytes cannot be printed here: give --output.");
  return 0;
}
