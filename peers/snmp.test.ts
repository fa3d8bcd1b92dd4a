import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { RealClock } from "../src/core/index.ts";
import { snmpPdu } from "../src/power/index.ts";
import { PYTHON } from "./smp-tools.ts";

/**
 * The driver snmp-pdu beside an agent of another make, pysnmp's (peers/snmp_agent.py): the unit tests' agent of SNMP 3
 * is net-snmp's own, which would make the same mistakes as its manager. Without pysnmp the suite is skipped, aloud.
 */
const isThere = spawnSync(PYTHON, ["-c", "import pysnmp, cryptography"]).status === 0;
const isRequired = process.env["CI"] === "true" || process.env["HIL_PEERS"] === "required";
const SAID = isThere ? "pysnmp" : "SKIPPED, needs pysnmp: install .ci/peers.txt into HIL_PEERS_VENV: pysnmp";

test("pysnmp is there when peers are required", () => {
  expect(isThere || !isRequired).toBe(true);
});

type Options = Parameters<typeof snmpPdu.open>[0];
type Auth = NonNullable<NonNullable<Options["user"]>["auth"]>["protocol"];
type Priv = NonNullable<NonNullable<Options["user"]>["priv"]>["protocol"];

const ENV = { AUTH: "maplesyrup", PRIV: "waffles & butter", COMMUNITY: "bench community" };
let agent: ChildProcess;
let lines: AsyncIterator<string>;
let udp_port = 0;

beforeAll(async () => {
  if (!isThere) return;
  const child = spawn(PYTHON, ["peers/snmp_agent.py"], { stdio: ["ignore", "pipe", "inherit"] });
  agent = child;
  lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  udp_port = Number((await lines.next()).value);
});
afterAll(() => void agent?.kill());

const optionsOf = (login: Partial<Options>): Options => ({
  ...{ host: "127.0.0.1", udp_port, model: "apc-masterswitch", outlet: 2, cuts: "board" },
  ...login,
});

/** Switches outlet 2 on, off and on; what the agent was set to, and what it says at last. */
async function switched(login: Partial<Options>) {
  const links = { open: () => Promise.reject(new Error("no port is needed")) };
  await using power = await snmpPdu.open(optionsOf(login), { links, clock: new RealClock(), env: ENV });
  const set: number[] = [];
  for (const state of ["on", "off", "on"] as const) {
    await power.set(state);
    set.push(Number((await lines.next()).value));
  }
  return { set, said: await power.read?.() };
}

const userOf = (auth: Auth | undefined, priv: Priv | undefined): Partial<Options> => ({
  version: "3",
  user: {
    name: `${auth ?? "none"}-${priv ?? "none"}`,
    ...(auth && { auth: { protocol: auth, passphrase_env: "AUTH" } }),
    ...(priv && { priv: { protocol: priv, passphrase_env: "PRIV" } }),
  },
});

const LOGINS: readonly (readonly [auth: Auth | undefined, priv: Priv | undefined])[] = [
  [undefined, undefined],
  ...(["md5", "sha", "sha224", "sha256", "sha384", "sha512"] as const).map((auth) => [auth, undefined] as const),
  ["sha", "aes"],
  ["sha256", "aes"],
  ["sha256", "aes256b"],
  ["sha512", "aes256r"],
];

(isThere ? describe : describe.skip)(`snmp-pdu beside an agent of ${SAID}`, () => {
  test.each(LOGINS)("version 3, auth %s, priv %s", async (auth, priv) => {
    expect(await switched(userOf(auth, priv))).toEqual({ set: [1, 2, 1], said: "on" });
  });

  test("version 3, priv des, where Node was told to load OpenSSL's legacy ciphers", async () => {
    const script = `
      import { RealClock } from "./src/core/index.ts";
      import { snmpPdu } from "./src/power/index.ts";
      const bench = { links: {}, clock: new RealClock(), env: ${JSON.stringify(ENV)} };
      const power = await snmpPdu.open(${JSON.stringify(optionsOf(userOf("sha", "des")))}, bench);
      await power.set("off");
      process.stdout.write(await power.read());
      await power[Symbol.asyncDispose]();
    `;
    const argv = ["--openssl-legacy-provider", "--import", "tsx", "--input-type=module", "--eval", script];
    expect(spawnSync(process.execPath, argv, { encoding: "utf8" })).toMatchObject({ status: 0, stdout: "off" });
    expect(Number((await lines.next()).value)).toBe(2);
  });

  test.each(["1", "2c"] as const)("version %s, a community of its own", async (version) => {
    const login = { version, community_env: "COMMUNITY" };
    expect(await switched(login)).toEqual({ set: [1, 2, 1], said: "on" });
  });
});
