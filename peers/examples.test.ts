import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { writeBuild } from "../src/board/testing/build-folders.ts";
import { ciShell, makeCiProject } from "../src/cli/testing/ci-project.ts";
import { ScratchFolder } from "../src/core/index.ts";
import { bySchema, checked, runsCheckers } from "./ci-checkers.ts";

/** examples/: each file by its service's own rules, and what it runs as far as that goes without the service. */
const ROOT = join(import.meta.dirname, "..");
/** Without them: skipped; `.ci/run install` brings them. */
const withCheckers = runsCheckers ? test : test.skip;
const text = (name: string) => readFileSync(join(ROOT, "examples", name), "utf8");

const scratch = new ScratchFolder("examples");
afterAll(() => scratch[Symbol.dispose]());

interface Workflow {
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly { readonly name?: string; readonly run?: string }[] }>
  >;
}

/** A project whose builds lie there already; npm itself has nothing to do. */
function project(name: string): string {
  const folder = join(scratch.path, name);
  makeCiProject(folder, { npm: "exit 0" });
  mkdirSync(join(folder, "ci"));
  for (const [build, version] of [
    ["old", "1.0.0"],
    ["new", "2.0.0"],
  ] as const) {
    writeFileSync(join(folder, `ci/build-${build}.sh`), "#!/bin/sh\n");
    chmodSync(join(folder, `ci/build-${build}.sh`), 0o755);
    mkdirSync(join(folder, `build-${build}`));
    writeBuild("dk-move", join(folder, `build-${build}`), version);
  }
  return folder;
}

function bash(folder: string, script: string) {
  return ciShell(folder, `set -euo pipefail\n${script}`, { GITHUB_STEP_SUMMARY: join(folder, "summary.md") });
}

/** What of it is run: the rest executes firmware, which the builds of a test have none of. */
const runsHere = (script: string) => !script.includes("boards/emulated.yaml") && !script.includes("lab-07");

describe("examples/github", () => {
  test("pull-request.yml: its steps pass on builds that lie there, and leave the results that are uploaded", () => {
    const { jobs } = parse(text("github/pull-request.yml")) as Workflow;
    const scripts = (jobs["upgrade"]?.steps ?? []).flatMap(({ run }) => (run === undefined ? [] : [run]));
    expect(scripts.filter(runsHere)).toHaveLength(4);
    const folder = project("github");
    for (const script of scripts.filter(runsHere)) {
      // A profile for the emulator wants the firmware's HEX, which is not there either.
      const { status, stderr } = bash(folder, script.replace(/^.*--provider emulated.*$/m, ""));
      expect([script, stderr, status]).toEqual([script, "", 0]);
    }
    expect(existsSync(join(folder, "hil-results/hil.sarif"))).toBe(true);
    expect(readFileSync(join(folder, "hil-results/twin.html"), "utf8")).toContain("<!doctype html>");
    expect(readFileSync(join(folder, "summary.md"), "utf8")).toContain("40 of 40 cuts");
  });

  withCheckers.each(["github/pull-request.yml", "github/night.yml"])("%s is a workflow by GitHub's schema", (name) => {
    const check = bySchema(scratch.path, "vendor.github-workflows");
    expect(check(text(name))).toBe(0);
    expect(check(text(name).replace("runs-on:", "runs_on:"))).toBe(1);
  });
});

describe("examples/gitlab", () => {
  interface Pipeline {
    readonly upgrade: { readonly script: readonly string[] };
  }

  test("gitlab-ci.yml: the job's script passes, and leaves what the job that it extends hands over", () => {
    const folder = project("gitlab");
    const { upgrade } = parse(text("gitlab/gitlab-ci.yml")) as Pipeline;
    const lines = upgrade.script.filter((line) => runsHere(line) && !line.includes("--provider emulated"));
    const { status, stderr } = bash(folder, lines.join("\n"));
    expect([stderr, status]).toEqual(["", 0]);
    const { artifacts } = (parse(readFileSync(join(ROOT, "ci/gitlab.yml"), "utf8")) as Record<string, unknown>)[
      ".hil"
    ] as {
      readonly artifacts: { readonly reports: Readonly<Record<string, string>> };
    };
    for (const path of Object.values(artifacts.reports))
      expect([path, existsSync(join(folder, path))]).toEqual([path, true]);
  });

  withCheckers("gitlab-ci.yml is a pipeline by GitLab's schema", () => {
    const check = bySchema(scratch.path, "vendor.gitlab-ci");
    expect(check(text("gitlab/gitlab-ci.yml"))).toBe(0);
    expect(check(text("gitlab/gitlab-ci.yml").replace("resource_group: lab-07", "resource_group: [1]"))).toBe(1);
  });
});

withCheckers("examples/container/Dockerfile is clean by hadolint", () => {
  const lint = (content: string) => checked(scratch.path, "hadolint", ["--no-color"], content);
  expect(lint(text("container/Dockerfile"))).toEqual({ status: 0, stdout: "" });
  expect(lint(text("container/Dockerfile").replace("WORKDIR /work", "WORKDIR work")).status).toBe(1);
});

test("examples/container: the development container names a Dockerfile that is there, and a profile that ships", () => {
  const { build, containerEnv } = JSON.parse(text("container/devcontainer.json")) as {
    readonly build: { readonly dockerfile: string };
    readonly containerEnv: Readonly<Record<string, string>>;
  };
  expect(text(join("container", build.dockerfile))).toContain("npm install --global");
  expect(existsSync(join(ROOT, "boards", `${containerEnv["HIL_BOARD"]}.yaml`))).toBe(true);
});
