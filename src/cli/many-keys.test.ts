import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { BUILD_SHAPES, writeBuild } from "../board/testing/build-folders.ts";
import { growthOf } from "../core/testing/steps.ts";
import { mainIn } from "./main.ts";
import { memoryIo } from "./testing/memory-io.ts";

const KEYS = 300;
/** Of entries each of which becomes a profile of its own. */
const BOARDS = 40;

const world = memoryIo();
const at = (...names: string[]) => join(world.cwd, ...names);
const many = (count: number, line: (order: number) => string) => Array.from({ length: count }, (_, at) => line(at));
const joined = (...lines: readonly (string | readonly string[])[]) => `${lines.flat().join("\n")}\n`;
const fields = (count: number, indent = "") => many(count, (order) => `${indent}field_${order}: ${order}`);

const PROFILE = `schema: 1
name: lab
provider: hardware
ports: { app: { path: /dev/ttyACM1 } }
power: { driver: manual, cuts: soc }
slots: { primary: { offset: 0x10000, bytes: 0x10000 }, secondary: { offset: 0x20000, bytes: 0x10000 } }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }`;
const SCENARIO = `schema: 1
name: many
images:
  old: { version: "1.0.0", payload: { generate_bytes: 9000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 9100 } }`;
const MATRIX = (request: string) => `schema: 1
name: many
matrix:
  request: ${request}
  boards: [twin]
  old:
    - { name: old, version: "1.0.0", payload: { generate_bytes: 9000 } }`;
const release = (order: number) =>
  `    - { name: "1.${order}", version: "1.${order}.0", payload: { generate_bytes: ${9000 + order} } }`;
const twisterEntry = (order: number) => `- connected: true
  id: "${1050000000 + order}"
  platform: nrf5340dk/nrf5340/cpuapp
  product: J-Link
  runner: nrfutil
  serial: /dev/ttyACM${order}`;
const labgridTarget = (order: number) => `  t${order}:
    resources: { RawSerialPort: { port: /dev/ttyUSB${order} } }
    drivers: { SerialDriver: {} }`;

/** What a line of a command names: a file of so many keys or entries, wrong ones and right ones. */
const FILES: readonly (readonly [string, string, (keys: number) => string])[] = [
  ["a profile with fields that are none", "run --board @", (keys) => joined(PROFILE, fields(keys))],
  [
    "a profile with inner fields that are none",
    "run --board @",
    (keys) => joined(PROFILE, "twin:", fields(keys, "  ")),
  ],
  ["a profile with fields that stand twice", "run --board @", (keys) => joined(PROFILE, fields(keys), fields(keys))],
  ["a list in place of a profile", "run --board @", (keys) => joined(many(keys, (order) => `- ${order}`))],
  ["a scenario with fields that are none", "run @ --board twin", (keys) => joined(SCENARIO, fields(keys))],
  [
    "a scenario with many cuts",
    "run @ --board twin --dry-run",
    (keys) =>
      joined(
        SCENARIO,
        "cuts:",
        "  at:",
        many(keys, (order) => `    - ${order + 1} ms`),
      ),
  ],
  [
    "a matrix with fields that are none",
    "run @ --dry-run",
    (keys) => joined(MATRIX("[test]"), "  new:", release(0), fields(keys)),
  ],
  [
    "a matrix of many releases",
    "run @ --dry-run",
    (keys) => joined(MATRIX("[test, permanent]"), "  new:", many(keys, release)),
  ],
  [
    "a labgrid environment of many targets",
    "init --yes --from-labgrid @",
    (keys) => joined("targets:", many(keys, labgridTarget)),
  ],
  [
    "a labgrid target of many resources",
    "init --yes --from-labgrid @",
    (keys) =>
      joined(
        "targets:",
        "  main:",
        "    resources:",
        many(keys, (order) => `      R${order}: { port: /dev/ttyUSB${order} }`),
      ),
  ],
  [
    "a labgrid exporter of many groups",
    "init --yes --from-labgrid @",
    (keys) => joined(many(keys, (order) => `g${order}: { USBSerialPort: { match: { ID_PATH: "p${order}" } } }`)),
  ],
  ["a Twister map of many boards", "init --yes --from-twister @", (keys) => joined(many(keys, twisterEntry))],
  [
    "a Twister map with fields that are none",
    "init --yes --from-twister @",
    (keys) => joined(twisterEntry(0), fields(keys, "  ")),
  ],
];

/** Files of a build folder, by their place in it. */
const BUILD_FILES: readonly (readonly [string, (keys: number) => string])[] = [
  [
    "partitions.yml",
    (keys) =>
      joined(
        many(
          keys,
          (order) =>
            `p${order}: { address: 0x${(order * 4096).toString(16)}, end_address: 0x${((order + 1) * 4096).toString(16)}, region: flash_primary, size: 0x1000 }`,
        ),
      ),
  ],
  [
    "domains.yaml",
    (keys) =>
      joined(
        "default: app",
        "build_dir: /b",
        "domains:",
        many(keys, (order) => `  - { name: d${order}, build_dir: /b/d${order} }`),
      ),
  ],
];

async function ended(command: string, file: string): Promise<number> {
  const io = memoryIo({ cwd: world.cwd, env: { HIL_LOCKS: at("locks") } });
  const code = await mainIn(io, command.replaceAll("@", file).split(" "));
  // Whatever it is, it is nothing that hil does not know.
  expect([0, 2]).toContain(code);
  return code;
}

describe("twice as many keys take twice the work, and not four times, of", () => {
  test.each(FILES)("%s", async (name, command, textOf) => {
    const isOfBoards = name.includes("many targets") || name.includes("groups") || name.includes("many boards");
    const growth = await growthOf(
      async (keys) => {
        const file = `${name.replaceAll(/\W+/g, "-")}.yaml`;
        writeFileSync(at(file), textOf(keys));
        return ended(command, file);
      },
      isOfBoards ? BOARDS : KEYS,
    );
    expect(growth).toBeLessThan(2.3);
  });

  test.each(BUILD_FILES)("%s of a build", async (name, textOf) => {
    const shape = BUILD_SHAPES.find(({ files, childImages }) => "partitions.yml" in files && !childImages);
    const growth = await growthOf(async (keys) => {
      const folder = `build-${name}`;
      mkdirSync(at(folder), { recursive: true });
      writeBuild(shape?.name ?? "", at(folder));
      writeFileSync(at(folder, name), textOf(keys));
      return ended("init --yes --from-build @", folder);
    }, KEYS);
    expect(growth).toBeLessThan(2.3);
  });
});
