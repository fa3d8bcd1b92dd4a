import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { runImage } from "../src/cli/image/image.ts";
import { concat, fromHex, messageOf } from "../src/core/index.ts";
import { type DrawPurpose, type Randomness, systemRandomness } from "../src/image/index.ts";
import type { Vector } from "./imgtool-manifest.ts";
import type { GoldenResult } from "./report.ts";

/** What one call of `hil image` did; files are caught, the vectors stay as they are. */
export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stdoutBytes: Uint8Array;
  readonly stderr: string;
  readonly written: ReadonlyMap<string, Uint8Array>;
}

/** Runs `hil image` inside a folder of vectors. `extra` are files that stand in for missing ones. */
export async function runIn(
  folder: string,
  argv: readonly string[],
  options: { readonly randomness?: Randomness; readonly extra?: ReadonlyMap<string, Uint8Array> } = {},
): Promise<Ran> {
  const written = new Map<string, Uint8Array>();
  const out: Uint8Array[] = [];
  let stderr = "";
  const exit = await runImage(
    {
      io: {
        out: (text) => out.push(Buffer.from(text, "utf8")),
        outBytes: (bytes) => out.push(bytes),
        err: (text) => {
          stderr += text;
        },
        env: {},
        cwd: folder,
        signal: new AbortController().signal,
        isTty: false,
        columns: 100,
      },
      files: {
        read: (path) =>
          options.extra?.get(path) ?? new Uint8Array(readFileSync(isAbsolute(path) ? path : join(folder, path))),
        write: (path, bytes) => written.set(path, Uint8Array.from(bytes)),
      },
      randomness: options.randomness ?? systemRandomness,
    },
    argv,
  );
  const stdoutBytes = concat(...out);
  return { exit, stdout: Buffer.from(stdoutBytes).toString("utf8"), stdoutBytes, stderr, written };
}

/** The values that imgtool drew while it made a vector. */
export function randomnessOf(vector: Vector): Randomness {
  const { random = {} } = vector;
  const values: Record<DrawPurpose, string | undefined> = {
    "image key": random.image_key_hex,
    "ephemeral key": random.ephemeral_priv_hex,
    "OAEP seed": random.oaep_seed_hex,
    "PSS salt": random.pss_salt_hex,
  };
  return {
    ecdsaNonce: "rfc6979",
    draw: (purpose) => {
      const value = values[purpose];
      if (value === undefined) throw new Error(`the vector gives no ${purpose}`);
      return fromHex(value);
    },
  };
}

/** A file of the folder. */
export function fileIn(folder: string, path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, path)));
}

/** A result: passed when `wrong` is empty, else failed with the first of it. Anything thrown is a failure. */
export async function judged(
  kind: string,
  name: string,
  work: () => readonly string[] | Promise<readonly string[]>,
): Promise<GoldenResult> {
  try {
    const [first] = await work();
    return first === undefined ? { kind, name, status: "passed" } : { kind, name, status: "failed", reason: first };
  } catch (error) {
    return { kind, name, status: "failed", reason: messageOf(error) };
  }
}

/** A sentence for each pair that differs; empty when all are equal. */
export function differences(pairs: readonly (readonly [what: string, found: unknown, expected: unknown])[]): string[] {
  return pairs.flatMap(([what, found, expected]) =>
    found === expected ? [] : [`${what} is ${short(found)}, not ${short(expected)}`],
  );
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
