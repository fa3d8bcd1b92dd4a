import { z } from "zod";

/** A resource or driver of a labgrid environment, as labgrid itself makes it out of the file. */
export interface LabgridPart {
  readonly cls: string;
  readonly name?: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
  /** For a driver: which supplier it asks for by name, by the name of the binding. */
  readonly bindings: Readonly<Record<string, unknown>>;
}

const parameters = z.record(z.string(), z.unknown()).nullable();

/**
 * Resources and drivers: a mapping of classes, or a list of mappings. An entry may name its class by `cls`; the key is
 * then the default that `cls` overrides, and in a list there need not be any.
 * Source: labgrid/factory.py, _convert_to_named_list.
 */
export const LABGRID_PARTS = z.union([
  z.record(z.string(), parameters),
  z.array(z.union([z.looseObject({ cls: z.string() }), z.record(z.string(), parameters)])),
]);

/** The parts that such a mapping or list stands for, in its order. */
export function labgridParts(given: z.output<typeof LABGRID_PARTS> | null | undefined): readonly LabgridPart[] {
  const entries = Array.isArray(given) ? given.flatMap(itemParts) : Object.entries(given ?? {});
  return entries.map(([key, given]) => {
    const { cls = key, name, bindings, ...params } = given ?? {};
    return {
      cls: plain(cls),
      ...(name === undefined || name === null ? {} : { name: plain(name) }),
      params,
      bindings: typeof bindings === "object" && bindings !== null ? { ...bindings } : {},
    };
  });
}

type Parameters = z.output<typeof parameters>;

function itemParts(item: Readonly<Record<string, unknown>>): readonly (readonly [string, Parameters])[] {
  if (typeof item["cls"] === "string") return [[item["cls"], item]];
  return Object.entries(item).map(([key, params]) => [key, typeof params === "object" ? { ...params } : null]);
}

/** Text and numbers as text; undefined for anything else. */
export function scalarText(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** For addresses and people: text as it is, anything else as JSON. */
export function plain(value: unknown): string {
  return scalarText(value) ?? JSON.stringify(value) ?? "";
}

/** A number, or text that is one; else `fallback`. */
export function numberOf(value: unknown, fallback: number): number {
  const given = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof given === "number" && Number.isFinite(given) ? given : fallback;
}
