import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type ConfigFile, loadYaml, parseYaml, readInput, resolveFrom } from "../../core/index.ts";
import { namedFiles } from "../request/payload-file.ts";
import { parseScenario, SCENARIO_SCHEMA, type ScenarioFile } from "../request/scenario.ts";

const { shape } = SCENARIO_SCHEMA;
const image = shape.images.shape.old;

/** Names of builds stand in file names, tables and suites. */
const buildName = z.string().regex(/^[\w.+-]{1,20}$/, "expected a name of up to 20 letters, digits and . + - _");
const build = image.extend({
  name: buildName.describe("What tables and reports call it."),
  network: image.optional().describe("The network core's image of this build, where no package brings it."),
});
const REQUESTS = ["test", "permanent"] as const;

const rule = z.strictObject({
  old: buildName.optional(),
  new: buildName.optional(),
  request: z.enum(REQUESTS).optional(),
  board: z.string().min(1).optional().describe("A profile as `boards` names it, or its name."),
  expect: shape.expect,
  skip: z.string().min(1).max(120).optional().describe("Why these cells are left out."),
});

/** A matrix in YAML: a scenario whose images are lists, each pair of them a campaign of its own. */
export const MATRIX_SCHEMA = z.strictObject({
  schema: z.literal(1),
  name: z.string().min(1).max(30),
  matrix: z.strictObject({
    old: z.array(build).min(1).max(32).describe("Builds that are in the field."),
    new: z.array(build).min(1).max(32).describe("Builds that they are upgraded to."),
    request: z.array(z.enum(REQUESTS)).min(1).max(2).default(["test"]).describe("What is asked of the bootloader."),
    boards: z
      .array(z.string().min(1))
      .min(1)
      .max(16)
      .optional()
      .describe("Layouts: a profile each, a path relative to this file or one that ships with hil; default: --board."),
    cells: z.array(rule).max(200).default([]).describe("What is expected of some cells; the first that fits counts."),
  }),
  images: z.strictObject({ encrypt: shape.images.shape.encrypt }).prefault({}),
  expect: shape.expect,
  start: shape.start,
  cuts: shape.cuts,
  boots_after: shape.boots_after,
  infra_retries: shape.infra_retries,
  allow_incomplete: shape.allow_incomplete,
  revert_check: shape.revert_check,
});

type Matrix = z.output<typeof MATRIX_SCHEMA>;
type Build = z.output<typeof build>;

