import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { bootloaderBuildOf, loadProfile } from "../board/index.ts";
import { ConfigurationError, EXIT, UsageError } from "../core/index.ts";
import {
  type BootloaderBuild,
  type ExplainFacts,
  type Explanation,
  explain,
  explainFlash,
  FlashImage,
  factsOfLog,
  type ImageEntry,
  typeOfFlags,
} from "../mcuboot/index.ts";
import { type OptionRows, parseArguments } from "./arguments.ts";
import type { CliIo } from "./io.ts";

const OPTIONS = {
  board: { type: "string", describe: "board profile: mode, MCUboot generation and slots", default: "twin" },
  json: { type: "boolean", describe: "print the answer as JSON, and nothing else, on standard output" },
} as const satisfies OptionRows;

/** `hil explain FILE|RUN [--board PROFILE]` */
export async function explainCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const usage = "hil explain <boot log, image list (JSON), flash dump, or run folder> [options]";
  const args = parseArguments(io, argv, usage, OPTIONS, 1);
  if (!args) return EXIT.pass;
  const [reference] = args.positional;
  if (reference === undefined)
    throw new UsageError("hil explain wants a file or a run folder.", "See hil explain --help.");
  const build = bootloaderBuildOf(await loadProfile(args.text("board") ?? "twin", { cwd: io.cwd }));
  const lines = explained(resolve(io.cwd, reference), build);
  if (args.flag("json")) io.out(`${JSON.stringify(Object.fromEntries(lines), undefined, 2)}\n`);
  else for (const [label, text] of lines) for (const part of text.split("\n")) io.out(`${label.padEnd(10)}${part}\n`);
  return EXIT.pass;
}

type Lines = readonly (readonly [label: string, text: string])[];

function explained(path: string, build: BootloaderBuild): Lines {
  if (!existsSync(path)) throw new ConfigurationError(`${path}: there is no such file or folder.`);
  if (statSync(path).isDirectory()) return ofRun(path, build);
  const bytes = readFileSync(path);
  const text = bytes.toString("utf8");
  const value = jsonOf(text);
  if (value !== undefined) return ofImages(value, path, build);
  const facts = factsOfLog(text.split(/\r?\n/), build);
  if (facts !== undefined) return [["read", "a boot log: what its last boot does"], ...ofFacts(facts)];
  return ofDump(bytes, path, build);
}

function ofFacts(facts: ExplainFacts): Lines {
  const dead = facts.notBootable
    ? ([["but", "nothing boots: slot 0 holds no valid image (serial recovery or a debugger helps)"]] as const)
    : [];
  return [...ofExplanation(explain(facts)), ...dead];
}

function ofExplanation({ next, because, later, source }: Explanation): Lines {
  return [
    ["MCUboot", next],
    ["because", because],
    ["then", later],
    ["source", source],
  ];
}

const BOOT_LOG = z.object({ event: z.literal("boot-log"), text: z.string() });

function ofRun(folder: string, build: BootloaderBuild): Lines {
  const file = join(folder, "events.jsonl");
  if (!existsSync(file)) {
    throw new ConfigurationError(`${folder} holds no events.jsonl.`, "Name a run's folder, or a file.");
  }
  const log = readFileSync(file, "utf8")
    .split("\n")
    .map((line) => BOOT_LOG.safeParse(jsonOf(line)))
    .flatMap((entry) => (entry.success ? [entry.data.text] : []));
  const facts = factsOfLog(log, build);
  if (facts === undefined) throw new ConfigurationError(`${folder}: its record has no line of a bootloader.`);
  return [["read", "a run's record: what its last boot does"], ...ofFacts(facts)];
}

const flags = {
  image: z.int().optional(),
  slot: z.int(),
  version: z.string().optional(),
  pending: z.boolean().optional(),
  confirmed: z.boolean().optional(),
  active: z.boolean().optional(),
  permanent: z.boolean().optional(),
  flags: z.array(z.string()).optional(),
};
const IMAGES = z.union([z.array(z.object(flags)), z.object({ images: z.array(z.object(flags)) })]);

function ofImages(value: unknown, path: string, build: BootloaderBuild): Lines {
  const parsed = IMAGES.safeParse(value);
  if (!parsed.success) {
    throw new ConfigurationError(
      `${path} is no image list.`,
      "It wants images with slot and flags, as SMP lists them.",
    );
  }
  const all = Array.isArray(parsed.data) ? parsed.data : parsed.data.images;
  const entry = (slot: number) => {
    const found = all.find((image) => image.slot === slot && (image.image ?? 0) === 0);
    const has = (name: "pending" | "confirmed" | "active" | "permanent") =>
      found?.[name] === true || (found?.flags?.includes(name) ?? false);
    return { pending: has("pending"), confirmed: has("confirmed"), active: has("active"), permanent: has("permanent") };
  };
  const { mode, generation } = build;
  return [["read", "an image list"], ...ofFacts({ mode, generation, type: typeOfFlags(entry(0), entry(1)) })];
}

function ofDump(bytes: Uint8Array, path: string, build: BootloaderBuild): Lines {
  const ends = build.images.flatMap(({ primary, secondary }) => [primary, secondary]).map((a) => a.offset + a.bytes);
  const needed = Math.max(...ends);
  if (bytes.length < needed) {
    const hint = `A dump starts at address 0 and reaches to 0x${needed.toString(16)}; --board names another layout.`;
    throw new ConfigurationError(`${path} is no boot log and no image list, and too short for a flash dump.`, hint);
  }
  const flash = FlashImage.erased(needed, build.sectorBytes);
  flash.load(0, bytes.subarray(0, needed));
  const { explanation, before, after, log, operations, result } = explainFlash(flash, build);
  return [
    ["read", "a flash dump"],
    ["holds", imagesText(before)],
    ...ofExplanation(explanation),
    ["boot", `${operations} flash operations; ${result}; ${imagesText(after)}`],
    ["log", log.join("\n")],
  ];
}

function imagesText(images: readonly ImageEntry[]): string {
  const texts = images.map((entry) => {
    const on = (["active", "confirmed", "pending", "permanent"] as const).filter((flag) => entry[flag]);
    return `slot ${entry.slot} ${entry.version}${on.length === 0 ? "" : ` (${on.join(", ")})`}`;
  });
  return texts.length === 0 ? "no image" : texts.join(", ");
}

function jsonOf(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A log may begin with a bracket, too.
    return undefined;
  }
}
