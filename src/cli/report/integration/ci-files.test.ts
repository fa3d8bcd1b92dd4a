import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { ciShell, makeCiProject } from "../../testing/ci-project.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const read = (name: string) => readFileSync(join(ROOT, name), "utf8");

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: {
    readonly steps: readonly {
      readonly shell: string;
      readonly env: Readonly<Record<string, string>>;
      readonly run: string;
    }[];
  };
}

interface GitlabJob {
  readonly variables: Readonly<Record<string, string>>;
  readonly script: readonly string[];
  readonly artifacts: { readonly reports: Readonly<Record<string, string>> };
}

/** A project that has hil among its packages. */
function project(): string {
  const folder = mkdtempSync(join(tmpdir(), "hil-ci-"));
  makeCiProject(folder);
  return folder;
}

describe("action.yml", () => {
  const { inputs, runs } = parse(read("action.yml")) as Action;
  const [step] = runs.steps;

  const ran = (given: Readonly<Record<string, string>>) => {
    const folder = project();
    const env = Object.entries(step?.env ?? {}).map(([name, value]) => {
      const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)?.[1];
      return [name, input === undefined ? ROOT : (given[input] ?? inputs[input]?.default ?? "")] as const;
    });
    const files = { GITHUB_OUTPUT: join(folder, "output"), GITHUB_STEP_SUMMARY: join(folder, "summary.md") };
    const { status, stdout, stderr } = ciShell(folder, step?.run ?? "", { ...Object.fromEntries(env), ...files });
    const text = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");
    return {
      folder,
      status,
      stdout,
      stderr,
      output: text(files.GITHUB_OUTPUT),
      summary: text(files.GITHUB_STEP_SUMMARY),
    };
  };

  test("runs, with its options one a line, and leaves every result that it names", () => {
    const { folder, status, output, summary, stderr } = ran({ options: "--cuts=2\n\n--seed\n3\n" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(output).toBe("exit-code=0\nreport=hil-results/report.html\n");
    expect(summary).toContain("## ✅ encrypted-upgrade on twin");
    expect(summary).toContain("seed: 3");
    for (const name of ["report.html", "junit.xml", "hil.sarif", "allure-results/environment.properties", "runs"]) {
      expect([name, existsSync(join(folder, "hil-results", name))]).toEqual([name, true]);
    }
  });

  test("fails with the exit code of a run that failed, and says so in its output and annotations", () => {
    const { status, output, stdout } = ran({ options: "--cuts=2\n--fault=forget-resume" });
    expect(status).toBe(1);
    expect(output).toContain("exit-code=1\n");
    expect(stdout).toMatch(/^::error title=encrypted-upgrade on twin%3A no boot::/m);
  });

  test("reads nothing of an input as shell", () => {
    const { folder, status, output } = ran({ scenario: "$(touch owned)`touch owned`", board: '"; touch owned; "' });
    expect(status).toBe(2);
    expect(output).toContain("exit-code=2");
    expect(existsSync(join(folder, "owned"))).toBe(false);
  });

  test("names no input in its shell lines, where its value would be read as shell", () => {
    expect(step?.run).not.toContain("${{");
    expect(step?.shell).toBe("bash");
  });
});

test("ci/gitlab.yml runs its script, and every report that it names is there", () => {
  const job = (parse(read("ci/gitlab.yml")) as { readonly ".hil": GitlabJob })[".hil"];
  const folder = project();
  const env = { ...job.variables, HIL_OPTIONS: "--cuts 2 --seed 3" };
  const { status, stderr } = ciShell(folder, `set -e\n${job.script.join("\n")}`, env);
  expect([status, stderr]).toEqual([0, ""]);
  for (const name of [...Object.values(job.artifacts.reports), "hil-results/summary.md"]) {
    expect([name, existsSync(join(folder, name))]).toEqual([name, true]);
  }
});

test("ci/Jenkinsfile runs its shell lines, and the files that it publishes are there", () => {
  const text = read("ci/Jenkinsfile");
  const script = /script: '''(.*?)'''/s.exec(text)?.[1]?.replaceAll("\\\\", "\\") ?? "exit 99";
  const defaults = [...text.matchAll(/string\(name: '(\w+)', defaultValue: '([^']*)'/g)].map(
    ([, name = "", value = ""]) => [name, value],
  );
  const folder = project();
  const env = { ...(Object.fromEntries(defaults) as Record<string, string>), HIL_OPTIONS: "--cuts 2" };
  const { status, stderr } = ciShell(folder, script, env);
  expect([status, stderr]).toEqual([0, ""]);
  const published = /junit testResults: '([^']+)'/.exec(text)?.[1] ?? "";
  expect(readFileSync(join(folder, published), "utf8")).toContain('<testsuite name="encrypted-upgrade on twin"');
  const count = (mark: string) => text.split(mark).length;
  expect([count("{"), count("(")]).toEqual([count("}"), count(")")]);
});

test("the shell lines of all three are free of what bash itself calls wrong", () => {
  const { runs } = parse(read("action.yml")) as Action;
  for (const { run } of runs.steps) execFileSync("bash", ["-n", "-c", run]);
});