export interface MatrixFile extends ConfigFile<Matrix> {
  /** As the file spells it, without defaults. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** One campaign of a matrix. */
export interface Cell {
  readonly old: string;
  readonly new: string;
  readonly request: (typeof REQUESTS)[number];
  /** The profile's place in the list of boards. */
  readonly board: number;
  /** Why it is left out. */
  readonly skip?: string | undefined;
  /** An ordinary scenario: its record is replayed like any other. */
  readonly scenario: ScenarioFile;
  /** What each image is known by: the same one under two names, or as old and as new, is one image on the wire. */
  readonly images: readonly [old: string, next: string];
}

/** Matrices that ship with the package. */
const BUILT_IN = fileURLToPath(new URL("../../../scenarios/matrix/", import.meta.url));

/**
 * The matrix of a file, or of one that ships with hil; undefined for a file that has no `matrix:`.
 * @throws ConfigFileError for a matrix that cannot be used, with line and field.
 */
export async function namedMatrix(reference: string, cwd: string): Promise<MatrixFile | undefined> {
  const path = resolveFrom(`${cwd}/.`, reference);
  const name = /^matrix\/([\w-]+)$/.exec(reference)?.[1];
  const file = name !== undefined && existsSync(`${BUILT_IN}${name}.yaml`) ? `${BUILT_IN}${name}.yaml` : path;
  const raw = await rawOf(file);
  if (raw === undefined) return undefined;
  return { ...(await loadYaml(file, MATRIX_SCHEMA)), raw };
}

/** A matrix from text; `file` is what its relative paths start from. */
export function parseMatrix(text: string, file: string): MatrixFile {
  const raw = parseYaml(text, file, z.looseObject({})).value;
  return { ...parseYaml(text, file, MATRIX_SCHEMA), raw };
}

/** Whatever is no mapping with `matrix:` is the scenario reader's to complain about. */
async function rawOf(file: string): Promise<Record<string, unknown> | undefined> {
  if (!existsSync(file)) return undefined;
  try {
    const { value } = await loadYaml(file, z.looseObject({}));
    return "matrix" in value ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Fields of a scenario that a matrix hands on as they stand. */
const HANDED_ON = ["start", "cuts", "boots_after", "infra_retries", "allow_incomplete", "revert_check"] as const;

/**
 * The cells of a matrix, board by board, old by old: every old build with every new one but itself.
 * @param boards names of the boards, as the matrix or the command line gives them.
 * @throws ConfigFileError for a rule that fits no cell: it was meant for one.
 */
export function cellsOf(matrix: MatrixFile, boards: readonly { readonly names: readonly string[] }[]): readonly Cell[] {
  const { old: olds, new: news, request: requests, cells: rules } = matrix.value.matrix;
  const used = new Set<number>();
  const cells: Cell[] = [];
  for (const [board, { names }] of boards.entries()) {
    for (const [oldAt, old] of olds.entries()) {
      for (const [newAt, next] of news.entries()) {
        if (keyOf(old) === keyOf(next)) continue;
        for (const request of requests) {
          const found = rules.findIndex(
            (row) =>
              (row.old ?? old.name) === old.name &&
              (row.new ?? next.name) === next.name &&
              (row.request ?? request) === request &&
              (row.board === undefined || names.includes(row.board)),
          );
          if (found >= 0) used.add(found);
          const { skip, expect } = rules[found] ?? {};
          const scenario = scenarioOf(matrix, { oldAt, newAt, request, expect: expect ?? matrix.raw["expect"] });
          cells.push({
            old: old.name,
            new: next.name,
            request,
            board,
            skip,
            scenario,
            images: [keyOf(old), keyOf(next)],
          });
        }
      }
    }
  }
  const idle = rules.findIndex((_, index) => !used.has(index));
  if (idle >= 0) throw matrix.wrong(["matrix", "cells", idle], "fits no cell that a rule before it does not fit.");
  return cells;
}

/** A cell for people: `1.0 to 2.0, test`. */
export function cellTitle({ old, new: next, request }: Pick<Cell, "old" | "new" | "request">): string {
  return `${old} to ${next}, ${request}`;
}

/** What decides a cell: another text, other images or another seed is another cell. SHA-256, hexadecimal. */
export function cellKey(
  { scenario }: Cell,
  { profile, seed }: { readonly profile: string; readonly seed: number },
): string {
  const sum = createHash("sha256").update(JSON.stringify([scenario.text, profile, seed]));
  for (const file of namedFiles(scenario)) sum.update(readInput(file));
  return sum.digest("hex");
}

/** A build without its name: two names of one image are one image. */
function keyOf(named: Build): string {
  return JSON.stringify(without(named, ["name"]));
}

interface CellChoice {
  readonly oldAt: number;
  readonly newAt: number;
  readonly request: string;
  readonly expect: unknown;
}

/** JSON is YAML: whatever a name holds, the text says the same. */
function scenarioOf({ raw, value, file }: MatrixFile, { oldAt, newAt, request, expect }: CellChoice): ScenarioFile {
  const lists = raw["matrix"] as { old: Record<string, unknown>[]; new: Record<string, unknown>[] };
  const [old, next] = [lists.old[oldAt] ?? {}, lists.new[newAt] ?? {}];
  const network = {
    ...(old["network"] ? { old: old["network"] } : {}),
    ...(next["network"] ? { new: next["network"] } : {}),
  };
  const title = cellTitle({ old: String(old["name"]), new: String(next["name"]), request: request as "test" });
  const scenario = {
    schema: 1,
    name: `${value.name}: ${title}`,
    images: {
      old: imageOf(old),
      new: imageOf(next),
      ...(Object.keys(network).length > 0 && { network }),
      encrypt: value.images.encrypt,
    },
    ...(expect !== undefined && { expect }),
    request,
    ...Object.fromEntries(HANDED_ON.flatMap((field) => (raw[field] === undefined ? [] : [[field, raw[field]]]))),
  };
  // Relative paths start at the matrix; errors name the cell.
  return parseScenario(`${JSON.stringify(scenario, undefined, 2)}\n`, `${file} [${title}]`);
}

function imageOf(named: Record<string, unknown>): unknown {
  return without(named, ["name", "network"]);
}

function without(value: object, fields: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([field]) => !fields.includes(field)));
}
