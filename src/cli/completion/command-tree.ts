import { EXIT } from "../../core/index.ts";
import type { CliIo, Offer } from "../terminal/io.ts";

/** One place of a command line: what may follow these words. */
export interface CommandNode {
  /** `""` for `hil` alone, `image sign` for `hil image sign`. */
  readonly path: string;
  /** One word each. */
  readonly commands: Required<Offer>["commands"];
  readonly options: Required<Offer>["options"];
}

/** The command line in a world of its own, as `mainIn`. */
export type RunHil = (io: CliIo, argv: readonly string[]) => Promise<number>;

/** More words than any command has. */
const DEPTH_MAX = 3;

/**
 * Every place of the command line, outermost first: the program is asked for its help, command by command, and each
 * command tells what may follow it (`CliIo.offers`).
 */
export async function commandTree(run: RunHil): Promise<readonly CommandNode[]> {
  const nodes = new Map<string, CommandNode>();
  const visit = async (words: readonly string[], offer: Required<Offer>): Promise<void> => {
    const path = words.join(" ");
    nodes.set(path, { path, commands: firstWords(offer.commands), options: offer.options });
    for (const name of new Set(offer.commands.map((command) => command.name))) {
      const next = [...words, ...name.split(" ")];
      const inner = await offerOf(run, next);
      // A word that only chooses what a command does is answered with the command's own help, which is known.
      if (next.length <= DEPTH_MAX && !sameOffer(offer, inner)) await visit(next, inner);
    }
  };
  await visit([], await offerOf(run, []));
  return withSteps(nodes);
}

async function offerOf(run: RunHil, words: readonly string[]): Promise<Required<Offer>> {
  const heard: Required<Offer> = { commands: [], options: [] };
  let told = heard;
  const io: CliIo = {
    out: () => undefined,
    err: () => undefined,
    offers: ({ commands = [], options = [] }) => {
      told = { commands: [...told.commands, ...commands], options: [...told.options, ...options] };
    },
    env: {},
    cwd: "/",
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
  };
  return (await run(io, [...words, "--help"])) === EXIT.pass ? told : heard;
}

function sameOffer(one: Required<Offer>, other: Required<Offer>): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** `image list` and `image test` are one word here: `image`. Of one word the first text stands. */
function firstWords(commands: Required<Offer>["commands"]): Required<Offer>["commands"] {
  const found = new Map<string, string>();
  for (const { name, about } of commands) {
    const [first = "", ...more] = name.split(" ");
    if (!found.has(first)) found.set(first, more.length === 0 ? about : "");
  }
  return [...found].map(([name, about]) => ({ name, about }));
}

/** Places between: of `smp image list` and `smp image test` also `smp image`, where `list` and `test` may follow. */
function withSteps(nodes: ReadonlyMap<string, CommandNode>): readonly CommandNode[] {
  const all = new Map(nodes);
  for (const { path } of nodes.values()) {
    const words = path.split(" ");
    for (let count = 1; count < words.length; count += 1) {
      const step = words.slice(0, count).join(" ");
      const next = words[count] ?? "";
      const known = all.get(step) ?? { path: step, commands: [], options: [] };
      const missing = known.commands.every(({ name }) => name !== next);
      all.set(step, missing ? { ...known, commands: [...known.commands, { name: next, about: "" }] } : known);
    }
  }
  return [...all.values()];
}
