import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { importLabgrid } from "../src/board/import/labgrid.ts";
import { boundPorts, boundPower, LABGRID_DRIVERS } from "../src/board/import/labgrid-bindings.ts";
import { NETWORK_MODELS } from "../src/board/import/labgrid-network.ts";
import { labgridParts } from "../src/board/import/labgrid-parts.ts";
import { PYTHON } from "./smp-tools.ts";

/**
 * Our import beside labgrid's own loader and power drivers (pip install labgrid, into the peers' virtual environment).
 * Without it the suite is skipped, aloud; where peers are required it fails.
 */
const isThere = spawnSync(PYTHON, ["-c", "import labgrid"]).status === 0;
const isRequired = process.env["CI"] === "true" || process.env["HIL_PEERS"] === "required";
const SAID = isThere ? "labgrid" : "SKIPPED, needs labgrid: install .ci/peers.txt into HIL_PEERS_VENV: labgrid";

test("labgrid is there when peers are required", () => {
  expect(isThere || !isRequired).toBe(true);
});

interface Part {
  readonly cls: string;
  readonly name: string | null;
}
interface Target {
  readonly power: readonly Part[];
  readonly serial: readonly Part[];
  readonly resources: readonly Part[];
}
/** What labgrid makes of a file, and the file as it read it; text where it refuses. */
type Said = Readonly<
  Record<
    string,
    string | { readonly targets: Record<string, Target>; readonly data: { targets: Record<string, TargetText> } }
  >
>;
type TargetText = Parameters<typeof targetOf>[0];

function peer(argv: readonly string[], input = ""): unknown {
  const env = { ...process.env, LG_PORT: "/dev/lab/app" };
  const out = execFileSync(PYTHON, ["peers/labgrid_peer.py", ...argv], { encoding: "utf8", input, env });
  return JSON.parse(out) as unknown;
}

const CASES = "cases/lab";

