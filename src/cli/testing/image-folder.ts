import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imageCommand } from "../image/image.ts";

export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Answers of the person at the terminal, in order. */
  readonly typed?: readonly string[];
}

/** A scratch folder in which `hil image` is called as a program would call it. */
export class ImageFolder {
  readonly path = mkdtempSync(join(tmpdir(), "hil-image-"));
  /** What was asked on the terminal. */
  readonly questions: string[] = [];
  /** Everything that was ever printed. */
  printed = "";

  async runWith(options: RunOptions, ...argv: readonly string[]): Promise<Ran> {
    let out = "";
    let err = "";
    const answers = [...(options.typed ?? [])];
    const exit = await imageCommand(argv, {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      askSecret: (question) => {
        this.questions.push(question);
        return answers.shift();
      },
      env: options.env ?? {},
      cwd: this.path,
      signal: new AbortController().signal,
      isTty: false,
      columns: 100,
    });
    this.printed += out + err;
    return { exit, out, err };
  }

  run(...argv: readonly string[]): Promise<Ran> {
    return this.runWith({}, ...argv);
  }

  /** Runs with `--json` and reads what it printed. */
  async json(...argv: readonly string[]): Promise<Record<string, unknown>> {
    const { out } = await this.run(...argv, "--json");
    return JSON.parse(out) as Record<string, unknown>;
  }

  write(name: string, contents: string | Uint8Array): void {
    writeFileSync(join(this.path, name), contents);
  }

  read(name: string): Buffer {
    return readFileSync(join(this.path, name));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}
