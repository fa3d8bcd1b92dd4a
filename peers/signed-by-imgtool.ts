import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Looked for as in imgtool.test.ts: where HIL_IMGTOOL says, in the peers' environment, then on PATH. */
const IN_VENV = join(process.env["HIL_PEERS_VENV"] ?? ".cache/peers", "bin/imgtool");
const IMGTOOL = process.env["HIL_IMGTOOL"] ?? (existsSync(IN_VENV) ? resolve(IN_VENV) : "imgtool");
const KEYS = fileURLToPath(new URL("../boards/keys/", import.meta.url));

/** True where imgtool is there, or must be. */
export function hasImgtool(): boolean {
  const isRequired = process.env["CI"] === "true" || process.env["HIL_PEERS"] === "required";
  return isRequired || spawnSync(IMGTOOL, ["version"]).status === 0;
}

/**
 * A body signed with the twin's key by the real imgtool, as sysbuild and the SDK's child images call it.
 * @param more further options, as imgtool takes them.
 */
export function signedByImgtool(
  folder: string,
  body: Uint8Array,
  wish: { readonly version: string; readonly slotBytes: number; readonly encrypt: boolean; readonly more?: string[] },
): Uint8Array {
  const [raw, out] = ["body.bin", "signed.bin"].map((name) => join(folder, name)) as [string, string];
  writeFileSync(raw, body);
  const { version, slotBytes, encrypt, more = [] } = wish;
  const ran = spawnSync(
    IMGTOOL,
    [
      ...["sign", "--version", version, "--align", "4", "--slot-size", String(slotBytes), "--pad-header"],
      ...["--header-size", "0x200", "--key", join(KEYS, "twin-sign-p256.pem"), ...more],
      ...(encrypt ? ["--encrypt", join(KEYS, "twin-enc-p256.pem")] : []),
      ...[raw, out],
    ],
    { encoding: "utf8" },
  );
  if (ran.status !== 0) throw new Error(`imgtool: ${ran.stderr}`);
  return readFileSync(out);
}
