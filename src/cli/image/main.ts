import { EXIT, isHilError, messageOf } from "../../core/index.ts";
import { processIo } from "../terminal/process-io.ts";
import { imageCommand } from "./image.ts";

/**
 * `hil image` as a program of its own: the build bundles it into one file (dist/image-cli.js), so that it starts
 * without
 * the modules of a bench. It listens for no signals: Ctrl-C ends it, and files are written whole or not at all.
 */
export async function imageMain(argv: readonly string[]): Promise<number> {
  const io = processIo(new AbortController().signal);
  try {
    return await imageCommand(argv, io);
  } catch (error) {
    io.err(`hil: ${messageOf(error)}\n`);
    return isHilError(error) ? error.exitCode : EXIT.bench;
  }
}
