import { UsageError } from "../../core/index.ts";

/** What CI servers say of a build, by the names of their variables. */
const FROM_CI: readonly { readonly label: string; readonly variables: readonly string[]; readonly source: string }[] = [
  {
    label: "commit",
    variables: ["GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILDKITE_COMMIT"],
    source: "GitHub, GitLab, Jenkins (git plugin), Buildkite: predefined variables",
  },
  {
    label: "branch",
    variables: ["GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "GIT_BRANCH", "BUILDKITE_BRANCH"],
    source: "the same",
  },
  {
    label: "build",
    variables: ["CI_PIPELINE_URL", "BUILD_URL", "BUILDKITE_BUILD_URL"],
    source: "GitLab, Jenkins, Buildkite; GitHub has no variable for it",
  },
];

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$/;
const VALUE_CHARS_MAX = 200;

/**
 * Labels of a run: what the CI server's variables say, and what `--label NAME=VALUE` says, which wins. They go into
 * host.json: they decide nothing.
 * @throws UsageError for a label that is none.
 */
export function labelsOf(
  given: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const labels = new Map<string, string>();
  for (const { label, variables } of FROM_CI) {
    const value = variables.map((name) => env[name]).find((text) => text !== undefined && text !== "");
    if (value !== undefined) labels.set(label, withoutLogin(value).slice(0, VALUE_CHARS_MAX));
  }
  const [server, repository, run] = ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(
    (name) => env[name],
  );
  if (server && repository && run) labels.set("build", `${withoutLogin(server)}/${repository}/actions/runs/${run}`);
  for (const text of given) {
    const at = text.indexOf("=");
    const [name, value] = [text.slice(0, at), text.slice(at + 1)];
    if (at < 1 || !NAME.test(name) || value === "" || value.length > VALUE_CHARS_MAX) {
      const hint = "A name has letters, digits, '.', '_' and '-'; a value is not empty and has at most 200 characters.";
      throw new UsageError(`--label wants NAME=VALUE, not "${text.slice(0, 80)}".`, hint);
    }
    labels.set(name, withoutLogin(value));
  }
  return Object.fromEntries(labels);
}

/** An address of a build may hold who reads it, and with what password; a record goes to others. */
function withoutLogin(text: string): string {
  return text.replaceAll(/(\w:\/\/)[^/@\s]*@/g, "$1");
}
