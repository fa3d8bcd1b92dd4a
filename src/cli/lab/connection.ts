import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { ConfigurationError, hasCode, messageOf, parseJson, parseValue, UsageError } from "../../core/index.ts";
import { LabClient } from "../../lab/index.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

/** A lab's folder, where nothing else is said. */
export const LAB_FOLDER = "hil-lab";
/** What a lab leaves in its folder for its own user's commands: its address, and a token. */
export const ACCESS_FILE = "lab.json";

const LAB_ACCESS = z.strictObject({ url: z.string(), token: z.string() });

/** The access that a lab left in its folder. @throws what the system says; ConfigurationError for a file that is none. */
export function labAccess(file: string): z.output<typeof LAB_ACCESS> {
  return parseValue(parseJson(readFileSync(file, "utf8")), LAB_ACCESS, file);
}

/** Options of commands that ask a lab. */
export const LAB_OPTIONS = {
  lab: {
    type: "string",
    describe: `address of the lab, with HIL_LAB_TOKEN (default: HIL_LAB, or the one whose folder ${LAB_FOLDER} is here)`,
  },
  json: { type: "boolean", describe: "print JSON, and nothing else, on standard output" },
} as const satisfies OptionRows;

/** The lab that a command asks. @throws UsageError, ConfigurationError where there is none, or no token for it. */
export function labOf(args: Pick<Parsed, "text">, io: Pick<CliIo, "cwd" | "env">): LabClient {
  const url = args.text("lab") ?? io.env["HIL_LAB"];
  const token = io.env["HIL_LAB_TOKEN"];
  if (url !== undefined && url !== "") {
    if (token !== undefined && token !== "") return new LabClient(url, token);
    throw new UsageError(
      "a lab wants to know who asks.",
      "Set HIL_LAB_TOKEN: `hil lab token add NAME` there makes one.",
    );
  }
  const file = resolve(io.cwd, join(LAB_FOLDER, ACCESS_FILE));
  try {
    const found = labAccess(file);
    return new LabClient(found.url, found.token);
  } catch (error) {
    const none = hasCode(error, "ENOENT");
    const text = none ? "no lab is named, and none has its folder here." : `${file}: ${messageOf(error)}`;
    throw new ConfigurationError(text, "Start one with hil lab, or name one: --lab URL and HIL_LAB_TOKEN.", {
      cause: error,
    });
  }
}