(isThere ? describe : describe.skip)(`${SAID}, its loader`, () => {
  const folder = mkdtempSync(join(tmpdir(), "hil-labgrid-"));
  const named = ({ cls, name }: { cls: string; name?: string | undefined }) => ({ cls, name: name ?? null });

  /** Environments in every form that the loader takes: mappings, lists, `cls`, names, bindings, a chain of drivers. */
  const environments = () => {
    const power = fc.constantFrom(
      {
        resource: ["NetworkPowerPort", { model: "apc", host: "h", index: 1 }],
        driver: "NetworkPowerDriver",
        slot: "port",
      },
      { resource: ["YKUSHPowerPort", { serial: "YK1", index: 2 }], driver: "YKUSHPowerDriver", slot: "port" },
      { resource: ["PDUDaemonPort", { host: "d", pdu: "p", index: 3 }], driver: "PDUDaemonDriver", slot: "port" },
      {
        resource: ["Eth008DigitalOutput", { host: "m", index: 4 }],
        driver: "Eth008DigitalOutputDriver",
        slot: "output",
        output: true,
      },
      {
        resource: ["HttpDigitalOutput", { url: "http://u", body_asserted: "1", body_deasserted: "0" }],
        driver: "HttpDigitalOutputDriver",
        slot: "http",
        output: true,
      },
      { resource: ["HIDRelay", { index: 1 }], driver: "HIDRelayDriver", slot: "relay", output: true },
    );
    return fc.record({ power, reset: power, form: fc.constantFrom("map", "list", "cls"), byName: fc.boolean() });
  };

  function environmentText({ power, reset, form, byName }: ReturnType<typeof sample>[number]): string {
    const same = power.driver === reset.driver;
    const parts = (which: typeof power, name: string) => {
      const [cls, params] = which.resource as [string, object];
      const explicit = byName || same;
      const binds = (slot: string, to: string) => (explicit ? { bindings: { [slot]: to } } : {});
      const resource = [cls, { ...params, ...(explicit ? { name: `${name}-port` } : {}) }] as const;
      const below = [which.driver, { ...binds(which.slot, `${name}-port`), ...(explicit ? { name } : {}) }] as const;
      return { resource, below, binds };
    };
    const switched = parts(power, "supply");
    const held = parts(reset, "button");
    const chained = power.output === true ? [["DigitalOutputPowerDriver", { bindings: { output: "supply" } }]] : [];
    const isHeld = reset.output === true;
    const resets = isHeld ? [held.below, ["DigitalOutputResetDriver", { bindings: { output: "button" } }]] : [];
    const resources = [switched.resource, ...(isHeld ? [held.resource] : [])];
    const named = ([cls, params]: readonly [string, object], name: string) => [cls, { ...params, name }] as const;
    const drivers = [
      power.output === true ? named(switched.below, "supply") : switched.below,
      ...(isHeld ? [named(held.below, "button"), ...resets.slice(1)] : []),
      ...chained,
    ] as readonly (readonly [string, object])[];
    const shown = (list: readonly (readonly [string, object])[]) =>
      form === "cls"
        ? list.map(([cls, params]) => ({ cls, name: null, ...params }))
        : form === "map" && !same
          ? Object.fromEntries(list)
          : list.map(([cls, params]) => ({ [cls]: params }));
    return JSON.stringify({ targets: { main: { resources: shown(resources), drivers: shown(drivers) } } });
  }
  const sample = () => fc.sample(environments(), { numRuns: 60, seed: 12 });

  const files: string[] = [];
  let said: Said = {};
  beforeAll(() => {
    for (const [index, one] of sample().entries()) {
      const file = join(folder, `env-${index}.yaml`);
      writeFileSync(file, environmentText(one));
      files.push(file);
    }
    const cases = readdirSync(CASES).filter((name) => /^targets:/m.test(readFileSync(join(CASES, name), "utf8")));
    files.push(...cases.map((name) => join(CASES, name)));
    said = peer(["environments", ...files]) as Said;
  });

  test("resolves the same switch as we do; it refuses an unknown class, and variables that are not LG_ ones", () => {
    let compared = 0;
    for (const file of files) {
      const theirs = said[file];
      if (typeof theirs === "string" || theirs === undefined) continue;
      for (const [name, target] of Object.entries(theirs.targets)) {
        const ours = targetOf(theirs.data.targets[name] ?? {});
        const [only, ...more] = target.power;
        expect({ file, resources: ours.resources.map(named) }).toEqual({ file, resources: target.resources });
        expect(more).toEqual([]);
        const bound = boundPower(ours);
        expect({ file, power: bound && named(bound.part) }).toEqual({ file, power: only });
        if (target.serial.length > 0) expect(boundPorts(ours).map(named)[0]).toEqual(target.serial[0]);
        compared += 1;
      }
    }
    const refused = files.filter((file) => typeof said[file] === "string").map((file) => file.slice(CASES.length + 1));
    expect(refused).toEqual(["hexidx.yaml", "template.yaml"]);
    expect(compared).toBe(files.length - refused.length);
  });

  test("and every one of them gives a profile's draft here", async () => {
    for (const file of files) expect((await importLabgrid(file, [], { LG_PORT: "x" })).drafts).not.toEqual([]);
  });

  test("knows every driver and binding of our table", () => {
    const script = [
      "import json, labgrid.driver, sys",
      "from labgrid.factory import target_factory as f",
      "print(json.dumps({name: sorted(cls.bindings) for name, cls in f.drivers.items()}))",
    ].join("\n");
    const theirs = JSON.parse(execFileSync(PYTHON, ["-c", script], { encoding: "utf8" })) as Record<string, string[]>;
    for (const { cls, slot } of LABGRID_DRIVERS) {
      if (cls === "FakePowerDriver" && theirs[cls] === undefined) continue;
      expect({ cls, slots: theirs[cls] }).toEqual({ cls, slots: slot === undefined ? [] : [slot] });
    }
  });
});

function targetOf({ resources, drivers }: { readonly resources?: never; readonly drivers?: never }) {
  return { resources: labgridParts(resources), drivers: labgridParts(drivers) };
}

