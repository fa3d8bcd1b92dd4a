import { expect, test } from "@jest/globals";
import { labelsOf } from "./labels.ts";

test.each([
  ["GitHub", { GITHUB_SHA: "4f2a", GITHUB_REF_NAME: "main" }, { commit: "4f2a", branch: "main" }],
  [
    "GitHub's build",
    { GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "a/b", GITHUB_RUN_ID: "7" },
    { build: "https://github.com/a/b/actions/runs/7" },
  ],
  ["GitLab", { CI_COMMIT_SHA: "4f2a", CI_PIPELINE_URL: "https://x/7" }, { commit: "4f2a", build: "https://x/7" }],
  [
    "Jenkins",
    { GIT_COMMIT: "4f2a", GIT_BRANCH: "", BUILD_URL: "https://j/7" },
    { commit: "4f2a", build: "https://j/7" },
  ],
  [
    "a build whose address holds a login",
    { BUILD_URL: "https://me:pass@j/7", GITHUB_SERVER_URL: "https://me:pass@g" },
    { build: "https://j/7" },
  ],
  ["a desk", { HOME: "/root" }, {}],
])("labels by the variables of %s", (_, env, labels) => {
  expect(labelsOf([], env)).toEqual(labels);
});

test("a label that is given wins", () => {
  expect(labelsOf(["commit=dead", "shift=night=2"], { GIT_COMMIT: "4f2a" })).toEqual({
    commit: "dead",
    shift: "night=2",
  });
});

test("an address that is given as a label keeps no login", () => {
  expect(labelsOf(["log=see ftp://me:pass@h/x"], {})).toEqual({ log: "see ftp://h/x" });
});

test.each(["commit", "=x", "commit=", "a b=c", "../x=1", `x=${"y".repeat(201)}`])("%j is no label", (text) => {
  expect(() => labelsOf([text], {})).toThrow(/NAME=VALUE/);
});
