import { z } from "zod";
import { ConfigurationError } from "../../core/index.ts";
import { ALL_MODES, DEFECTS, type DefectName, generation } from "../../mcuboot/index.ts";
import type { History } from "../causes/attribute.ts";
import type { WorldShape } from "../world/world.ts";

const LEGS_MAX = 64;
const sectors = z.int().min(4).max(1024);
const bytes = z.int().min(64).max(4_000_000);

const torn = z.enum(["head", "tail", "bits"]);
const cut = z.strictObject({ operation: z.int().min(0).max(1e6), torn: torn.optional() });
const act = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("upload") }),
  z.strictObject({ kind: z.literal("ask"), cut: cut.optional() }),
  z.strictObject({ kind: z.literal("ask again") }),
  z.strictObject({ kind: z.literal("erase") }),
  z.strictObject({ kind: z.literal("confirm") }),
]);
const acts = z.array(act).max(8);

/** A board of the search as a file has it: what differs from a small board may be left out there. */
const SHAPE_SCHEMA = z.strictObject({
  mode: z.enum(ALL_MODES as [string, ...string[]]),
  generation: z.string().max(40),
  defects: z
    .array(z.enum(DEFECTS.map(({ name }) => name) as [DefectName, ...DefectName[]]))
    .max(4)
    .default([]),
  encrypted: z.boolean().default(false),
  permanent: z.boolean().default(false),
  damage: z.enum(["none", "body"]).default("none"),
  padded: z.boolean().default(false),
  downgradePrevention: z.boolean().default(false),
  downgrade: z.boolean().default(false),
  networkCore: z.boolean().default(false),
  uploadsToStart: z.boolean().default(false),
  afterUpdate: z.enum(["starts", "resets", "hangs"]).default("starts"),
  bootstrap: z.boolean().default(false),
  slotSectors: sectors.default(6),
  scratchSectors: z.int().min(1).max(1024).default(1),
  maxImgSectors: sectors.default(16),
  oldBytes: bytes.default(7000),
  newBytes: bytes.default(9000),
  headerBytes: z.int().min(32).max(4096).default(512),
});

/** What was done, boot by boot, and after the last. */
const HISTORY_SCHEMA = z.strictObject({
  legs: z.array(z.strictObject({ acts: acts.default([]), cut: cut.optional() })).max(LEGS_MAX),
  tail: acts.default([]),
});

/** A history that was found for a failure, to be walked again: `hil replay FILE`. */
export const FIELD_REPLAY_SCHEMA = z.strictObject({
  schema: z.literal(1),
  kind: z.literal("field"),
  cause: z.string().max(60),
  world: SHAPE_SCHEMA,
  history: HISTORY_SCHEMA,
});

type FieldReplay = z.output<typeof FIELD_REPLAY_SCHEMA>;

/** The world of a file. @throws ConfigurationError for a generation that no table has. */
export function shapeOf(fields: z.output<typeof SHAPE_SCHEMA>): WorldShape {
  const { mode, generation: name, ...rest } = fields;
  const known = ALL_MODES.find((candidate) => candidate === mode);
  if (known === undefined) throw new ConfigurationError(`no mode ${mode}.`);
  return { ...rest, mode: known, generation: generation(name) };
}

/** The history of a file. */
export function historyOf({ legs, tail }: z.output<typeof HISTORY_SCHEMA>): History {
  const cutOf = (given: z.output<typeof cut> | undefined) =>
    given && { operation: given.operation, ...(given.torn && { torn: given.torn }) };
  const actsOf = (given: z.output<typeof acts>) =>
    given.map((one) => {
      if (one.kind !== "ask") return one;
      const own = cutOf(one.cut);
      return { kind: one.kind, ...(own && { cut: own }) };
    });
  return {
    legs: legs.map((leg) => {
      const own = cutOf(leg.cut);
      return { acts: actsOf(leg.acts), ...(own && { cut: own }) };
    }),
    tail: actsOf(tail),
  };
}

/** A found history as a file has it. */
export function fieldReplay(cause: string, shape: WorldShape, { legs, tail }: History): FieldReplay {
  const { generation: row, ...rest } = shape;
  return FIELD_REPLAY_SCHEMA.parse({
    schema: 1,
    kind: "field",
    cause,
    world: { ...rest, generation: row.name, defects: [...rest.defects] },
    history: { legs, tail },
  });
}
