import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { bySchema, checked, hasCheckers, runsCheckers } from "./ci-checkers.ts";

const ROOT = join(import.meta.dirname, "..");
const withCheckers = runsCheckers ? describe : describe.skip;
const SAID = hasCheckers ? "by their servers' own rules" : "SKIPPED, needs .ci/peers.txt: .ci/run install";

withCheckers(`files for CI servers, ${SAID}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "hil-ci-schemas-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const text = (name: string) => readFileSync(join(ROOT, name), "utf8");

  test("ci/gitlab.yml is a job by GitLab's own schema of its CI files", () => {
    const check = bySchema(folder, "vendor.gitlab-ci");
    // A name with a dot hides a job, from the schema as well: it is looked at under the name of one that extends it.
    const job = text("ci/gitlab.yml").replace(/^\.hil:/m, "night:");
    expect(check(job)).toBe(0);
    expect(check(job.replace("when: always", "when: sometimes"))).toBe(1);
    expect(check(job.replace("exit_codes: 3", "exit_codes: none"))).toBe(1);
  });

  test("action.yml is an action by the schema of GitHub's", () => {
    const check = bySchema(folder, "vendor.github-actions");
    expect(check(text("action.yml"))).toBe(0);
    expect(check(text("action.yml").replace("using: composite", "using: composed"))).toBe(1);
  });

  test("ci/Jenkinsfile is Groovy, by a parser of Groovy 3", () => {
    const parses =
      "import sys; from groovy_parser.parser import parse_groovy_content as p; p(open(sys.argv[1]).read())";
    const check = (content: string) => checked(folder, "python", ["-c", parses], content).status;
    const file = text("ci/Jenkinsfile");
    expect(check(file)).toBe(0);
    expect(check(file.replace("if (code == 3) {", "if (code == 3 {"))).not.toBe(0);
  });
});
