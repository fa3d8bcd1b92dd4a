import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { INNER_ROOMS, ROOMS } from "../oxlint.config.mjs";
import { withTable } from "./page-table.ts";

/** docs/architecture.md, whose table of rooms is the linter's: `npx tsx scripts/architecture-docs.ts`. */
export const ARCHITECTURE_PAGE = fileURLToPath(new URL("../docs/architecture.md", import.meta.url));

/** What each room holds; who may import whom is in oxlint.config.mjs. */
const HOLDS: Readonly<Record<string, string>> = {
  core: "clock, seeded chance, typed errors, config files, deadlines, undo",
  image: "MCUboot's image format: build, sign, encrypt, parse, verify; keys; HEX files and DFU packages",
  serial: "byte pipes; one UART split into frames and log lines",
  ble: "Bluetooth LE on an HCI controller: H4, L2CAP, ATT; a central, a peripheral, an air in memory",
  smp: "SMP: packets, command tables, client, servers",
  power: "power switches, one file a driver, behind one interface",
  mcuboot: "MCUboot's rules as pure code: trailers, swaps, releases, log lines; the judge; the sweep",
  emulator: "an Arm core and a chip around it that execute firmware: instructions as rows, exceptions, peripherals",
  twin: "the simulated nRF5340-DK: flash with timing and wear, application, network core, relay",
  board: "the board as a campaign sees it: profile, ports, log, flashing, locks; doctor and calibration",
  campaign: "a run: request, cuts, bench, verdict, record, replay",
  field: "a failure from the field: reading what was sent, causes, searching histories, the smallest case",
  report: "console, JUnit, trace: made from events",
  lab: "many boards and hosts: API, queue, the agent of a host, contents by hash, access",
  jest: "`bench()` and matchers for users' own suites",
  cli: "one file a command; the only room that prints and exits",
};

const HEAD = ["room", "holds", "may import", "inner rooms, lowest first"];

/** The page, with the table of rooms as the linter has it now. @throws RangeError for a room that nobody describes. */
export function architecturePage(page: string): string {
  const rooms = [...Object.entries(ROOMS), ["cli", ["all"]] as const];
  const rows = rooms.map(([room, allowed]) => {
    const holds = HOLDS[room];
    if (holds === undefined) throw new RangeError(`say in scripts/architecture-docs.ts what src/${room} holds`);
    const inner = Object.keys(INNER_ROOMS[room] ?? {}).filter((name) => name !== ".");
    return [`\`src/${room}/\``, holds, allowed.join(", ") || "nothing of ours", inner.join(", ")];
  });
  return withTable(page, "scripts/architecture-docs.ts", [HEAD, ...rows]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(ARCHITECTURE_PAGE, architecturePage(await readFile(ARCHITECTURE_PAGE, "utf8")));
}
