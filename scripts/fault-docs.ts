import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { listedFaults, modesText } from "../src/cli/run/faults-list.ts";

/** docs/faults.md, made from the tables of faults and their scenarios: `npx tsx scripts/fault-docs.ts`. */
export const FAULT_DOCS_FILE = fileURLToPath(new URL("../docs/faults.md", import.meta.url));

const HEAD = `# Faults that prove the harness

Made from the tables by \`npx tsx scripts/fault-docs.ts\`; do not edit it by hand.

A harness that is green on a broken board is worth nothing. So the twin can be broken on purpose: \`hil faults\` lists the
ways, \`hil run --fault NAME\` switches one on, and the run must fail, by what the board shows: its image list, its boot
log, its silence. Nothing looks into the twin. Each upstream bug below has a scenario that catches it, on a twin with small
slots (\`boards/small/\`); both ship with \`hil\` and are found by name in any folder. The same scenario passes without the
switch (\`src/cli/run/integration/fault-pack.test.ts\`).

What the firmware does that its flash does not allow (a bit that would have to be set again, a word programmed a third
time since its page was erased: the nRF5340 allows two) is counted by the twin's flash, told as a warning, and fails the
run at its end.

A fault that does nothing would leave a run green for the wrong reason. So a fault that cannot act on the board or in the
scenario asked for is refused before the run (exit 2; what each needs stands below), whether \`--fault\` or the profile's
\`twin.faults\` names it. And a run that passes although a planted fault never acted ends INCOMPLETE (exit 3), and names it:
the twin runs its firmware a second time without the fault, on a copy of its flash, and a fault has acted once the two part.
\`--allow-incomplete\` does not change that.
`;

/** The whole page. */
export async function faultDocs(): Promise<string> {
  const faults = listedFaults();
  const upstream = faults.filter((row) => row.upstream);
  const parts = [HEAD, `## Upstream bugs (${upstream.length})\n`];
  for (const { name, modes, needs, versions, what, source, scenario, of } of upstream) {
    const { how, why } = await comments(scenario ?? "");
    parts.push(
      `### ${name}\n`,
      `${what}\n`,
      `In ${of}; ${modesText(modes)}; ${versions}. Source: ${source}.\n`,
      `Needs ${needs.join("; ")}.\n`,
      `${why}\n\n    ${how}\n`,
    );
  }
  parts.push(
    "## Invented faults\n",
    "| name | in | what | modes | needs | a run in which it acts |",
    "| --- | --- | --- | --- | --- | --- |",
  );
  for (const row of faults.filter((entry) => !entry.upstream))
    parts.push(
      `| \`${row.name}\` | ${row.of} | ${row.what} | ${modesText(row.modes)} | ${row.needs.join("; ")} | ${command(row)} |`,
    );
  return `${parts.join("\n").trimEnd()}\n`;
}

function command({ name, scenario, board, client }: ReturnType<typeof listedFaults>[number]): string {
  if (scenario === undefined) return `none; \`hil twin --fault ${name}\`, and ${client}`;
  return `\`hil run ${scenario} --board ${board} --fault ${name}\``;
}

/** The two sentences at the head of a scenario: what it does, and how it is run. */
async function comments(scenario: string): Promise<{ readonly why: string; readonly how: string }> {
  const text = await readFile(fileURLToPath(new URL(`../scenarios/${scenario}.yaml`, import.meta.url)), "utf8");
  const [, why = "", how = ""] = text.split("\n").map((line) => line.replace(/^# /, ""));
  return { why, how };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(FAULT_DOCS_FILE, await faultDocs());
  process.stdout.write(`written  ${FAULT_DOCS_FILE}\n`);
}
