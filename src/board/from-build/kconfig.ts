import { ConfigurationError } from "../../core/index.ts";

/** Longest `.config` that is read, in bytes: one of nRF Connect SDK has 130,000. */
export const KCONFIG_BYTES_MAX = 4 * 1024 * 1024;

/** One symbol of a build, and where it stands. */
interface KconfigSymbol {
  /** A text without its quotes; `y`, `m`, a number as it is spelled; `n` where the file says "is not set". */
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

/** The settings that a build was made with (`zephyr/.config`). */
export interface Kconfig {
  readonly file: string;
  /** By name without `CONFIG_`; sysbuild's own keep their `SB_CONFIG_`. */
  readonly symbols: ReadonlyMap<string, KconfigSymbol>;
}

const SET = /^(?:CONFIG_(\w+)|(SB_CONFIG_\w+))=(.*)$/;
const UNSET = /^# (?:CONFIG_(\w+)|(SB_CONFIG_\w+)) is not set$/;

/**
 * Reads a `.config` as Kconfig writes it.
 * @param file only named in errors.
 * @throws ConfigurationError with file and line for a line that is neither a setting nor a comment.
 * Source: Kconfiglib 14.1.0, Symbol.config_string.
 */
export function parseKconfig(text: string, file: string): Kconfig {
  const symbols = new Map<string, KconfigSymbol>();
  for (const [index, spelled] of text.split("\n").entries()) {
    const row = spelled.trimEnd();
    const line = index + 1;
    const set = SET.exec(row);
    const [, name, ofSysbuild] = set ?? UNSET.exec(row) ?? [];
    const symbol = name ?? ofSysbuild;
    if (symbol !== undefined) symbols.set(symbol, { value: set ? unquoted(set[3] ?? "") : "n", line });
    else if (row !== "" && !row.startsWith("#")) {
      throw new ConfigurationError(
        `${file}, line ${line}: ${JSON.stringify(row.slice(0, 60))} is no setting.`,
        "A build leaves its settings in zephyr/.config: CONFIG_NAME=value, one a line.",
      );
    }
  }
  return { file, symbols };
}

function unquoted(spelled: string): string {
  return /^".*"$/.test(spelled) ? spelled.slice(1, -1).replaceAll(/\\(.)/g, "$1") : spelled;
}
