import { ConfigurationError, UsageError } from "../../../core/index.ts";
import { PASSPHRASE_VARIABLE } from "../../../image/index.ts";
import type { CliIo } from "../../terminal/io.ts";
import { type ImageFiles, readNamed } from "./files.ts";

/** Where passphrases come from. */
export interface PassphraseSources {
  readonly io: CliIo;
  readonly files: ImageFiles;
  /** `--password-file`. */
  readonly passphraseFile?: string;
  /** False: no question is asked on the terminal. */
  readonly asks?: boolean;
}

const PASSPHRASE_BYTES_MAX = 1024;

/**
 * Passphrase of a protected key file: from `--password-file`, else from the environment, else asked for on the
 * terminal. Undefined when there is none to be had.
 */
export function passphraseOf(tool: PassphraseSources, path: string): string | undefined {
  const given = givenPassphrase(tool);
  return given !== undefined || tool.asks === false ? given : tool.io.askSecret?.(`Passphrase of ${path}: `);
}

/** Passphrase for a key that is made now; typed twice. @throws UsageError when none is given. */
export function newPassphrase(tool: PassphraseSources, path: string): string {
  const given = givenPassphrase(tool);
  if (given !== undefined && given !== "") return given;
  const typed = tool.io.askSecret?.(`Passphrase for ${path}: `);
  if (typed === undefined) {
    throw new UsageError(
      `--password takes the passphrase from the environment variable ${PASSPHRASE_VARIABLE}, from --password-file, ` +
        "or from the terminal; none of them gave one.",
    );
  }
  if (tool.io.askSecret?.("The same again: ") !== typed) throw new UsageError("the two passphrases differ.");
  return typed;
}

function givenPassphrase(tool: PassphraseSources): string | undefined {
  if (tool.passphraseFile === undefined) return tool.io.env[PASSPHRASE_VARIABLE];
  const bytes = readNamed(tool.files, tool.passphraseFile, "passphrase file");
  const [line = ""] = Buffer.from(bytes).toString("utf8").split(/\r?\n/, 1);
  if (line !== "" && bytes.length <= PASSPHRASE_BYTES_MAX) return line;
  throw new ConfigurationError(
    `passphrase file ${tool.passphraseFile} ${line === "" ? "begins with an empty line" : "is too long"}.`,
    "It holds the passphrase on its first line, and nothing else.",
  );
}