(isThere ? describe : describe.skip)(`${SAID}, its power models`, () => {
  const meta = (index: number, state: number) => `<meta content="Power Port ${index},${state}">`;
  const lines = (state: number) =>
    ["<html>", ...[1, 2, 3, 4].map((n) => meta(n, n === 3 ? state : 1 - state))].join("\n");
  const JSON_STATES = (state: number) =>
    JSON.stringify({ outputs: [1, 2, 3].map((n) => ({ state: n === 3 ? state : 1 - state })) });
  /** What each model's page says when outlet 3 is on, and when it is off. */
  const ANSWERS: Readonly<Record<string, readonly [host: string, on: string, off: string]>> = {
    rest: ["http://h/relay/{index}/value", "1", "0"],
    simplerest: ["http://h:99/relay/{index}/{value}", "1", "0"],
    gude: [
      "h",
      "<td>Power Port 2</td>OFF\n<td>Power Port 3</td>ON",
      "<td>Power Port 2</td>ON\n<td>Power Port 3</td>OFF",
    ],
    gude24: ["h", lines(1), lines(0)],
    gude8316: ["h", lines(1).replaceAll(/Port \d/g, "Port "), lines(0).replaceAll(/Port \d/g, "Port ")],
    gude8031: ["h", JSON_STATES(1), JSON_STATES(0)],
    gude8225: ["h", JSON_STATES(1), JSON_STATES(0)],
    netio: ["h", "<html>0 0 1 0</html>", "<html>1 1 0 1</html>"],
    eth008: ["h", "relay 00100000", "relay 11011111"],
    digitalloggers_http: ["http://h", '<div id="state">04</div>', '<div id="state">fb</div>'],
    digitalloggers_restapi: ["http://h", "[true]", "[false]"],
    tinycontrol: ["http://h", "<r><out2>0</out2><out3>1</out3></r>", "<r><out2>1</out2><out3>0</out3></r>"],
    tinycontrol_tcpdu: ["http://h", '{"out2":0,"out3":1}', '{"out2":1,"out3":0}'],
  };
  interface Sent {
    readonly method: string;
    readonly url: string;
    readonly body: string | null;
  }
  interface Theirs extends Readonly<Record<"on" | "off" | "status", Sent>> {
    readonly reads: Readonly<Record<string, boolean>>;
  }
  const jobs = Object.entries(ANSWERS).map(([model, [host, on, off]]) => ({
    model,
    host,
    index: "3",
    answers: { on, off },
  }));
  let all: readonly Theirs[] = [];
  beforeAll(() => {
    all = peer(["models"], JSON.stringify(jobs)) as readonly Theirs[];
  });

  test("has an answer here for each model that becomes http", () => {
    const drafts = NETWORK_MODELS.filter(
      ({ draft }) => draft({ host: "http://h/{index}", index: 1 })?.driver === "http",
    ).map(({ model }) => model);
    expect(drafts.toSorted()).toEqual(Object.keys(ANSWERS).toSorted());
  });

  test.each(jobs.map((job, index) => [job.model, index] as const))(
    "%s: the same requests and the same states",
    (model, at) => {
      const [theirs, job] = [all[at], jobs[at]];
      const options = NETWORK_MODELS.find((row) => row.model === model)?.draft({ host: job?.host, index: 3 })?.options;
      if (!theirs || !options) throw new Error("nothing to compare");
      for (const name of ["on", "off", "status"] as const) {
        const ours = options[name] as { method?: string; url: string; body?: string };
        expect(new URL(ours.url).href).toBe(new URL(theirs[name].url).href);
        expect({ name, method: ours.method ?? "GET", body: ours.body ?? null }).toEqual({
          name,
          method: theirs[name].method,
          body: theirs[name].body,
        });
      }
      const status = options["status"] as { field?: string; on: unknown; off: unknown };
      for (const [name, answer] of Object.entries(job?.answers ?? {})) {
        const found = status.field
          ?.split(".")
          .reduce<unknown>((value, key) => Reflect.get(Object(value), key), JSON.parse(answer));
        const is = (wanted: unknown) =>
          status.field === undefined ? new RegExp(String(wanted)).test(answer) : found === wanted;
        expect({ name, on: is(status.on), off: is(status.off) }).toEqual({
          name,
          on: theirs.reads[name],
          off: !theirs.reads[name],
        });
      }
    },
  );
});
