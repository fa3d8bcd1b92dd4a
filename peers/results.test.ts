import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { type loadMailer, sendMail } from "../src/cli/report/mail.ts";
import { reportCommand } from "../src/cli/report/report.ts";
import { secretBytes, signature } from "../src/cli/report/webhook.ts";
import { runCommand } from "../src/cli/run/run.ts";
import { memoryIo } from "../src/cli/testing/memory-io.ts";
import { RealClock } from "../src/core/index.ts";

const ROOT = join(import.meta.dirname, "..");
/** Installed by `.ci/run install`; HIL_PEERS_NPM names another place. */
const READERS = join(process.env["HIL_PEERS_NPM"] ?? join(ROOT, ".cache/peers-npm"), "node_modules");
const required = process.env["HIL_PEERS"] === "required";
const isHere = existsSync(join(READERS, "allure"));
const withReaders = isHere || required ? describe : describe.skip;
const SAID = isHere ? "read by the real programs" : "SKIPPED, needs npm ci --prefix .cache/peers-npm: .ci/run install";

const require = createRequire(pathToFileURL(join(READERS, "x.js")));
const json = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

withReaders(`results, ${SAID}`, () => {
  let cwd = "";
  let runs: readonly string[] = [];

  beforeAll(async () => {
    const io = memoryIo();
    cwd = io.cwd;
    // Two nights of one question: other seeds, other moments; the second is worse.
    await runCommand(["encrypted-upgrade", "--cuts", "3", "--label", "commit=aaa"], io);
    await runCommand(["encrypted-upgrade", "--cuts", "3", "--seed", "7", "--fault", "forget-resume"], io);
    runs = readdirSync(join(cwd, "runs"))
      .filter((name) => existsSync(join(cwd, "runs", name, "run.json")))
      .map((name) => join("runs", name))
      .toSorted((a, b) => (failed(a) === failed(b) ? 0 : failed(a) ? 1 : -1));
  });

  const failed = (run: string) =>
    (json(join(cwd, run, "run.json")) as { result: { outcome: string } }).result.outcome === "fail";

  test("SARIF is valid by the schema of OASIS", async () => {
    await reportCommand([...runs, "--write", "sarif"], memoryIo({ cwd }));
    const schema = require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json") as object;
    const loaded = require("ajv-draft-04") as { default: new (options: object) => { compile(schema: object): Check } };
    // One pattern of the schema has a bracket too many: only without the flag "u" is it a pattern at all.
    const options = { strict: false, validateFormats: false, logger: false, unicodeRegExp: false };
    const check = new loaded.default(options).compile(schema);
    const log = json(join(cwd, "hil.sarif")) as { runs: { results: { level: string }[] }[] };
    expect(log.runs.map(({ results }) => results.length > 0)).toEqual([false, true]);
    expect([check(log), check.errors ?? []]).toEqual([true, []]);
    const [, second] = log.runs;
    if (second?.results[0]) second.results[0].level = "fatal";
    expect(check(log)).toBe(false);
  });

  test("Allure makes a report of them in which a case of two nights is one, with its failure", async () => {
    const nights = runs.map((run, night) => ({ run, folder: `night-${night}` }));
    for (const { run, folder } of nights) await reportCommand([run, "--write", `allure=${folder}`], memoryIo({ cwd }));
    writeFileSync(join(cwd, "allurerc.mjs"), 'export default { name: "hil", historyPath: "./history.jsonl" };\n');
    for (const { folder } of nights) {
      execFileSync(process.execPath, [join(READERS, "allure/cli.js"), "generate", folder, "-o", `${folder}-report`], {
        cwd,
        stdio: "pipe",
      });
    }
    const told = nights.map(({ folder }) => json(join(cwd, `${folder}-report`, "summary.json")) as Summary);
    const results = nights.map(
      ({ folder }) => readdirSync(join(cwd, folder)).filter((name) => name.endsWith("-result.json")).length,
    );
    expect(told.map(({ stats }) => stats.total)).toEqual(results);
    expect(told.map(({ stats }) => [stats.failed ?? 0, stats.broken ?? 0])).toEqual([
      [0, 0],
      [expect.any(Number), 0],
    ]);
    expect(told[1]?.stats.failed).toBeGreaterThan(0);
    // What is in both nights has the same id in both.
    const ids = readFileSync(join(cwd, "history.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => Object.keys((JSON.parse(line) as { testResults: object }).testResults));
    expect(ids).toHaveLength(2);
    expect(ids[1]?.filter((id) => ids[0]?.includes(id)).length).toBeGreaterThan(0);
  });

  test("a receiver that checks Standard Webhooks takes our signature, and not that of another body", () => {
    const { Webhook } = require("standardwebhooks") as {
      Webhook: new (secret: string) => { verify(body: string, headers: object): unknown };
    };
    const secret = `whsec_${Buffer.from("twenty-four bytes or more").toString("base64")}`;
    const [id, timestamp, body] = ["msg_1", String(Math.floor(Date.now() / 1000)), '{"type":"hil.newly-red"}'];
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": signature(secretBytes(secret) ?? Buffer.of(), id, timestamp, body),
    };
    expect(new Webhook(secret).verify(body, headers)).toEqual({ type: "hil.newly-red" });
    expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow();
  });

  test("actionlint and GitHub's own parser find nothing in the workflow of docs/ci.md and in action.yml", async () => {
    const page = readFileSync(join(ROOT, "docs/ci.md"), "utf8");
    const workflow = /```yaml\n(name: night\n.*?)```/s.exec(page)?.[1] ?? "";
    const linter = (await import(pathToFileURL(join(READERS, "actionlint/node.mjs")).href)) as {
      createLinter(): Promise<(input: string, path: string) => readonly { readonly message: string }[]>;
    };
    const lint = await linter.createLinter();
    // A lab names its runners as it likes; actionlint would read their names from a file of the repository.
    const known = /^label "lab" is unknown/;
    expect(lint(workflow, ".github/workflows/night.yml").filter(({ message }) => !known.test(message))).toEqual([]);
    expect(lint(workflow.replace("runs-on", "runs_on"), ".github/workflows/night.yml").length).toBeGreaterThan(0);
    const parser = (await import(
      pathToFileURL(join(READERS, "@actions/workflow-parser/dist/index.js")).href
    )) as Parser;
    const trace = { error: () => {}, info: () => {}, verbose: () => {} };
    const errorsOf = (name: string, content: string) =>
      parser
        .parseWorkflow({ name, content }, trace)
        .context.errors.getErrors()
        .map(({ message }) => message);
    expect(errorsOf("night.yml", workflow)).toEqual([]);
    expect(errorsOf("night.yml", workflow.replace("runs-on", "runs_on"))).not.toEqual([]);
    const actions = (await import(
      pathToFileURL(join(READERS, "@actions/workflow-parser/dist/actions/index.js")).href
    )) as Parser;
    const actionErrors = (content: string) =>
      actions
        .parseAction({ name: "action.yml", content }, trace)
        .context.errors.getErrors()
        .map(({ message }) => message);
    const action = readFileSync(join(ROOT, "action.yml"), "utf8");
    expect(actionErrors(action)).toEqual([]);
    expect(actionErrors(action.replace("using: composite", "using: composed"))).not.toEqual([]);
  });

  test("gitlab-ci-local runs the job of ci/gitlab.yml as GitLab would, and its reports are there", () => {
    const folder = mkdtempSync(join(tmpdir(), "hil-gitlab-"));
    const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, stdio: "pipe" });
    git("init", "-q", "-b", "main");
    git("config", "user.email", "a@example.com");
    git("config", "user.name", "a");
    git("remote", "add", "origin", "git@gitlab.example.com:a/b.git");
    mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
    symlinkSync(join(ROOT, "bin/hil.js"), join(folder, "node_modules/.bin/hil"));
    // Only jobs in containers get a copy of the folder; the job here runs in it.
    writeFileSync(join(folder, "node_modules/.bin/rsync"), "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(join(folder, "package.json"), "{}");
    writeFileSync(join(folder, ".gitignore"), "node_modules\n");
    writeFileSync(
      join(folder, "hil.yml"),
      readFileSync(join(ROOT, "ci/gitlab.yml"), "utf8").replace("  image: node:22\n", ""),
    );
    const job = { extends: ".hil", before_script: [], variables: { HIL_OPTIONS: "--cuts 2" } };
    writeFileSync(join(folder, ".gitlab-ci.yml"), JSON.stringify({ include: [{ local: "hil.yml" }], night: job }));
    git("add", "-A");
    git("commit", "-qm", "a");
    const args = [join(READERS, "gitlab-ci-local/src/index.js"), "--shell-isolation=false", "--no-color", "night"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, PATH: `${join(folder, "node_modules/.bin")}:${process.env["PATH"] ?? ""}` },
    });
    expect([status, status === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
    const { artifacts } = (
      parse(readFileSync(join(ROOT, "ci/gitlab.yml"), "utf8")) as {
        ".hil": { artifacts: { reports: Record<string, string> } };
      }
    )[".hil"];
    for (const name of Object.values(artifacts.reports))
      expect([name, existsSync(join(folder, name))]).toEqual([name, true]);
  });

  describe("a mail", () => {
    const got: { readonly from: string; readonly to: readonly string[]; readonly text: string }[] = [];
    let users: string[] = [];
    let server: {
      listen(port: number, host: string, then: () => void): void;
      close(then: () => void): void;
      server: { address(): unknown };
    };
    let port = 0;

    beforeAll(async () => {
      const { SMTPServer } = require("smtp-server") as { SMTPServer: new (options: object) => typeof server };
      server = new SMTPServer({
        authOptional: true,
        disabledCommands: ["STARTTLS"],
        allowInsecureAuth: true,
        onAuth: (auth: { username: string }, _: unknown, done: (error: Error | null, answer?: object) => void) => {
          users.push(auth.username);
          done(null, { user: auth.username });
        },
        onData: (
          stream: NodeJS.ReadableStream,
          session: { envelope: { mailFrom: { address: string }; rcptTo: { address: string }[] } },
          done: () => void,
        ) => {
          let text = "";
          stream.on("data", (piece) => (text += String(piece)));
          stream.on("end", () => {
            got.push({
              from: session.envelope.mailFrom.address,
              to: session.envelope.rcptTo.map(({ address }) => address),
              text,
            });
            done();
          });
        },
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      port = (server.server.address() as AddressInfo).port;
    });
    afterAll(() => new Promise<void>((resolve) => server.close(resolve)));

    const mailer = async () => require("nodemailer") as Awaited<ReturnType<typeof loadMailer>>;
    const mail = {
      from: "hil@lab.example",
      to: ["a@example.com", "b@example.com"],
      subject: "newly red\r\nBcc: c@example.com",
      text: "bricked",
    };

    test("reaches a mail server with all its receivers, and its subject adds none", async () => {
      const url = new URL(`smtp://127.0.0.1:${port}`);
      await sendMail(await mailer(), url, mail, new RealClock(), new AbortController().signal);
      expect(got).toHaveLength(1);
      expect(got[0]).toMatchObject({ from: "hil@lab.example", to: ["a@example.com", "b@example.com"] });
      expect(got[0]?.text).not.toMatch(/^Bcc:/im);
      expect(got[0]?.text).toContain("bricked");
    });

    test("gives its password to no server that does not encrypt, and says it nowhere", async () => {
      users = [];
      const url = new URL(`smtp://lab:5ecret@127.0.0.1:${port}`);
      const sent = sendMail(await mailer(), url, mail, new RealClock(), new AbortController().signal);
      const error = await sent.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ kind: "bench" });
      expect(String(error)).not.toContain("5ecret");
      expect(users).toEqual([]);
    });
  });
});

interface Check {
  (value: unknown): boolean;
  readonly errors?: unknown;
}

interface Summary {
  readonly stats: { readonly total: number; readonly failed?: number; readonly broken?: number };
}

interface Parser {
  parseWorkflow(file: object, trace: object): Parsed;
  parseAction(file: object, trace: object): Parsed;
}

interface Parsed {
  readonly context: { readonly errors: { getErrors(): readonly { readonly message: string }[] } };
}
