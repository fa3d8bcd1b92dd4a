import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ScratchFolder } from "../../core/index.ts";
import { mainIn } from "../main.ts";
import { memoryIo } from "../testing/memory-io.ts";

async function runHil(argv: readonly string[]) {
  const io = memoryIo({ cwd: "/" });
  const exitCode = await mainIn(io, argv);
  return { exitCode, out: io.printed(), err: io.complained() };
}

const has = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;

const SHELLS = [
  ["bash", bash],
  ["zsh", zsh],
  ["fish", fish],
] as const;

describe.each(
  SHELLS.map(
    ([shell, complete]) => [`${shell}${has(shell) ? "" : ", SKIPPED: it is not here"}`, shell, complete] as const,
  ),
)("completion in %s", (_, shell, complete) => {
  const scratch = new ScratchFolder("completion");
  const script = join(scratch.path, "hil");
  beforeAll(async () => {
    const { exitCode, out } = await runHil(["completion", shell]);
    expect(exitCode).toBe(0);
    writeFileSync(script, out);
  });
  afterAll(() => scratch[Symbol.dispose]());
  const here = has(shell) ? test : test.skip;

  here.each([
    ["commands", ["sw"], ["sweep"]],
    ["commands of a group", ["board", "ch"], ["check"]],
    ["commands of two words, word by word", ["smp", "image", "te"], ["test"]],
    ["words that choose what a command does", ["lab", "unres"], ["unreserve"]],
    ["options of the command that was reached", ["image", "sign", "--enc"], ["--encrypt", "--encrypt-keylen"]],
    ["options after arguments", ["run", "encrypted-upgrade", "--max-d"], ["--max-duration"]],
    ["all values of an option that has a list", ["image", "sign", "--encrypt-keylen", ""], ["128", "256"]],
    ["profiles that ship", ["run", "--board", "twin-q"], ["twin-qspi"]],
    ["scenarios that ship", ["sweep", "xip"], ["xip-upgrade"]],
    ["faults of the twin", ["run", "--fault", "forget-k"], ["forget-keys"]],
  ])("knows %s", (_, words, wanted) => {
    expect(complete(script, words).toSorted()).toEqual([...wanted]);
  });
});

/** What a shell offers for `hil WORDS`, the last of them begun. */
function answered(shell: string, args: readonly string[]): readonly string[] {
  const { stdout, stderr, status } = spawnSync(shell, args, { encoding: "utf8", cwd: "/" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.split("\n").filter(Boolean);
}

function bash(script: string, words: readonly string[]): readonly string[] {
  const program = `source "$1"; shift; COMP_WORDS=(hil "$@"); COMP_CWORD=$#; _hil; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return answered("bash", ["-c", program, "bash", script, ...words]);
}

/** zsh's own helpers need a terminal: these say what they were given, as far as it fits. */
function zsh(script: string, words: readonly string[]): readonly string[] {
  const program = `
    compdef() { }; _files() { }
    compadd() { shift; print -l -- \${(M)@:#\${words[CURRENT]}*}; }
    _describe() { local from=\${@[-1]}; local -a all=("\${(@P)from}"); print -l -- \${(M)\${all%%:*}:#\${words[CURRENT]}*}; }
    source "$1"; shift; words=(hil "$@"); CURRENT=$#words; _hil`;
  return answered("zsh", ["-f", "-c", program, "zsh", script, ...words]);
}

function fish(script: string, words: readonly string[]): readonly string[] {
  const lines = answered("fish", [
    "--no-config",
    "-c",
    `source "$argv[1]"; complete -C "hil $argv[2..-1]"`,
    script,
    ...words,
  ]);
  return lines.map((line) => line.split("\t")[0] ?? "");
}

test("every command is there, and no text of a help becomes a word of the shell's", async () => {
  const { out: help } = await runHil(["--help"]);
  const { out } = await runHil(["completion", "bash"]);
  const names = [...help.matchAll(/^ {2}hil (\w+)/gm)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(20);
  const [, first = ""] = /_hil_commands='(.*)'/.exec(out) ?? [];
  expect(first.split(" ")).toEqual(names);
  // Texts of a help stand in none of it; what is expanded are the functions' own lines, below the table.
  expect(out.slice(0, out.indexOf("_hil() {"))).not.toMatch(/\$\(|`/);
});

test("no shell, or one that is not known, is a wrong request that names those that are", async () => {
  for (const argv of [["completion"], ["completion", "tcsh"]]) {
    const { exitCode, err } = await runHil(argv);
    expect(exitCode).toBe(2);
    expect(err).toContain("bash|zsh|fish");
  }
});
