import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { loadProfile } from "../../../board/index.ts";
import { generateKey, loadPrivateKey } from "../../../image/index.ts";
import { mainIn } from "../../main.ts";
import { type MemoryIo, memoryIo } from "../../testing/memory-io.ts";

/** A text of its own in each place that may hold a secret. */
const CANARY = (place: string) => `canary${Buffer.from(place).toString("hex")}`;

/** Places outside of files: variables of the environment that hil reads, and some that it does not. */
const ENV = {
  PLUG_PASSWORD: CANARY("password_env"),
  PLUG_TOKEN: CANARY("headers_env"),
  HIL_KEY_PASSPHRASE: CANARY("passphrase"),
  HIL_WEBHOOK_SECRET: CANARY("webhook"),
  HIL_SMTP_URL: `smtp://me:${CANARY("smtp")}@mail.invalid`,
  BUILD_URL: `https://me:${CANARY("build")}@ci.invalid/7`,
  GITHUB_TOKEN: CANARY("github"),
};

/** A switch with a secret in every field that takes one; nobody answers on port 1. */
const SWITCHED = `schema: 1
name: lab
provider: hardware
ports: { app: { path: ./no-such-port } }
power:
  driver: http
  cuts: soc
  timeout_ms: 100
  auth: { type: basic, user: me, password_env: PLUG_PASSWORD }
  on: { method: POST, url: "http://me:${CANARY("url")}@127.0.0.1:1/on?key=${CANARY("query")}", body: "pin=${CANARY("body")}" }
  off:
    method: GET
    url: "http://127.0.0.1:1/${CANARY("path")}/off"
    headers: { X-Key: "${CANARY("header")}" }
    headers_env: { Authorization: PLUG_TOKEN }
slots: { primary: { offset: 0x10000, bytes: 0x10000 }, secondary: { offset: 0x20000, bytes: 0x10000 } }
keys: { signing: sign.pem, encryption: enc.pem }
images: { encryption: optional }
`;
const PROGRAM = SWITCHED.replace(
  /power:[^]*?slots:/,
  `power: { driver: command, cuts: soc, on: [./no-such-program, --token, ${CANARY("argv")}], off: [./no-such-program, --token, ${CANARY("argv")}] }\nslots:`,
);

/** Each key as a file has it, and its private number, which is what must not get out in any form. */
const keys = ["sign.pem", "enc.pem"].map((name) => {
  const pem = generateKey("ecdsa-p256");
  const d = Buffer.from(loadPrivateKey(pem).keyObject.export({ format: "jwk" }).d ?? "", "base64url");
  return {
    name,
    pem,
    secrets: [pem.split("\n")[1] ?? "", d.toString("hex"), d.toString("base64"), d.toString("latin1")],
  };
});

let world: MemoryIo;

beforeAll(async () => {
  world = memoryIo({ env: ENV });
  for (const { name, pem } of keys) writeFileSync(join(world.cwd, name), pem);
  const { text } = await loadProfile("twin", { cwd: "/" });
  const own = text
    .replace("builtin:twin-sign-p256.pem", "sign.pem")
    .replace("builtin:twin-enc-p256.pem", "enc.pem")
    .replace(/^# yaml-language-server.*\n/, "");
  writeFileSync(join(world.cwd, "twin.yaml"), own);
  writeFileSync(join(world.cwd, "http.yaml"), SWITCHED);
  writeFileSync(join(world.cwd, "program.yaml"), PROGRAM);
});

/** Everything that commands made: what was printed, and each file but those that were there before. */
function made(io: MemoryIo): string {
  const own = ["sign.pem", "enc.pem", "twin.yaml", "http.yaml", "program.yaml"];
  const files = readdirSync(io.cwd, { recursive: true, encoding: "utf8" }).filter((name) => !own.includes(name));
  const texts = files
    .filter((name) => statSync(join(io.cwd, name)).isFile())
    .map((name) => readFileSync(join(io.cwd, name), "latin1"));
  return [io.printed(), io.complained(), ...files, ...texts].join("\n");
}

function expectNoSecret(text: string): void {
  expect([...text.matchAll(/canary([0-9a-f]+)/g)].map(([, hex = ""]) => Buffer.from(hex, "hex").toString())).toEqual(
    [],
  );
  for (const { name, secrets } of keys)
    for (const secret of secrets) expect([name, text.includes(secret)]).toEqual([name, false]);
}

describe("no secret is in what hil prints or writes", () => {
  test("of a run that passes, its record, page, history and results", async () => {
    const run = ["run", "encrypted-upgrade", "--board", "twin.yaml", "--cuts", "1", "--trace", "--junit", "junit.xml"];
    expect(await mainIn(world, [...run, "--report", "page.html"])).toBe(0);
    const [id = ""] = readdirSync(join(world.cwd, "runs")).filter((name) => !name.includes("."));
    for (const argv of [
      ["runs", "list"],
      ["runs", "show", id],
      ["runs", "trend", "--json"],
      ["report", `runs/${id}`, "--json"],
    ])
      expect([argv, await mainIn(world, argv)]).toEqual([argv, 0]);
    expect(made(world).length).toBeGreaterThan(100_000);
    expectNoSecret(made(world));
  });

  test.each([
    ["run", "--board", "http.yaml"],
    ["run", "--board", "http.yaml", "--dry-run"],
    ["run", "--board", "program.yaml"],
    ["run", "--board", "program.yaml", "--dry-run"],
    ["board", "power", "--board", "http.yaml", "on"],
    ["board", "power", "--board", "http.yaml", "off", "--debug"],
    ["board", "power", "--board", "program.yaml", "off", "--debug"],
    ["board", "check", "--board", "http.yaml"],
    ["board", "list", "--boards", "."],
    ["init", "--yes", "--from-labgrid", "http.yaml"],
    ["smp", "--port", `tcp:me:${CANARY("port")}@127.0.0.1:1`, "echo", "x"],
    ["smp", "--port", `rfc2217://me:${CANARY("rfc2217")}@127.0.0.1:1`, "echo", "x"],
  ])("of hil %s %s %s %s %s", async (...argv) => {
    const io = memoryIo({ env: { ...ENV, HIL_LOCKS: join(world.cwd, "locks") }, cwd: world.cwd });
    await mainIn(
      io,
      argv.filter((word) => word !== undefined),
    );
    expect(io.printed() + io.complained()).not.toBe("");
    expectNoSecret(made(io));
  });
});
