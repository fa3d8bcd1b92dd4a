import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { hasCode, parseJson, parseValue, replaceFileAt } from "../../core/index.ts";
import { type AttemptRef, GIVEN, type Given } from "../wire/messages.ts";

const STARTED = z.strictObject({ pid: z.int().min(1), started: z.string().nullable() });
const ENDED = z.strictObject({ exit: z.int().nullable(), text: z.string() });
export type AttemptEnd = z.output<typeof ENDED>;
/** A child process: its number, and when it began, as the system counts (a later process may have its number). */
type ChildMark = z.output<typeof STARTED>;

const NAME = /^[0-9a-f-]{36}\.\d+$/;
/** What an attempt is called among those of an agent. */
export const nameOf = ({ job, attempt }: AttemptRef) => `${job}.${attempt}`;

/**
 * What an agent keeps of an attempt until the lab has all of it: what was given, the process that runs it, its record,
 * how it ended. An agent that dies finds it again.
 */
export class AttemptFolder {
  readonly path: string;
  readonly given: Given;

  private constructor(path: string, given: Given) {
    this.path = path;
    this.given = given;
  }

  /** Undefined when this attempt has its folder already: somebody has it in hand. @throws what the system says. */
  static make(root: string, given: Given): AttemptFolder | undefined {
    const path = join(root, nameOf(given));
    mkdirSync(root, { recursive: true, mode: 0o700 });
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      if (hasCode(error, "EEXIST")) return undefined;
      throw error;
    }
    const folder = new AttemptFolder(path, given);
    folder.#write("given.json", given);
    return folder;
  }

  /** The attempts that an earlier agent left; folders without what was given, made in its last moment, go. */
  static left(root: string): readonly AttemptFolder[] {
    const names = existsSync(root) ? readdirSync(root).filter((name) => NAME.test(name)) : [];
    return names.flatMap((name) => {
      const path = join(root, name);
      const given = documentOf(join(path, "given.json"), GIVEN);
      if (given !== undefined) return [new AttemptFolder(path, given)];
      rmSync(path, { recursive: true, force: true });
      return [];
    });
  }

  get ref(): AttemptRef {
    return { job: this.given.job, attempt: this.given.attempt };
  }

  get inputs(): string {
    return join(this.path, "inputs");
  }

  /** Where the run lays its record: one folder in it. */
  get runs(): string {
    return join(this.path, "runs");
  }

  /** The record's folder; undefined when the run came to none. */
  get record(): { readonly name: string; readonly path: string } | undefined {
    if (!existsSync(this.runs)) return undefined;
    const [entry] = readdirSync(this.runs, { withFileTypes: true }).filter((found) => found.isDirectory());
    return entry && { name: entry.name, path: join(this.runs, entry.name) };
  }

  /** The lab has said that it may begin. */
  get isBegun(): boolean {
    return existsSync(join(this.path, "begun.json"));
  }

  begin(): void {
    this.#write("begun.json", {});
  }

  get child(): ChildMark | undefined {
    return documentOf(join(this.path, "child.json"), STARTED);
  }

  set child(mark: ChildMark | undefined) {
    this.#write("child.json", mark);
  }

  get end(): AttemptEnd | undefined {
    return documentOf(join(this.path, "end.json"), ENDED);
  }

  set end(end: AttemptEnd | undefined) {
    this.#write("end.json", end);
  }

  /** Nobody asks for it any more, and its record is to be had. Returns where it is. */
  layAside(folder: string): string {
    const aside = join(folder, "unknown");
    mkdirSync(aside, { recursive: true, mode: 0o700 });
    const path = join(aside, nameOf(this.given));
    rmSync(path, { recursive: true, force: true });
    renameSync(this.path, path);
    return path;
  }

  /** The lab has all of it. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #write(name: string, value: unknown): void {
    replaceFileAt(join(this.path, name), `${JSON.stringify(value)}\n`);
  }
}

/** Undefined for a document that is not there, or was not written to its end. */
function documentOf<S extends z.ZodType>(path: string, schema: S): z.output<S> | undefined {
  try {
    return parseValue(parseJson(readFileSync(path, "utf8")), schema, path);
  } catch {
    return undefined;
  }
}
