import { relative, resolve } from "node:path";
import type { HilError } from "../../core/index.ts";
import { PAGE_MARK, type PageCode, pageDocument, recordedRun } from "../../report/index.ts";
import { ownVersion } from "../terminal/version.ts";
import { WholeFile } from "../terminal/whole-file.ts";
import { modelLayer } from "./model-layer.ts";
import { pageCode } from "./page-code.ts";

/**
 * The page of a command that runs. It is written before the run (so that a path that cannot be written is found at
 * once, and a run that is killed leaves a page that says so) and after it, each time whole.
 */
export class PageFile {
  readonly #file: WholeFile;
  readonly #code: PageCode;
  readonly #cwd: string;
  /** As the command line shows it. */
  readonly shown: string;

  /** @throws ConfigurationError when the file cannot be written; BenchError when the disk is full, or no code built. */
  constructor(file: string, cwd: string) {
    this.shown = relative(cwd, resolve(cwd, file));
    this.#cwd = cwd;
    this.#file = new WholeFile(file, cwd, "html");
    this.#code = pageCode();
    this.#file.write(BEGUN, "request");
  }

  /**
   * Writes the page of these records. Returns what went wrong: the runs have ended all the same, and their other
   * outputs are still to be written.
   */
  async end(folders: readonly string[]): Promise<HilError | undefined> {
    if (folders.length === 0) return undefined;
    const models = await Promise.all(folders.map((folder) => modelLayer(folder, this.#cwd)));
    return this.#file.writeAtEnd(() => {
      const runs = folders.map((folder, at) => recordedRun(relative(this.#cwd, folder) || ".", folder, models[at]));
      return pageDocument(runs, this.#code, ownVersion());
    });
  }
}

const BEGUN = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${PAGE_MARK}
<title>hil report: not ended</title>
</head>
<body><p>The run has not ended, or it was killed. Its record says how far it came: hil report RUN.</p></body>
</html>
`;
