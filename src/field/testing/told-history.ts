import { bootloaderBuildOf, parseProfile } from "../../board/index.ts";
import { generation } from "../../mcuboot/index.ts";
import type { FieldEvidence } from "../evidence/evidence.ts";
import { gather } from "../evidence/gather.ts";
import type { Piece } from "../evidence/piece.ts";
import { type LogStyle, toldLog } from "../evidence/told.ts";
import { type SearchResult, searchSteps } from "../search/search.ts";
import { logOf } from "../world/log-of.ts";
import { type Leg, Machine } from "../world/machine.ts";
import { SMALL, type WorldShape, worldOf } from "../world/world.ts";

const PROFILE = `schema: 1
name: twin
provider: twin
ports: { app: { path: "twin:app" } }
power: { driver: lcus, port: { path: "twin:relay" }, channel: 1, contact: NC, cuts: soc, off_ms: 500 }
bootloader: { generation: current, mode: swap-move }
slots:
  primary: { offset: 0xc000, bytes: 0x74000 }
  secondary: { offset: 0x80000, bytes: 0x74000 }
keys: { signing: "builtin:twin-sign-p256.pem", encryption: "builtin:twin-enc-p256.pem" }
`;

/** The default board, of which nobody said that it is the customer's. */
export const unknownBoard = { loaded: parseProfile(PROFILE, "/twin.yaml"), told: false };
export const unknownBuild = bootloaderBuildOf(unknownBoard.loaded);

/** A machine of a larger board than those that a search tries. */
export function machineOf(shape: Partial<Omit<WorldShape, "generation">> & { readonly generation: string }): Machine {
  const { generation: name, ...rest } = shape;
  const larger = { slotSectors: 12, maxImgSectors: 32, oldBytes: 10_000, newBytes: 18_000 };
  return new Machine(worldOf({ ...SMALL, mode: "move", ...larger, ...rest, generation: generation(name) }));
}

interface Told {
  readonly style?: LogStyle;
  readonly list?: boolean;
  readonly say?: readonly string[];
  /** What becomes of the log on its way. */
  readonly spoilt?: (log: string) => string;
}

/** What a customer would send of a history. */
export function toldHistory(
  machine: Machine,
  legs: readonly Leg[],
  { style = "minimal", list = false, say = [], spoilt = (log) => log }: Told = {},
): FieldEvidence {
  const text = spoilt(toldLog(logOf(machine, legs), style));
  const state = machine.walk(legs).states.at(-1) ?? machine.start();
  const pieces: Piece[] = [{ name: "boot.log", kind: "log", text }];
  if (list) pieces.push({ name: "list", kind: "list", slots: machine.list(state) });
  return gather(pieces, say, unknownBoard);
}

/** A whole search. */
export function searched(evidence: FieldEvidence, boots = Number.POSITIVE_INFINITY): SearchResult {
  const steps = searchSteps(evidence, { boots });
  let next = steps.next();
  while (next.done !== true) next = steps.next();
  return next.value;
}
