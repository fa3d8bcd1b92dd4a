import { join } from "node:path";
import { ConfigurationError, defined, UsageError, utf8 } from "../../core/index.ts";
import { mutations } from "../../image/index.ts";
import { anyText, parseInteger } from "./options/grammar.ts";
import type { OptionTable, OptionValuesOf, Usage } from "./options/option.ts";
import { SIGN_OPTIONS } from "./options/sign-options.ts";
import { decryptionKeyFrom, firmwareFrom, type ImageTool, privateKeyFrom } from "./options/tool.ts";

const LIST_NAME = "mutants.json";

const MUTATE_OPTIONS = {
  key: {
    kind: "value",
    short: "k",
    metavar: "FILE",
    required: true,
    parse: anyText,
    about: "Private key that signed IMGFILE: mutants are right but for one thing.  [required]",
  },
  "decrypt-key": {
    kind: "value",
    metavar: "FILE",
    parse: anyText,
    about: "Private key that opens IMGFILE, when it is encrypted.",
  },
  only: { kind: "value", metavar: "NAME", parse: anyText, about: "Write only the mutants whose name contains this." },
  "swap-mode": { ...SIGN_OPTIONS["swap-mode"], about: "How the bootloader swaps; default move." },
  "max-image-size": {
    kind: "value",
    metavar: "BYTES",
    parse: parseInteger,
    about: "Largest image the bootloader takes: adds one that is a little larger.",
  },
  "downgrade-prevention": { kind: "flag", about: "The bootloader has MCUBOOT_DOWNGRADE_PREVENTION." },
  "tlv-allow-list": { kind: "flag", about: "The bootloader has MCUBOOT_USE_TLV_ALLOW_LIST." },
  "checks-address": { kind: "flag", about: "The bootloader has MCUBOOT_CHECK_HEADER_LOAD_ADDRESS." },
} as const satisfies OptionTable;

export const mutateUsage = {
  name: "mutate",
  about: "Write families of bad images made of IMGFILE to FOLDER, and what MCUboot must make of each.",
  options: MUTATE_OPTIONS,
  positionals: ["IMGFILE", "FOLDER"],
} as const satisfies Usage<typeof MUTATE_OPTIONS>;

/** `hil image mutate`: a file a mutant, and mutants.json with outcomes and reasons. The folder must exist. */
export function runMutate(
  tool: ImageTool,
  values: OptionValuesOf<typeof MUTATE_OPTIONS>,
  positionals: readonly string[],
): number {
  const [path = "", folder = ""] = positionals;
  const { bytes } = firmwareFrom(tool, path, `Image file ${path} not found`);
  const signing = privateKeyFrom(tool, values.key, `key file ${values.key} is a public key; mutants are signed.`);
  const decryptPath = values["decrypt-key"];
  const limit = values["max-image-size"];
  const found = mutations(
    bytes,
    {
      signing,
      ...(decryptPath === undefined ? {} : { decryptKey: decryptionKeyFrom(tool, decryptPath) }),
      randomness: tool.randomness,
    },
    {
      mode: values["swap-mode"] ?? "move",
      downgradePrevention: values["downgrade-prevention"],
      tlvAllowList: values["tlv-allow-list"],
      checksAddress: values["checks-address"],
      ...defined({ imageBytesMax: limit }),
    },
  );
  const wanted = [...found].filter(({ name }) => values.only === undefined || name.includes(values.only));
  if (wanted.length === 0) throw new UsageError(`no mutant has "${values.only}" in its name.`);
  const list = wanted.map(({ bytes: mutant, ...facts }) => {
    const file = `${facts.name}.bin`;
    put(tool, join(folder, file), mutant);
    return { file, ...facts };
  });
  put(tool, join(folder, LIST_NAME), utf8(`${JSON.stringify({ schema: 1, of: path, mutants: list }, undefined, 2)}\n`));
  tool.tell?.({ folder, mutants: list });
  const width = Math.max(...list.map(({ name }) => name.length));
  tool.io.out(list.map(({ name, outcome }) => `${name.padEnd(width)}  ${outcome}\n`).join(""));
  return 0;
}

function put(tool: ImageTool, path: string, bytes: Uint8Array): void {
  try {
    tool.files.write(path, bytes);
  } catch (cause) {
    throw new ConfigurationError(`cannot write ${path}.`, "The folder must exist.", { cause });
  }
}
