import { existsSync } from "node:fs";
import { z } from "zod";
import {
  BenchError,
  ConfigurationError,
  messageOf,
  parseJson,
  parseValue,
  readInputText,
  replaceFileAt,
} from "../../core/index.ts";
import type { WearLedger } from "./board.ts";

const WEAR = z.strictObject({ schema: z.literal(1), cycles_by_page: z.record(z.string(), z.int().min(0)) });

/**
 * Erase counts of a real board, kept beside its profile: `lab-07.wear.json` for `lab-07.yaml`. `load` throws a
 * ConfigurationError for a file that is not what was saved; `save` a BenchError when the counts cannot be kept.
 */
export function wearFile(profileFile: string): WearLedger {
  const path = profileFile.replace(/\.ya?ml$/i, "").concat(".wear.json");
  return {
    load() {
      if (!existsSync(path)) return {};
      try {
        return parseValue(parseJson(readInputText(path)), WEAR, "its content").cycles_by_page;
      } catch (error) {
        const text = `the erase counts in ${path} cannot be read: ${messageOf(error).replace(/\.?$/, ".")}`;
        throw new ConfigurationError(text, "Repair it, or delete it if the board's flash is new.", { cause: error });
      }
    },
    save(cycles) {
      try {
        replaceFileAt(path, `${JSON.stringify({ schema: 1, cycles_by_page: cycles }, undefined, 1)}\n`);
      } catch (error) {
        const text = `the erase counts cannot be written to ${path}: ${messageOf(error)}.`;
        throw new BenchError(text, "Make the folder of the profile writable.", { cause: error });
      }
    },
  };
}
