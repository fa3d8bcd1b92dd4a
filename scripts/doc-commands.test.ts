import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { builtInBoards } from "../src/board/index.ts";
import { builtInScenarios } from "../src/campaign/index.ts";
import { mainIn } from "../src/cli/main.ts";
import { memoryIo } from "../src/cli/testing/memory-io.ts";

const ROOT = new URL("../", import.meta.url);
const PAGES = [
  "README.md",
  ...readdirSync(new URL("docs", ROOT))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** Commands whose second word is a command, too, with a help of its own. */
const GROUPS: readonly string[] = ["board", "firmware", "image"];

const NO_COMMAND = /no command|No such command/;

interface Told {
  readonly line: string;
  /** `["board", "check"]` */
  readonly words: readonly string[];
  readonly options: readonly string[];
}

/** Every call of hil that a page shows, in code blocks and in backquotes. */
function callsOf(page: string): readonly Told[] {
  const text = readFileSync(new URL(page, ROOT), "utf8").replaceAll(/\\\n/g, " ");
  const shown = [
    ...text.matchAll(/^(?:(?: {4}|\$ )hil|.*(?:npx |node_modules\/\.bin\/)hil) ([a-z].*)$|`hil ([a-z][^`]*)`/gm),
  ];
  return shown.flatMap((match) => {
    const line = (match[1] ?? match[2] ?? "").replace(/`.*$| #.*$| 2?>.*$| \| .*$| && .*$/, "");
    const [command = "", sub = ""] = line.split(" ");
    if (!/^[a-z]+$/.test(command)) return [];
    const words = GROUPS.includes(command) && /^[a-z]+$/.test(sub) ? [command, sub] : [command];
    return [{ line, words, options: [...line.matchAll(/(?<= \[?)--[a-z][a-z-]*/g)].map(([option]) => option) }];
  });
}

const helps = new Map<string, Promise<string>>();

function helpOf(words: readonly string[]): Promise<string> {
  const name = words.join(" ");
  const known = helps.get(name);
  if (known) return known;
  const asked = (async () => {
    const io = memoryIo();
    const code = await mainIn(io, [...words, "--help"]);
    const text = io.printed() + io.complained();
    if (code === 0 || NO_COMMAND.test(text)) return text;
    throw new Error(`hil ${name} --help ended with exit code ${code}: ${text}`);
  })();
  helps.set(name, asked);
  return asked;
}

test.each(PAGES.filter((page) => page !== "docs/commands.md"))(
  "%s shows commands and options that there are",
  async (page) => {
    const wrong: string[] = [];
    for (const { line, words, options } of callsOf(page)) {
      const help = await helpOf(words);
      if (NO_COMMAND.test(help)) wrong.push(`hil ${line}: no such command`);
      for (const option of options) if (!`${help} --help`.includes(option)) wrong.push(`hil ${line}: no ${option}`);
    }
    expect(wrong).toEqual([]);
  },
);

test.each(PAGES)("%s names boards and scenarios that ship with hil, or files", (page) => {
  // `hil image zip create` names boards of Zephyr.
  const calls = callsOf(page).filter(({ words }) => words[0] !== "image");
  const named = calls.flatMap(({ line }) => [...line.matchAll(/--board ([a-z][\w/-]*)(?= |$)/g)]);
  expect(builtInBoards()).toEqual(expect.arrayContaining(named.map((match) => match[1])));
  const run = calls.flatMap(({ line }) => [...line.matchAll(/^run ([a-zA-Z][\w/-]*[a-z0-9])(?= -|$)/g)]);
  expect(builtInScenarios()).toEqual(expect.arrayContaining(run.map((match) => match[1])));
});

test("calls are found", () => {
  expect(PAGES.flatMap((page) => callsOf(page)).length).toBeGreaterThan(100);
  expect(callsOf("docs/first-board.md").map(({ words }) => words.join(" "))).toContain("board calibrate");
});
