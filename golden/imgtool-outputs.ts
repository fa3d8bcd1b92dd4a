import { equalBytes } from "../src/core/index.ts";
import { readDfuZip, readZip, writeDfuZip } from "../src/image/index.ts";
import { differences, fileIn, judged, runIn } from "./imgtool-bench.ts";
import type { CliCase, DumpCase, KeyCase, ZipCase } from "./imgtool-manifest.ts";
import { DIVERGENCES, errorText, FORK_ONLY, sameText } from "./imgtool-texts.ts";
import type { GoldenResult } from "./report.ts";

/** A command line, mostly a wrong one. */
export async function cliCase(folder: string, run: CliCase): Promise<GoldenResult> {
  const { name } = run;
  const forkOnly = FORK_ONLY[name];
  if (forkOnly !== undefined) return { kind: "cli", name, status: "unsupported", reason: forkOnly };
  return judged("cli", name, async () => {
    const ran = await runIn(folder, run.command.slice(1));
    const other = DIVERGENCES[name];
    const exit = other?.exit ?? run.exit;
    const written = differences([["a file is written", ran.written.size > 0, other?.written ?? run.output_written]]);
    if (run.python_traceback) {
      // Unplanned ends of imgtool: no code or text to follow, but a failure with a readable reason all the same.
      if (other !== undefined) return [...written, ...differences([["exit code", ran.exit, exit]])];
      return [...written, ...differences([["fails with a reason", ran.exit !== 0 && ran.stderr.length > 20, true]])];
    }
    const text = other === undefined && run.stderr !== null ? (run.stderr ?? "") : undefined;
    const stdout = other === undefined && run.stdout !== null ? (run.stdout ?? "") : undefined;
    return [
      ...written,
      ...differences([["exit code", ran.exit, exit]]),
      ...(stdout === undefined || name.startsWith("help") ? [] : differences([["stdout", ran.stdout, stdout]])),
      ...(text === undefined || sameText(errorText(ran.stderr), errorText(text))
        ? []
        : [`stderr is ${JSON.stringify(errorText(ran.stderr))}, not ${JSON.stringify(errorText(text))}`]),
    ];
  });
}

export async function dumpCase(folder: string, dump: DumpCase): Promise<GoldenResult> {
  const kind = "dumpinfo";
  const name = dump.stdout_file ?? dump.outfile ?? dump.image;
  if (dump.command[0] !== "imgtool") {
    return { kind, name, status: "unsupported", reason: "the fork's own layout of dumpinfo" };
  }
  return judged(kind, name, async () => {
    const ran = await runIn(folder, dump.command.slice(1));
    const found = dump.outfile ? ran.written.get(dump.outfile) : ran.stdoutBytes;
    const wanted = fileIn(folder, dump.outfile ?? dump.stdout_file ?? "");
    const same = found !== undefined && equalBytes(found, wanted);
    return [
      ...differences([["exit code", ran.exit, dump.exit]]),
      ...(same ? [] : [firstLine(Buffer.from(found ?? []).toString(), Buffer.from(wanted).toString())]),
    ];
  });
}

export async function keyCase(folder: string, output: KeyCase): Promise<GoldenResult> {
  return judged("key output", output.name, async () => {
    const ran = await runIn(folder, output.command.slice(1));
    const same = equalBytes(ran.stdoutBytes, fileIn(folder, output.stdout_file));
    return [...differences([["exit code", ran.exit, output.exit]]), ...(same ? [] : ["the output differs"])];
  });
}

/** A package is read, its manifest compared, and written again: the same files and the same manifest come out. */
export async function zipCase(folder: string, zip: ZipCase): Promise<GoldenResult> {
  return judged("DFU zip", zip.file, async () => {
    const archive = fileIn(folder, zip.file);
    const read = await readDfuZip(archive);
    const time = Number(zip.manifest["time"]);
    const again = writeDfuZip(
      read.files.map(({ name, bytes, entry }) => {
        const { type, board, soc, size: _size, file: _file, modtime, ...details } = entry;
        return {
          name,
          bytes,
          type: String(type),
          board: String(board),
          soc: String(soc),
          modifiedUnixS: Number(modtime),
          details: details as Record<string, string | number>,
        };
      }),
      { timeUnixS: time, ...(typeof zip.manifest["name"] === "string" ? { name: zip.manifest["name"] } : {}) },
    );
    const names = async (bytes: Uint8Array): Promise<string> =>
      (await readZip(bytes)).map((entry) => `${entry.name} ${entry.bytes.length}`).join();
    const withVersion = { ...read.manifest, "format-version": 1 };
    return differences([
      ["manifest", JSON.stringify(read.manifest), JSON.stringify(zip.manifest)],
      ["manifest written again", JSON.stringify((await readDfuZip(again)).manifest), JSON.stringify(withVersion)],
      ["files written again", (await names(again)).split(",").length, (await names(archive)).split(",").length],
    ]);
  });
}

function firstLine(found: string, wanted: string): string {
  const lines = wanted.split("\n");
  const at = found.split("\n").findIndex((line, index) => line !== lines[index]);
  return `line ${at + 1} is ${JSON.stringify(found.split("\n")[at])}, not ${JSON.stringify(lines[at])}`;
}
