import { describe, expect, test } from "@jest/globals";
import { VirtualClock } from "../../core/index.ts";
import { http, netio, shelly, tasmota } from "../index.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { netioPeer, shelly1Peer, shelly2Peer, tasmotaPeer, webRelayPeer } from "../testing/http-peers.ts";
import { type HttpPeer, httpRig } from "../testing/http-rig.ts";

type HttpOptions = Parameters<typeof http.open>[0];

function webRelay(change: (url: string) => Partial<HttpOptions> = () => ({}), peer: HttpPeer = webRelayPeer) {
  return httpRig({
    open: (url, bench) => {
      const at = { url: `${url}/outlet/3`, headers_env: { "x-token": "TOKEN" } };
      const options: HttpOptions = {
        on: { ...at, method: "PUT", body: "on" },
        off: { ...at, method: "PUT", body: "off" },
        status: { ...at, field: "outlets.3.closed", on: true, off: false },
        cuts: "board",
      };
      return http.open({ ...options, ...change(url) }, bench);
    },
    peer,
    outlet: 3,
    env: { TOKEN: "hunter2" },
  });
}

powerSwitchContract("http", { open: () => webRelay(), readsBack: true });
powerSwitchContract("http without a status", { open: () => webRelay(() => ({ status: undefined })), readsBack: false });
powerSwitchContract("tasmota, one relay", {
  open: () =>
    httpRig({
      open: (url, bench) => tasmota.open({ url, cuts: "board" }, bench),
      peer: tasmotaPeer({ relays: 1 }),
      outlet: 1,
    }),
  readsBack: true,
});
powerSwitchContract("tasmota, one of four, with a password", {
  open: () =>
    httpRig({
      open: (url, bench) => tasmota.open({ url, relay: 4, password_env: "P", cuts: "board" }, bench),
      peer: tasmotaPeer({ relays: 4, password: "a&b c+d" }),
      env: { P: "a&b c+d" },
      outlet: 4,
    }),
  readsBack: true,
});
powerSwitchContract("shelly, generation 1", {
  open: () =>
    httpRig({
      open: (url, bench) => shelly.open({ url, generation: 1, cuts: "board" }, bench),
      peer: shelly1Peer,
      outlet: 1,
    }),
  readsBack: true,
});
powerSwitchContract("shelly, generation 2, digest with SHA-256", {
  open: () =>
    httpRig({
      open: (url, bench) => shelly.open({ url, generation: 2, relay: 1, password_env: "P", cuts: "board" }, bench),
      peer: shelly2Peer("secret"),
      env: { P: "secret" },
      outlet: 2,
    }),
  readsBack: true,
});
powerSwitchContract("netio with basic authentication", {
  open: () =>
    httpRig({
      open: (url, bench) => {
        const auth = { type: "basic", user: "netio", password_env: "P" } as const;
        return netio.open({ url, output: 4, auth, cuts: "board" }, bench);
      },
      peer: netioPeer({ user: "netio", password: "pw" }),
      env: { P: "pw" },
      outlet: 4,
    }),
  readsBack: true,
});

