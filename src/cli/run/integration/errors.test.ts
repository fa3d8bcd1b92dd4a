import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { RealClock } from "../../../core/index.ts";
import { openPty } from "../../../serial/index.ts";
import { command } from "../../testing/command.ts";
import { LAB_PROFILE } from "../../testing/process.ts";
import { runCommand } from "../run.ts";

const lab = (files: Readonly<Record<string, string>>) => {
  const folder = mkdtempSync(join(tmpdir(), "hil-errors-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
};

const run = (folder: string, ...args: string[]) => command(runCommand, args, folder);

function pem(curve: string): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: curve });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

const OTHER_TYPE =
  /lab\.yaml, line \d+: keys\.encryption cannot be used: Signing and encryption must use the same type of key/;

describe("what is wrong with the request ends with exit code 2 before anything moves", () => {
  const cases = [
    {
      what: "a profile that is no YAML",
      files: { "lab.yaml": "schema: 1\nname: [oops\n" },
      says: /lab\.yaml, line [23]/,
    },
    {
      what: "a mistyped field, with its line and the nearest right name",
      files: { "lab.yaml": LAB_PROFILE.replace("baud_rate", "baudrate") },
      says: /lab\.yaml, line 5: ports\.app\.baudrate.*Did you mean "?baud_rate/is,
    },
    {
      what: "a key file that is not there",
      files: { "lab.yaml": LAB_PROFILE.replace("builtin:twin-sign-p256.pem", "mine.pem") },
      says: /keys\.signing names .*mine\.pem, which is not there/,
    },
    {
      what: "a key file that holds no key",
      files: { "lab.yaml": LAB_PROFILE.replace("builtin:twin-sign-p256.pem", "mine.pem"), "mine.pem": "hello" },
      says: /mine\.pem is not a PEM file\./,
    },
    {
      what: "an encryption key that does not go with the one that signs",
      files: { "lab.yaml": LAB_PROFILE.replace("builtin:twin-enc-p256.pem", "mine.pem"), "mine.pem": pem("P-384") },
      says: OTHER_TYPE,
    },
  ] as const;

  for (const { what, files, says } of cases) {
    test(what, async () => {
      const folder = lab(files);
      const { code, error } = await run(folder, "--board", "lab.yaml");
      expect(error).toMatch(says);
      expect(error).not.toContain("PRIVATE KEY");
      expect(code).toBe(2);
      expect(existsSync(join(folder, "runs"))).toBe(false);
    });
  }

  test("a scenario whose payload is not there names file, line and field", async () => {
    const text = `schema: 1
name: mine
images:
  old: { version: "1.0.0", payload: { generate_bytes: 5000 } }
  new: { version: "2.0.0", payload: { file: build/app.bin } }
`;
    const folder = lab({ "mine.yaml": text });
    const { code, error } = await run(folder, "mine.yaml");
    expect(error).toMatch(/mine\.yaml, line 5: images\.new\.payload\.file/);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "runs"))).toBe(false);
  });

  test("an unencrypted scenario on a profile that demands encryption uploads nothing", async () => {
    const text = `schema: 1
name: plain
images:
  old: { version: "1.0.0", payload: { generate_bytes: 5000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 5000 } }
  encrypt: false
`;
    const folder = lab({ "plain.yaml": text });
    const strict = join(process.cwd(), "hil-tests/boards/twin-encrypted-only.yaml");
    const { code, error } = await run(folder, "plain.yaml", "--board", strict);
    expect(error).toContain("the images are not encrypted");
    expect(existsSync(join(folder, "runs"))).toBe(false);
    expect(code).toBe(2);
  });

  test("a dry run shows the plan, makes no record and touches no board", async () => {
    const folder = lab({});
    const { code, out } = await run(folder, "--dry-run");
    expect(out).toMatch(/swap +926 flash operations/);
    expect(code).toBe(0);
    expect(existsSync(join(folder, "runs"))).toBe(false);
  });
});

describe("what is wrong with the bench ends with exit code 3", () => {
  test("a port that is not there", async () => {
    const folder = lab({ "lab.yaml": LAB_PROFILE });
    const { code, error } = await run(folder, "--board", "lab.yaml");
    expect(error).toMatch(/no port .*relay/);
    expect(code).toBe(3);
    expect(readdirSync(join(folder, "runs"))).toHaveLength(1);
  });

  test("a board that never answers, before the first cut", async () => {
    const clock = new RealClock();
    const app = await openPty({ clock });
    const relay = await openPty({ clock });
    await using _app = app.link;
    await using _relay = relay.link;
    const text = LAB_PROFILE.replace("./dev/uart", app.path)
      .replace("./dev/relay", relay.path)
      .replace(/timeouts_ms:.*/, "timeouts_ms: { boot: 700, swap: 300, smp: 500 }");
    const { code, error } = await run(lab({ "lab.yaml": text }), "--board", "lab.yaml");
    expect(error).toMatch(/does not answer on .*: waited 1000 ms/);
    expect(error).toContain("Check port, baud rate and power");
    expect(code).toBe(3);
  });
});
