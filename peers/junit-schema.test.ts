import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { runCommand } from "../src/cli/run/run.ts";
import { memoryIo } from "../src/cli/testing/memory-io.ts";

const VENV = process.env["HIL_PEERS_VENV"] ?? join(import.meta.dirname, "../.cache/peers");
const VALIDATOR = join(VENV, "bin/xmlschema-validate");
/** Of Jenkins' xUnit plugin, as pytest's tests carry it. */
const SCHEMA = join(VENV, "junit-10.xsd");
const isHere = existsSync(VALIDATOR) && existsSync(SCHEMA);
const SAID = isHere
  ? "by the schema of Jenkins' xUnit plugin"
  : "SKIPPED, needs xmlschema and its schema: .ci/run install";

(isHere ? describe : describe.skip)(`JUnit files, ${SAID}`, () => {
  let cwd = "";

  beforeAll(async () => {
    const io = memoryIo();
    cwd = io.cwd;
    await runCommand(["encrypted-upgrade", "--cuts", "3", "--junit", "passed.xml"], io);
    await runCommand(["encrypted-upgrade", "--cuts", "3", "--fault", "forget-resume", "--junit", "failed.xml"], io);
  });

  afterAll(() => rmSync(cwd, { recursive: true, force: true }));

  function isValid(xml: string): boolean {
    const file = join(cwd, "asked.xml");
    writeFileSync(file, xml);
    const { status, stdout, stderr } = spawnSync(VALIDATOR, ["--schema", SCHEMA, file], { encoding: "utf8" });
    if (!/is valid|is not valid/.test(stdout + stderr)) throw new Error(`the validator said: ${stdout}${stderr}`);
    return status === 0;
  }

  /** Without the two things that the schema does not have, and readers pass over or want. */
  const withinSchema = (xml: string) =>
    xml
      .replaceAll(/(<testcase [^>]*>\s*)<properties>[^]*?<\/properties>/g, "$1")
      .replace(/(<testsuites [^>]*) skipped="\d+"/, "$1");

  test.each(["passed.xml", "failed.xml"])(
    "%s is valid but for properties of a case and the sum of skipped ones",
    (name) => {
      const xml = readFileSync(join(cwd, name), "utf8");
      expect(withinSchema(xml)).not.toBe(xml);
      expect(isValid(withinSchema(xml))).toBe(true);
      expect(isValid(withinSchema(xml).replace(/<testcase classname/, "<testcase class"))).toBe(false);
    },
  );
});