describe("the http driver", () => {
  test("says the status of an answer, and no query and no secret", async () => {
    await using bench = await webRelay((url) => ({ on: { url: `${url}/outlet/3?password=hunter2` } }));
    const error: unknown = await bench.power.set("on").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: "bench",
      message: expect.stringMatching(
        /^the switch at http:\/\/127\.0\.0\.1:\d+ answered \S+\/outlet\/3 with status 403\.$/,
      ),
    });
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  test("fails when the answer to a command lacks what is expected", async () => {
    const expected = { field: "outlets.3.closed", value: true };
    await using bench = await webRelay(() => ({ expect: expected, status: undefined }));
    await bench.power.set("on");
    await expect(bench.power.set("off")).rejects.toMatchObject({
      message: expect.stringContaining('refused "off": it answered "{"outlets":{"3":{"closed":false}}}"'),
    });
  });

  test("reads a status that is text by its patterns", async () => {
    await using bench = await webRelay((url) => ({
      status: { url: `${url}/outlet/3`, headers_env: { "x-token": "TOKEN" }, on: "closed.:true", off: "closed.:false" },
    }));
    await bench.power.set("on");
    expect(await bench.power.read?.()).toBe("on");
  });

  test("does not read an answer of any length", async () => {
    await using bench = await webRelay(undefined, () => ({ body: "x".repeat(100_000) }));
    await expect(bench.power.set("on")).rejects.toMatchObject({
      message: expect.stringContaining("longer than 65536"),
    });
  });

  test.each([
    [{ on: { url: "http://user:pass@plug/on" } }, /under auth/],
    [{ on: { url: "ftp://plug/on" } }, /http:\/\/ or https/],
    [{ status: { url: "http://plug", on: true } }, /status\.off/],
    [{ auth: { type: "basic", user: "u", password_env: "not a name" } }, /environment variable/],
  ])("refuses %j", async (wrong, text) => {
    const right = { on: { url: "http://plug/on" }, off: { url: "http://plug/off" }, cuts: "board" };
    const bench = { links: { open: () => Promise.reject(new Error("none")) }, clock: new VirtualClock() };
    await expect(http.openFrom({ ...right, ...wrong }, bench)).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringMatching(text),
    });
  });

  test("refuses virtual time, and a secret that is not set", async () => {
    const links = { open: () => Promise.reject(new Error("none")) };
    const options = { url: "http://plug", password_env: "P", cuts: "board" } as const;
    await expect(tasmota.open(options, { links, clock: new VirtualClock() })).rejects.toThrow("real time only");
    await expect(webRelay(() => ({ auth: { type: "basic", user: "u", password_env: "P" } }))).rejects.toMatchObject({
      kind: "configuration",
      message: "the environment has no P.",
    });
  });
});

describe("what plugs answer", () => {
  test("Tasmota's status 200 for a relay it does not have is a refusal", async () => {
    const open = (url: string, bench: Parameters<typeof tasmota.open>[1]) =>
      tasmota.open({ url, relay: 2, cuts: "board" }, bench);
    await using bench = await httpRig({ open, peer: tasmotaPeer({ relays: 1 }), outlet: 1 });
    await expect(bench.power.set("on")).rejects.toMatchObject({
      kind: "bench",
      message: expect.stringContaining(`refused "on": it answered "{"Command":"Unknown"}"`),
    });
  });

  test("Tasmota's complaint about the password is a refusal that does not show it", async () => {
    await using bench = await httpRig({
      open: (url, bench) => tasmota.open({ url, password_env: "P", cuts: "board" }, bench),
      peer: tasmotaPeer({ relays: 1, password: "right" }),
      env: { P: "hunter2" },
      outlet: 1,
    });
    const error: unknown = await bench.power.set("on").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: expect.stringContaining("WARNING") });
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  test("Shelly's RPC error is a refusal", async () => {
    await using bench = await httpRig({
      open: (url, bench) => shelly.open({ url, generation: 2, relay: 9, cuts: "board" }, bench),
      peer: shelly2Peer(),
      outlet: 1,
    });
    await expect(bench.power.set("on")).rejects.toMatchObject({ message: expect.stringContaining("no such id") });
  });

  test("Shelly's digest costs one request more the first time only", async () => {
    await using bench = await httpRig({
      open: (url, bench) => shelly.open({ url, generation: 2, password_env: "P", cuts: "board" }, bench),
      peer: shelly2Peer("secret"),
      env: { P: "secret" },
      outlet: 1,
    });
    await bench.power.set("on");
    await bench.power.set("off");
    expect(bench.asked.map(({ path }) => path)).toEqual([
      "/rpc",
      "/rpc",
      "/rpc/Switch.GetStatus",
      "/rpc",
      "/rpc/Switch.GetStatus",
    ]);
  });

  test("NETIO's status 401 names the login as the cause", async () => {
    await using bench = await httpRig({
      open: (url, bench) => netio.open({ url, output: 1, cuts: "board" }, bench),
      peer: netioPeer({ user: "a", password: "b" }),
      outlet: 1,
    });
    await expect(bench.power.set("on")).rejects.toMatchObject({ hint: expect.stringContaining("auth") });
  });
});
