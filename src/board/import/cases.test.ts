import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { draftProfile } from "../profile/draft.ts";
import { importLabgrid } from "./labgrid.ts";
import { importTwister } from "./twister.ts";

/** Files as users brought them; what came of them was wrong once. */
const CASES = resolve("cases/lab");
const out = mkdtempSync(join(tmpdir(), "hil-cases-"));

async function labgrid(name: string, variables: Readonly<Record<string, string>> = {}) {
  const imported = await importLabgrid(join(CASES, name), [], variables);
  return { ...imported, profiles: imported.drafts.map((draft) => draftProfile(draft, join(out, "x.yaml"))) };
}

async function twister(name: string) {
  const imported = await importTwister(join(CASES, name), []);
  return { ...imported, profiles: imported.drafts.map((draft) => draftProfile(draft, join(out, "x.yaml"))) };
}

const JLINK = { jlink: "960012345", interface: 0 };
const SHELLY = { driver: "shelly", options: { url: "http://192.0.2.4", generation: 2, relay: 0 } };
const get = (url: string) => ({ method: "GET", url });

describe("labgrid files of users", () => {
  test("button.yaml: the switch is what the power driver binds, not the relay that holds the reset pin", async () => {
    const { profiles } = await labgrid("button.yaml");
    expect(profiles).toHaveLength(1);
    expect(profiles[0]?.profile).toMatchObject({ ports: { app: JLINK }, power: SHELLY });
    expect(profiles[0]?.text).toContain("# Without a counterpart here: HIDRelay.");
  });

  test.each(["cls.yaml", "clsdict.yaml"])("%s: cls names the class, and the key is only a default", async (name) => {
    const { profiles } = await labgrid(name);
    expect(profiles).toHaveLength(1);
    expect(profiles[0]?.profile).toMatchObject({ ports: { app: { ...JLINK, baudRate: 115_200 } }, power: SHELLY });
    expect(profiles[0]?.text).not.toContain("Without a counterpart");
  });

  test("hexidx.yaml: numbers as YAML writes them, gude by its own pages, an unknown class said", async () => {
    const { profiles } = await labgrid("hexidx.yaml");
    expect(profiles[0]?.profile).toMatchObject({
      ports: { app: { ...JLINK, baudRate: 115_200 } },
      power: {
        driver: "http",
        options: {
          on: get("http://192.0.2.4/switch.html?cmd=1&p=3&s=1"),
          off: get("http://192.0.2.4/switch.html?cmd=1&p=3&s=0"),
          status: get("http://192.0.2.4/"),
        },
      },
    });
    expect(profiles[0]?.text).toContain("# Without a counterpart here: NetworkPowerPortX.");
  });

  test("http.yaml: bodies for on and off, and the state from url_get by its patterns", async () => {
    const { profiles } = await labgrid("http.yaml");
    const url = "http://192.0.2.4/out/1";
    expect(profiles[0]?.profile.power).toMatchObject({
      driver: "http",
      options: {
        on: { method: "PUT", url, body: "1" },
        off: { method: "PUT", url, body: "0" },
        status: { url: `${url}/state`, on: "^(?:on.*)$", off: "^(?:off.*)$" },
      },
    });
  });

  test("tmpl.yaml: a variable that is set is put in; rest is a PUT of 1 or 0 to the outlet's address", async () => {
    const { profiles } = await labgrid("tmpl.yaml", { LG_PORT: "/dev/lab/app" });
    const url = "http://192.0.2.4/relay/3/value";
    expect(profiles[0]?.profile).toMatchObject({
      ports: { app: { path: "/dev/lab/app" } },
      power: {
        driver: "http",
        options: {
          on: { method: "PUT", url, body: "1" },
          off: { method: "PUT", url, body: "0" },
          status: { url, on: "^1$", off: "^0$" },
        },
      },
    });
  });

  test("tmpl.yaml without its variable: a line marked CHANGE that names it, and still a profile", async () => {
    const { profiles } = await labgrid("tmpl.yaml");
    expect(profiles[0]?.profile.ports.app).toMatchObject({ path: "./CHANGE-serial-port" });
    expect(profiles[0]?.text).toMatch(/# CHANGE: the variable LG_PORT was not set/);
  });

  test("pdud.yaml: waits 30 s for pdudaemon, and says what its 200 does not prove", async () => {
    const { profiles } = await labgrid("pdud.yaml");
    const power = `http://pdu.lab:16421/power/control`;
    expect(profiles[0]?.profile.power).toMatchObject({
      driver: "http",
      options: {
        on: get(`${power}/on?hostname=apc1&port=3`),
        off: get(`${power}/off?hostname=apc1&port=3`),
        timeout_ms: 30_000,
      },
    });
    expect(profiles[0]?.text).toMatch(/answers when the work is done.*200 does not prove that the outlet obeyed/);
    expect(profiles[0]?.text).not.toContain("queued");
  });

  test("shlex.yaml: words as a POSIX shell splits them", async () => {
    const { profiles } = await labgrid("shlex.yaml");
    expect(profiles[0]?.profile.power).toMatchObject({
      driver: "command",
      options: {
        on: ["curl", "-sf", "-d", '{"on":true}', "http://192.0.2.4/rpc"],
        off: ["relay tool", "--off", ""],
      },
    });
  });

  test("template.yaml: any variable of the environment counts, in the port and in commands", async () => {
    const { profiles } = await labgrid("template.yaml", { APP_PORT: "/dev/ttyACM2", LAB: "/opt/lab" });
    expect(profiles).toHaveLength(1);
    expect(profiles[0]?.profile).toMatchObject({
      ports: { app: { path: "/dev/ttyACM2", baudRate: 1_000_000 } },
      power: { driver: "command", options: { on: ["/opt/lab/relay", "on", "3"], off: ["/opt/lab/relay", "off", "3"] } },
    });
  });

  test("template.yaml without its variables: both names stand behind CHANGE", async () => {
    const { profiles } = await labgrid("template.yaml");
    expect(profiles[0]?.profile.ports.app).toMatchObject({ path: "./CHANGE-serial-port", baudRate: 1_000_000 });
    expect(profiles[0]?.text).toMatch(/# CHANGE: the variable APP_PORT was not set/);
    expect(profiles[0]?.text).toMatch(/# CHANGE: the variable LAB was not set/);
  });

  test("exporter.yaml: an exporter's file is read as well; what names its port is said", async () => {
    const { profiles } = await labgrid("exporter.yaml");
    expect(profiles.map(({ profile }) => profile.name)).toEqual(["pi-on-desk"]);
    expect(profiles[0]?.profile.power).toMatchObject({
      driver: "http",
      options: { on: get("http://10.0.0.9/tgi/control.tgi?l=p:admin:admin&p=u1uu") },
    });
    expect(profiles[0]?.text).toMatch(/# CHANGE: .*platform-xhci-hcd.1-usb-0:1:1.0/);
  });

  test("two-ports.yaml: the application core's port and the network core's", async () => {
    const { profiles } = await labgrid("two-ports.yaml");
    expect(profiles[0]?.profile).toMatchObject({
      ports: { app: { jlink: "1050990009", interface: 2 }, net: { jlink: "1050990009", interface: 0 } },
      power: { driver: "uhubctl", options: { hub: "1-1.4", port: 3 } },
    });
  });
});

describe("Twister maps of users", () => {
  const port = (jlink: string, number: number) => ({ jlink, interface: number });

  test.each(["twister-two.yaml", "twister-two2.yaml"])("%s: rows of one id are one board", async (name) => {
    const { profiles } = await twister(name);
    expect(profiles).toHaveLength(1);
    const app = name === "twister-two.yaml" ? { app: port("1050012345", 2) } : {};
    expect(profiles[0]?.profile.ports).toMatchObject({ ...app, net: port("1050012345", 0) });
  });

  test("twister-a.yaml: two boards with ports, one over a program, one that is not connected", async () => {
    const { profiles, skipped } = await twister("twister-a.yaml");
    expect(skipped).toEqual([]);
    expect(profiles.map(({ profile }) => profile.name)).toEqual(["dk-1050012345", "dk-683459357", "dk-960012345"]);
    expect(profiles[0]?.profile.ports.app).toMatchObject(port("1050012345", 2));
    expect(profiles[1]?.text).toContain("# The map says that it is not connected.");
    expect(profiles[2]?.text).toContain('# CHANGE: the map opens it with "nc 127.0.0.1 5000".');
    expect(profiles[2]?.text).toContain("# Its probe is a DAPLink.");
    expect(profiles[2]?.text).toContain("nrf5340dk/nrf5340/cpuapp, nrf5340dk/nrf5340/cpuapp/ns");
  });

  test("twister-h.yaml: the speed is used, the hook is named with its words", async () => {
    const { profiles } = await twister("twister-h.yaml");
    expect(profiles[0]?.profile.ports.app).toMatchObject({ baudRate: 1_000_000 });
    expect(profiles[0]?.text).toContain("# Hook pre: /srv/bench/relay-on.sh 3 (timeout 10). Does it switch power?");
  });

  test("map1.yaml: two boards; ports that no core is known for are named", async () => {
    const { profiles, skipped } = await twister("map1.yaml");
    expect(profiles.map(({ profile }) => profile.name)).toEqual(["dk-1050990001", "dk-683990002"]);
    expect(profiles[0]?.profile).toMatchObject({
      ports: { app: { path: "/dev/ttyACM2" } },
      flasher: { tool: "nrfutil" },
    });
    for (const path of ["/dev/ttyACM0", "/dev/ttyACM1"]) {
      expect(profiles[0]?.text).toContain(`# The map has another port of this board: ${path}.`);
    }
    expect(skipped).toEqual([]);
  });

  test("map2.yaml: both cores of one board, with its fixtures and parameters as text", async () => {
    const { profiles } = await twister("map2.yaml");
    expect(profiles).toHaveLength(1);
    expect(profiles[0]?.profile.ports).toMatchObject({ app: port("1050990001", 2), net: port("1050990001", 0) });
    expect(profiles[0]?.text).toContain("# Fixtures: gpio_loopback, fixture_power:ppk2.");
    expect(profiles[0]?.text).toContain("# Not used here: runner_params --recover.");
  });

  test("map4.yaml: a lone row of the network core is its port; the application core's must be looked up", async () => {
    const { profiles } = await twister("map4.yaml");
    expect(profiles[0]?.profile.ports).toMatchObject({
      app: { path: "./CHANGE-serial-port" },
      net: port("1050990001", 0),
    });
    expect(profiles[0]?.text).toMatch(/# CHANGE: the map names the network core's port only/);
  });

  test("same-board-ns.yaml: two platforms of one core are one board with one port", async () => {
    const { profiles } = await twister("same-board-ns.yaml");
    expect(profiles).toHaveLength(1);
    expect(profiles[0]?.profile.ports).toMatchObject({ app: port("1050990001", 2) });
    expect(profiles[0]?.profile.ports.net).toBeUndefined();
    expect(profiles[0]?.text).not.toContain("another port");
  });
});
