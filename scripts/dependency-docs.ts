import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { withTable } from "./page-table.ts";

/** docs/dependencies.md, whose table is made from package.json and the lock file: `npx tsx scripts/dependency-docs.ts`. */
export const DEPENDENCY_PAGE = fileURLToPath(new URL("../docs/dependencies.md", import.meta.url));

/** What each is there for. A dependency without a row is refused, so that none comes in without a reason. */
const FOR: Readonly<Record<string, string>> = {
  "@serialport/parser-slip-encoder": "frames of relay cards that speak SLIP",
  "cbor-x": "CBOR bodies of SMP",
  "lossless-json": "JSON with 64-bit integers as they are",
  "net-snmp": "power distribution units over SNMP",
  re2js: "patterns of a scenario on what a board prints, in linear time",
  serialport: "serial ports",
  yaml: "scenarios, profiles, lab files, with line and column of a mistake",
  yargs: "options of the command line",
  yauzl: "DFU packages",
  zod: "schemas of scenarios, profiles, records",
  "@lydell/node-pty": "pseudo-terminals of `hil twin` and `hil emulate`; without it those say so",
  "@electric-sql/pglite": "the lab's embedded database",
  "@jest/globals": "`mcuboot-hil/jest`",
  "lzma-native": "compressed images",
  "node-hid": "USB HID relays",
  nodemailer: "mails about what is newly red",
  "pg-boss": "the lab's queue",
};

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

export interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      { readonly version?: string; readonly license?: string; readonly dev?: boolean; readonly devOptional?: boolean }
    >
  >;
}

/**
 * The page as package.json and the lock file have it now.
 * @throws RangeError for a dependency that has no reason here, and for a reason whose dependency is gone.
 */
export function dependencyPage(page: string, manifest: Manifest, { packages }: Lock): string {
  const kinds = [
    ["comes along", manifest.dependencies],
    ["comes along where it can be built or fetched", manifest.optionalDependencies],
    ["yours to install, when it is used", manifest.peerDependencies],
  ] as const;
  const names = kinds.flatMap(([, list]) => Object.keys(list));
  const odd = [...names.filter((name) => !(name in FOR)), ...Object.keys(FOR).filter((name) => !names.includes(name))];
  if (odd.length > 0)
    throw new RangeError(`scripts/dependency-docs.ts: no reason, or no dependency: ${odd.join(", ")}`);
  const rows = kinds.flatMap(([kind, list]) =>
    Object.entries(list).map(([name, range]) => {
      const license = packages[`node_modules/${name}`]?.license ?? "see its package";
      return [`\`${name}\``, range, license, FOR[name] ?? "", kind];
    }),
  );
  return withTable(page, "scripts/dependency-docs.ts", [["package", "version", "licence", "for", "how"], ...rows]);
}

/** Licences of all that an installation brings, packages of packages included: each with its count. */
export function licencesOf({ packages }: Lock): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [path, { license = "none said", dev, devOptional }] of Object.entries(packages)) {
    if (path === "" || dev === true || devOptional === true) continue;
    counts.set(license, (counts.get(license) ?? 0) + 1);
  }
  return counts;
}

const jsonAt = async <T>(name: string): Promise<T> =>
  JSON.parse(await readFile(new URL(`../${name}`, import.meta.url), "utf8")) as T;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [manifest, lock] = [await jsonAt<Manifest>("package.json"), await jsonAt<Lock>("package-lock.json")];
  await writeFile(DEPENDENCY_PAGE, dependencyPage(await readFile(DEPENDENCY_PAGE, "utf8"), manifest, lock));
}
