import { SCHEMA_FILES, schemaOf } from "./profile-schema.ts";

/** The part of JSON Schema that ours are made of. */
export interface JsonField {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonField[];
  readonly oneOf?: readonly JsonField[];
  readonly items?: JsonField;
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonField>>;
  readonly required?: readonly string[];
}

/** Longer lists of names stand in tables of their own. */
const NAMES_MAX = 12;

/** What a field may be, in a few words. */
export function kindOf(schema: JsonField): string {
  if (schema.enum) return schema.enum.length > NAMES_MAX ? "names" : schema.enum.map(String).join(", ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms) return [...new Set(forms.map(kindOf))].join(" or ");
  if (schema.properties) return `{ ${Object.keys(schema.properties).join(", ")} }`;
  if (schema.items) return `list of ${kindOf(schema.items)}`;
  const { minimum, maximum } = schema;
  const isRange = minimum !== undefined && maximum !== undefined && maximum <= 0xffff_ffff;
  return isRange ? `${minimum} to ${maximum}` : (schema.type ?? "anything");
}

/** Mappings of one form under several names are told once. */
const ALIKE: readonly (readonly [RegExp, string])[] = [
  [/^images\.(?:old|new)\./, "images.*."],
  [/^images\.network\.(?:old|new)\./, "images.network.*."],
  [/^ports\.(?:app|net)\./, "ports.*."],
  [/^slots\.(?:primary|secondary|scratch|network_secondary)\./, "slots.*."],
];

/** Fields of single power drivers, which have tables of their own; what every driver takes stays. */
const OF_A_DRIVER = /^power\.(?!off_ms$|cut_latency_ms$|hold_up_ms$|cut_uncertainty_ms$|leave$)/;

interface FieldRow {
  readonly path: string;
  readonly kinds: Set<string>;
  readonly isRequired: boolean;
  readonly default: unknown;
  readonly about: string;
}

/** Every field that holds a value, and mappings that have words of their own, by their path; forms are gathered. */
function fieldsOf(schema: JsonField, path = "", isRequired = true, rows = new Map<string, FieldRow>()) {
  const forms = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  const mappings = [schema, ...forms].filter(({ properties }) => properties !== undefined);
  if (path !== "" && schema.properties && schema.description !== undefined) add(rows, path, schema, isRequired);
  for (const { properties = {}, required = [] } of mappings) {
    for (const [name, field] of Object.entries(properties)) {
      // A field of one form of several is not asked for in the others.
      const isAsked = required.includes(name) && mappings.length === 1;
      fieldsOf(field, path === "" ? name : `${path}.${name}`, isAsked, rows);
    }
  }
  if (schema.items?.properties) fieldsOf(schema.items, `${path}[]`, true, rows);
  else if (path !== "" && mappings.length === 0) add(rows, path, schema, isRequired);
  return rows;
}

function add(rows: Map<string, FieldRow>, name: string, schema: JsonField, isRequired: boolean): void {
  if (OF_A_DRIVER.test(name)) return;
  const path = ALIKE.reduce((text, [form, told]) => text.replace(form, told), name);
  const known = rows.get(path);
  if (known) known.kinds.add(kindOf(schema));
  else {
    const row = { path, kinds: new Set([kindOf(schema)]), isRequired, default: schema.default };
    rows.set(path, { ...row, about: schema.description ?? "" });
  }
}

/** Cells of the table of a YAML file's fields. */
export function schemaRows(file: (typeof SCHEMA_FILES)[number]["file"]): readonly (readonly string[])[] {
  const row = SCHEMA_FILES.find((entry) => entry.file === file);
  if (!row) throw new Error(`no schema file is named ${file}`);
  return [...fieldsOf(schemaOf(row) as JsonField).values()].map(
    ({ path, kinds, isRequired, default: value, about }) => [
      `\`${path}\``,
      [...kinds].join(" or "),
      value === undefined ? (isRequired ? "required" : "") : JSON.stringify(value),
      about,
    ],
  );
}
