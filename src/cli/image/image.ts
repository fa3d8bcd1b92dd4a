import { EXIT, isHilError, messageOf, nearest } from "../../core/index.ts";
import { systemRandomness } from "../../image/index.ts";
import type { CliIo } from "../terminal/io.ts";
import { decryptUsage, runDecrypt } from "./decrypt.ts";
import { diffUsage, runDiff } from "./diff.ts";
import { dumpinfoUsage, runDumpinfo } from "./dumpinfo.ts";
import { JsonReport } from "./json.ts";
import {
  getprivUsage,
  getpubhashUsage,
  getpubUsage,
  keygenUsage,
  keyinfoUsage,
  runGetpriv,
  runGetpub,
  runGetpubhash,
  runKeygen,
  runKeyinfo,
} from "./keys.ts";
import { mutateUsage, runMutate } from "./mutate.ts";
import { diskFiles } from "./options/files.ts";
import {
  helpOf,
  type OptionTable,
  type OptionValuesOf,
  optionsOffered,
  parseOptions,
  type Usage,
  usageLine,
} from "./options/option.ts";
import type { ImageTool } from "./options/tool.ts";
import { verifyUsage } from "./options/verify-options.ts";
import { rekeyUsage, runRekey } from "./rekey.ts";
import { runSign, signUsage } from "./sign.ts";
import { runVerify } from "./verify.ts";
import { runZip, zipUsage } from "./zip.ts";

/** The imgtool whose options, output and exit codes these commands follow; printed by `hil image version`. */
const IMGTOOL_VERSION = "2.5.0";

const versionUsage = {
  name: "version",
  about: "Print the version of imgtool that these commands follow.",
  options: {},
  positionals: [],
} as const satisfies Usage<OptionTable>;

interface Subcommand {
  readonly usage: Usage<OptionTable>;
  run(tool: ImageTool, argv: readonly string[]): number | Promise<number>;
}

/** Ties a usage to its function, so that each gets the values its own table describes. */
function subcommand<T extends OptionTable>(
  usage: Usage<T>,
  run: (tool: ImageTool, values: OptionValuesOf<T>, positionals: readonly string[]) => number | Promise<number>,
): Subcommand {
  return {
    usage,
    run: (tool, argv) => {
      const parsed = parseOptions(usage, argv);
      if (parsed.help) {
        tool.io.offers?.({ options: optionsOffered(usage) });
        tool.io.out(helpOf(usage));
        return EXIT.pass;
      }
      const { values, positionals, common } = parsed;
      const file = common["password-file"];
      return run(file === undefined ? tool : { ...tool, passphraseFile: file }, values, positionals);
    },
  };
}

const SUBCOMMANDS: readonly Subcommand[] = [
  subcommand(signUsage, runSign),
  subcommand({ ...signUsage, name: "create" }, runSign),
  subcommand(verifyUsage, runVerify),
  subcommand(dumpinfoUsage, runDumpinfo),
  subcommand(decryptUsage, runDecrypt),
  subcommand(rekeyUsage, runRekey),
  subcommand(diffUsage, runDiff),
  subcommand(mutateUsage, runMutate),
  subcommand(keygenUsage, runKeygen),
  subcommand(getpubUsage, runGetpub),
  subcommand(getpubhashUsage, runGetpubhash),
  subcommand(getprivUsage, runGetpriv),
  subcommand(keyinfoUsage, runKeyinfo),
  subcommand(zipUsage, runZip),
  subcommand(versionUsage, (tool) => {
    tool.tell?.({ imgtool: IMGTOOL_VERSION });
    tool.io.out(`${IMGTOOL_VERSION}\n`);
    return EXIT.pass;
  }),
];

/** `hil image …`: imgtool's commands. Exit codes are imgtool's: 0, 1 (the image is bad), 2 (the request is wrong). */
export function imageCommand(argv: readonly string[], io: CliIo): Promise<number> {
  return runImage({ io, files: diskFiles(io.cwd), randomness: systemRandomness }, argv);
}

/** The same with files and randomness of the caller's; errors are printed, never thrown. */
export async function runImage(tool: ImageTool, argv: readonly string[]): Promise<number> {
  const [name = "", ...rest] = argv;
  const command = SUBCOMMANDS.find((candidate) => candidate.usage.name === name);
  if (command === undefined) return withoutCommand(tool.io, name);
  const json = rest.includes("--json") ? new JsonReport(tool) : undefined;
  let exit: number;
  try {
    exit = await command.run(json?.tool ?? tool, rest);
  } catch (error) {
    exit = report(tool.io, command.usage, error, rest.includes("--debug"));
    json?.failed(error);
  }
  json?.print(name, exit);
  return exit;
}

function withoutCommand(io: CliIo, name: string): number {
  if (name === "" || name === "--help" || name === "-h") {
    if (name === "") io.err(overview());
    else {
      io.offers?.({ commands: SUBCOMMANDS.map(({ usage }) => usage) });
      io.out(overview());
    }
    return name === "" ? EXIT.request : EXIT.pass;
  }
  const near = nearest(
    name,
    SUBCOMMANDS.map((command) => command.usage.name),
  );
  const hint = near === undefined ? "" : ` Did you mean '${near}'?`;
  io.err("Usage: hil image [OPTIONS] COMMAND [ARGS]...\nTry 'hil image --help' for help.\n\n");
  io.err(`Error: No such command '${name}'.${hint}\n`);
  return EXIT.request;
}

function overview(): string {
  const rows = SUBCOMMANDS.map(({ usage }) => `  ${usage.name.padEnd(10)}  ${usage.about}`);
  return ["Usage: hil image [OPTIONS] COMMAND [ARGS]...", "", "Commands:", ...rows, ""].join("\n");
}

function report(io: CliIo, usage: Usage<OptionTable>, error: unknown, debug: boolean): number {
  if (!isHilError(error)) throw error;
  if (error.kind === "usage") {
    io.err(`${usageLine(usage)}\nTry 'hil image ${usage.name} --help' for help.\n\n`);
  }
  io.err(`Error: ${error.paragraph()}\n`);
  if (debug && error.cause !== undefined) io.err(`caused by: ${messageOf(error.cause)}\n`);
  return error.exitCode;
}
