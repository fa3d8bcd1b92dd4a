import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Installed by `.ci/run install` of `.ci/peers.txt`; HIL_PEERS_VENV names another place. */
const BIN = join(process.env["HIL_PEERS_VENV"] ?? join(import.meta.dirname, "../.cache/peers"), "bin");

export const hasCheckers = existsSync(join(BIN, "check-jsonschema"));
/** Where they are required, their tests fail without them. */
export const runsCheckers = hasCheckers || process.env["HIL_PEERS"] === "required";

/** What a checker says of a text: exit code and output. @param folder where the text is put */
export function checked(folder: string, checker: string, args: readonly string[], content: string) {
  const file = join(folder, "asked");
  writeFileSync(file, content);
  const { status, stdout } = spawnSync(join(BIN, checker), [...args, file], { encoding: "utf8" });
  return { status, stdout };
}

/** Exit code of a file for a CI server, by a schema that check-jsonschema has. */
export function bySchema(folder: string, schema: string): (content: string) => number | null {
  const args = ["--default-filetype", "yaml", "--builtin-schema", schema];
  return (content) => checked(folder, "check-jsonschema", args, content).status;
}
