import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { complaintText, isHilError, terminalText } from "../../core/index.ts";
import type { CliIo } from "../terminal/io.ts";

export interface MemoryIo extends CliIo {
  printed(): string;
  complained(): string;
}

/** The world of a command in memory: what it prints is kept, its folder is empty, nobody interrupts it. */
export function memoryIo(more: Partial<CliIo> = {}): MemoryIo {
  const out: string[] = [];
  const err: string[] = [];
  return {
    out: (text, before) => void out.push(terminalText(text, before)),
    err: (text) => void err.push(complaintText(text)),
    env: {},
    cwd: more.cwd ?? mkdtempSync(join(tmpdir(), "hil-cli-")),
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
    ...more,
    printed: () => out.join(""),
    complained: () => err.join(""),
  };
}

/** What a command complains about: the paragraph of the error that it throws, and its exit code. */
export async function complaintOf(work: Promise<unknown>): Promise<{ readonly text: string; readonly code: number }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return { text: "no complaint", code: 0 };
  if (!isHilError(error)) throw error;
  return { text: error.paragraph(), code: error.exitCode };
}
