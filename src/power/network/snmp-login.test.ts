import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { VirtualClock } from "../../core/index.ts";
import { snmpPdu } from "../index.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { type Snmp3User, snmp3Rig } from "../testing/snmp3-rig.ts";
import { AUTH_PROTOCOLS, PRIV_PROTOCOLS } from "./snmp-login.ts";

type Options = Parameters<typeof snmpPdu.open>[0];
type User = NonNullable<Options["user"]>;

const AUTH = "maplesyrup";
const PRIV = "waffles & butter";
const ENV = { AUTH, PRIV };
const FULL = {
  name: "hil",
  auth: { protocol: "sha256", passphrase: AUTH },
  priv: { protocol: "aes", passphrase: PRIV },
} as const satisfies Snmp3User;
/** Object identifier of the outlets' commands, as BER writes it. */
const COMMANDS = "2b06010401823e01010c0303010104";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hil-snmp-"));
  writeFileSync(join(folder, "auth.txt"), `${AUTH}\n`);
  writeFileSync(join(folder, "two.txt"), `${AUTH}\n${PRIV}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a profile says of this user. */
function userOf({ name, auth, priv }: Snmp3User): User {
  return {
    name,
    ...(auth && { auth: { protocol: auth.protocol as "sha", passphrase_env: "AUTH" } }),
    ...(priv && { priv: { protocol: priv.protocol as "aes", passphrase_env: "PRIV" } }),
  };
}

function rig(user: Snmp3User, change: Partial<Options> = {}, env: Record<string, string> = ENV) {
  const login = { version: "3", user: userOf(user), ...change } as const;
  return snmp3Rig({
    open: (udp_port, bench) => {
      const at = { host: "127.0.0.1", udp_port, model: "apc-rpdu", outlet: 2, timeout_ms: 400, tries: 2 } as const;
      return snmpPdu.open({ ...at, cuts: "board", ...login }, bench);
    },
    user,
    outlet: 2,
    env,
    folder,
  });
}

async function said(work: Promise<unknown>): Promise<Error & { hint: string }> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error("nothing was thrown");
  return error as Error & { hint: string };
}

powerSwitchContract("snmp-pdu, version 3, signed and encrypted", { open: () => rig(FULL), readsBack: true });

describe("SNMP 3", () => {
  test.each([
    ["neither signed nor encrypted", { name: "hil" }],
    ...AUTH_PROTOCOLS.map(
      ({ name }) =>
        [`signed with ${name}`, { ...FULL, auth: { ...FULL.auth, protocol: name }, priv: undefined }] as const,
    ),
    ...PRIV_PROTOCOLS.filter(({ name }) => name !== "des").map(
      ({ name }) => [`encrypted with ${name}`, { ...FULL, priv: { ...FULL.priv, protocol: name } }] as const,
    ),
  ])("an agent is switched and asked by messages that are %s", async (_, user) => {
    await using bench = await rig(user as Snmp3User);
    await bench.power.set("on");
    expect(await bench.supply()).toBe("on");
    await bench.power.set("off");
    expect([await bench.supply(), await bench.power.read?.()]).toEqual(["off", "off"]);
  });

  test("a password goes over no wire, and with priv no object does", async () => {
    const wire: Record<string, string> = {};
    for (const [name, user] of [
      ["signed", { ...FULL, priv: undefined }],
      ["encrypted", FULL],
    ] as const) {
      await using bench = await rig(user as Snmp3User);
      await bench.power.set("on");
      wire[name] = Buffer.concat([...bench.heard]).toString("hex");
    }
    expect(wire["signed"]).toContain(COMMANDS);
    expect(wire["encrypted"]).not.toContain(COMMANDS);
    expect(`${wire["signed"]}${wire["encrypted"]}`).not.toContain(Buffer.from(AUTH).toString("hex"));
  });

  test("a passphrase may stand in a file beside the profile", async () => {
    const user = { name: "hil", auth: { protocol: "sha256", passphrase_file: "auth.txt" } } as const;
    await using bench = await rig({ ...FULL, priv: undefined } as unknown as Snmp3User, { user });
    await bench.power.set("on");
    expect(await bench.supply()).toBe("on");
  });

  test("an agent that was restarted is asked anew", async () => {
    await using bench = await rig(FULL);
    await bench.power.set("on");
    bench.restart();
    await bench.power.set("off");
    expect(await bench.supply()).toBe("off");
  });

  test.each([
    ["a wrong passphrase of auth", { AUTH: "hunter2hunter2", PRIV }],
    ["a wrong passphrase of priv", { AUTH, PRIV: "hunter2hunter2" }],
  ])("%s is a bench error that shows none", async (_, env) => {
    await using bench = await rig(FULL, {}, env);
    const error = await said(bench.power.set("on"));
    expect(error).toMatchObject({ kind: "bench", hint: expect.stringContaining("passphrases") });
    expect(error.message).toMatch(
      /does not take part: (unknown user, wrong passphrase|its answer)|did not answer 2 times/,
    );
    expect(JSON.stringify([error, error.message, error.stack, String(error.cause)])).not.toMatch(
      /hunter2|maple|waffles/,
    );
    expect(await bench.history()).toEqual([]);
  });

  test("a user whom the agent does not know is told from an agent that is not there", async () => {
    await using bench = await rig(FULL, { user: { ...userOf(FULL), name: "someone" } });
    await expect(bench.power.set("on")).rejects.toMatchObject({
      message: expect.stringContaining("unknown user"),
      hint: expect.stringContaining("user, auth and priv"),
    });
  });
});

const WRONG: readonly (readonly [what: string, change: Partial<Options>, text: RegExp])[] = [
  ["no user", { user: undefined }, /SNMP 3 needs a user/],
  ["a community", { community_env: "AUTH" }, /SNMP 3 has no community/],
  ["a user of version 2c", { version: "2c" }, /a user is for SNMP 3, and version says 2c/],
  ["priv without auth", { user: { name: "a", priv: { protocol: "aes", passphrase_env: "PRIV" } } }, /priv needs auth/],
  ["no passphrase", { user: { name: "a", auth: { protocol: "sha" } } }, /either passphrase_env or passphrase_file/],
  ["a variable that is not set", { user: { name: "a", auth: { protocol: "sha", passphrase_env: "NONE" } } }, /no NONE/],
  ["a short passphrase", { user: { name: "a", auth: { protocol: "sha", passphrase_env: "SHORT" } } }, /shorter than 8/],
  [
    "a file that is not there",
    { user: { name: "a", auth: { protocol: "sha", passphrase_file: "no" } } },
    /cannot be read/,
  ],
  ["a file of two lines", { user: { name: "a", auth: { protocol: "sha", passphrase_file: "two.txt" } } }, /one line/],
  [
    "DES, which this Node's OpenSSL lacks",
    { user: { ...userOf(FULL), priv: { protocol: "des", passphrase_env: "PRIV" } } },
    /priv\.protocol is des, which OpenSSL in this Node does not offer/,
  ],
];

test.each(WRONG)(
  "SNMP 3 with %s is refused before anything is sent, and no secret is shown",
  async (_, change, text) => {
    const links = { open: () => Promise.reject(new Error("none")) };
    const right = { host: "127.0.0.1", model: "apc-rpdu", outlet: 1, cuts: "board", version: "3", user: userOf(FULL) };
    const clock = Object.create(new VirtualClock(), { kind: { value: "real" } }) as VirtualClock;
    const bench = { links, clock, folder, env: { ...ENV, SHORT: "hunter2" } };
    const error = await said(snmpPdu.openFrom({ ...right, ...change }, bench));
    expect(error).toMatchObject({ kind: "configuration", message: expect.stringMatching(text) });
    expect(JSON.stringify([error, error.message, error.hint])).not.toMatch(/hunter2|maple|waffles/);
  },
);
