import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { mainIn } from "../src/cli/main.ts";
import { memoryIo } from "../src/cli/testing/memory-io.ts";

/** Pages whose commands are run from top to bottom in one folder, as a reader does, and how many there are. */
const GUIDES = [
  { page: "docs/first-campaign.md", commands: 5 },
  { page: "docs/encrypt-an-image.md", commands: 12 },
  { page: "docs/field-failure.md", commands: 8 },
  { page: "docs/field-failures.md", commands: 2 },
];
/** A Zephyr workspace, for the page that builds firmware; its tools are found by the environment. */
const SDK = process.env["HIL_SDK"];
const FIRST_HOUR = { page: "docs/first-hour.md", commands: 5 };
/** Packages that a page's reader has. */
const PACKAGES = new URL("../cases/field-failure/", import.meta.url);
const WALK_MS = 300_000;
const BUILD_MS = 3_600_000;

interface Step {
  readonly command: string;
  /** Behind the command: `# exit 1`; 0 where the page says nothing. */
  readonly exit: number;
  /** What the page shows; "…" stands for any lines. */
  readonly shown: readonly string[];
}

/** A file that the reader writes. */
interface Written {
  readonly file: string;
  readonly text: string;
}

/** Files (`yaml` blocks that begin with their name) and commands of a page, in their order. */
function stepsOf(page: string): readonly (Step | Written)[] {
  const text = readFileSync(new URL(`../${page}`, import.meta.url), "utf8");
  return [...text.matchAll(/^```(yaml|console)\n([\s\S]*?)^```$/gm)].flatMap(
    ([, kind, body = ""]): readonly (Step | Written)[] => {
      const name = /^# (\S+\.yaml)$/m.exec(body)?.[1];
      if (kind === "yaml") return name === undefined ? [] : [{ file: name, text: body }];
      return body.split(/^\$ /m).flatMap((part) => {
        const [line = "", ...shown] = part.trimEnd().split("\n");
        const [command = "", remark = ""] = line.split(/ +# /);
        return command === "" ? [] : [{ command, exit: Number(/^exit (\d)/.exec(remark)?.[1] ?? 0), shown }];
      });
    },
  );
}

/** @returns what the page shows and the program did not print, in this order. */
function missing(shown: readonly string[], printed: string): readonly string[] {
  let rest = printed;
  return shown.filter((line) => {
    const at = line === "…" ? 0 : rest.indexOf(line.replace(/ ?…$/, "").trimEnd());
    if (at > 0) rest = rest.slice(at);
    return at < 0;
  });
}

test.each(GUIDES)("$page: every command does what the page shows", walked, WALK_MS);

(SDK === undefined ? test.skip : test)(
  `${FIRST_HOUR.page}: every command does what the page shows (${SDK ?? "SKIPPED: HIL_SDK names no workspace"})`,
  () => walked(FIRST_HOUR),
  BUILD_MS,
);

async function walked({ page, commands: wanted }: (typeof GUIDES)[number]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hil-guide-"));
  for (const name of readdirSync(PACKAGES)) copyFileSync(new URL(name, PACKAGES), join(folder, name));
  let commands = 0;
  // What stands for the folder of the last run: its name is another one each time.
  let run = "RUN";
  for (const step of stepsOf(page)) {
    if ("file" in step) {
      writeFileSync(join(folder, step.file), step.text);
      continue;
    }
    const script = /^node -e "(.*)"$/.exec(step.command)?.[1];
    if (script !== undefined) {
      execFileSync(process.execPath, ["-e", script], { cwd: folder });
      commands += 1;
      continue;
    }
    const [call = "", into] = step.command.replace(/\bRUN\b/, run).split(" > ");
    const words = call
      .replace(/^npx hil /, "")
      .replace("~/zephyrproject", SDK ?? "")
      .split(" ");
    const io = memoryIo({ cwd: folder, ...(words[0] === "firmware" && { env: process.env }) });
    const code = await mainIn(io, words);
    if (into !== undefined) writeFileSync(join(folder, into), io.printed());
    const printed = `${io.printed()}${io.complained()}`;
    run = step.command.startsWith("npx hil run ") ? (/^record +(\S+)$/m.exec(printed)?.[1] ?? run) : run;
    expect({ command: step.command, code, missing: missing(step.shown, printed), printed }).toEqual({
      command: step.command,
      code: step.exit,
      missing: [],
      printed,
    });
    commands += 1;
  }
  expect(commands).toBe(wanted);
}
