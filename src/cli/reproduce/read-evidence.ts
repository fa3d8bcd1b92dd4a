import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import {
  buildProfileOf,
  buildText,
  draftProfile,
  type LoadedProfile,
  loadProfile,
  parseProfile,
  readBuildFolder,
} from "../../board/index.ts";
import {
  ConfigurationError,
  eachLine,
  entryAt,
  jsonIn,
  readInput,
  readInputText,
  UsageError,
} from "../../core/index.ts";
import { type Belief, type FieldEvidence, gather, type Piece, readPiece } from "../../field/index.ts";
import { twinDraft } from "../init/from-build.ts";
import type { CliIo } from "../terminal/io.ts";

interface Given {
  readonly files: readonly string[];
  readonly sentences: readonly string[];
  /** Named by who asked. */
  readonly board: string | undefined;
}

const BOOT_LOG = z.object({ event: z.literal("boot-log"), text: z.string() });

/** Everything that was sent, read. @throws ConfigurationError for what cannot be read, UsageError for nothing at all. */
export async function readEvidence({ files, sentences, board }: Given, io: CliIo): Promise<FieldEvidence> {
  if (files.length === 0 && sentences.length === 0) {
    throw new UsageError(
      "hil reproduce wants files that show a failure, or --say with a sentence.",
      "See hil reproduce --help.",
    );
  }
  const places = files.map((reference) => ({ reference, path: resolve(io.cwd, reference) }));
  const folders: Piece[] = [];
  for (const { reference, path } of places) {
    if (entryAt(path)?.isDirectory()) folders.push(...(await ofFolder(reference, path)));
  }
  const named = board === undefined ? undefined : await loadProfile(board, io);
  const found = folders.find((piece) => piece.kind === "profile");
  const loaded = named ?? found?.loaded ?? (await loadProfile("twin", io));
  const belief: Belief = { loaded, told: named !== undefined || found !== undefined };
  const profiles = await profilesFor(loaded, io);
  const pieces: Piece[] = [];
  for (const { reference, path } of places) {
    const entry = entryAt(path);
    if (entry === undefined) throw new ConfigurationError(`${path}: there is no such file or folder.`);
    if (!entry.isDirectory()) pieces.push(await readPiece(basename(reference), readInput(path), belief, profiles));
  }
  return gather([...folders, ...pieces], sentences, belief);
}

/** Profiles whose keys are tried on images: the board's own, and the simulated one's test keys. */
async function profilesFor(loaded: LoadedProfile, io: CliIo): Promise<readonly LoadedProfile[]> {
  const twin = await loadProfile("twin", io);
  return loaded.profile.name === twin.profile.name ? [loaded] : [loaded, twin];
}

/** A record of ours, or a build folder. */
async function ofFolder(name: string, path: string): Promise<readonly Piece[]> {
  const events = join(path, "events.jsonl");
  if (!existsSync(events)) {
    const built = await buildProfileOf(await readBuildFolder(path));
    const loaded = draftProfile(twinDraft("build", buildText(built)), join(path, "board.yaml"));
    return [{ name, kind: "profile", read: "a build folder", loaded }];
  }
  const lines: string[] = [];
  eachLine(events, (line) => {
    const entry = line.includes('"boot-log"') ? BOOT_LOG.safeParse(jsonIn(line)) : undefined;
    if (entry?.success) lines.push(entry.data.text.replaceAll("\n", " "));
  });
  const kept = join(path, "inputs", "profile.yaml");
  const log: Piece = { name, kind: "log", text: lines.join("\n") };
  if (!existsSync(kept)) return [log];
  return [log, { name, kind: "profile", read: "a run's record", loaded: parseProfile(readInputText(kept), kept) }];
}
