import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { type IPty, spawn } from "@lydell/node-pty";
import { oneProgram } from "../../core/testing/one-program.ts";

const MODULE = oneProgram(fileURLToPath(new URL("./ask-secret.ts", import.meta.url)));
const PROGRAM = `import { askSecret } from ${JSON.stringify(MODULE)};
try { console.log("got", JSON.stringify(askSecret("Passphrase: ") ?? null)); } catch (error) { console.log(error.message); }`;

/** What a terminal shows when a person types this at the question. */
function shownFor(typed: string): Promise<string> {
  const child: IPty = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
  });
  let shown = "";
  let answered = false;
  return new Promise((resolve) => {
    child.onData((text) => {
      shown += text;
      if (answered || !shown.includes("Passphrase: ")) return;
      answered = true;
      child.write(typed);
    });
    child.onExit(() => resolve(shown));
  });
}

test.each([
  ["is read without being shown", "geheim\r", 'got "geheim"'],
  ["loses whole characters to the backspace key", "paß\u007fs\r", 'got "pas"'],
  ["is nothing when only Enter is pressed", "\r", "got null"],
  ["ends in an error on Ctrl-C", "abc\u0003", "interrupted while a passphrase was asked for."],
])("a passphrase at the terminal %s", async (_, typed, result) => {
  const shown = await shownFor(typed);
  expect(shown.replaceAll("\r\n", "\n")).toBe(`Passphrase: \n${result}\n`);
});
