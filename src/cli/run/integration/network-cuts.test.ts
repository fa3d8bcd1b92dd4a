import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "@jest/globals";
import { type Board, loadProfile, openBoard } from "../../../board/index.ts";
import { loadScenario, run } from "../../../campaign/index.ts";
import { command } from "../../testing/command.ts";
import { applicationBody, signedBody } from "../../testing/two-cores.ts";
import { replayCommand } from "../replay.ts";
import { runCommand } from "../run.ts";

const SUITE_MS = 300_000;
const folder = mkdtempSync(join(tmpdir(), "hil-network-"));
afterAll(() => rmSync(folder, { recursive: true }));
const shipped = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../../boards/${name}.yaml`, import.meta.url)), "utf8");

/** A scenario of small images for both cores. */
function scenario(cuts: string, more = "", encrypt = false): string {
  const text = `schema: 1
name: network
images:
  old: { version: "1.0.0", payload: { generate_bytes: 7000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 8000 } }
  network:
    old: { version: "3.0.0", payload: { generate_bytes: 7000 } }
    new: { version: "4.0.0", payload: { generate_bytes: 9000 } }
${more}  encrypt: ${encrypt}
cuts: ${cuts}
revert_check: false
`;
  writeFileSync(join(folder, "network.yaml"), text);
  return "network.yaml";
}

/** A profile that ships, edited. */
function profile(name: string, ...edits: readonly (readonly [from: string | RegExp, to: string])[]): string {
  let text = shipped(name);
  for (const [from, to] of edits) {
    const next = text.replace(from, to);
    if (next === text) throw new Error(`nothing in ${name} matches ${String(from)}`);
    text = next;
  }
  writeFileSync(join(folder, "board.yaml"), text);
  return "board.yaml";
}

const UPGRADE = "network_core_upgrade: true";
const onePair = (rule: string) => profile("twin-ncs30", [UPGRADE, `${UPGRADE}\n  network_core_rule: ${rule}`]);

interface Verdict {
  readonly check: string;
  readonly pass: boolean;
  readonly ending: string;
  readonly found: string;
  readonly because: string;
  readonly where?: string;
  readonly from: string;
}

async function verdicts(...argv: string[]): Promise<{ code: number; error: string; list: readonly Verdict[] }> {
  const { code, out, error } = await command(runCommand, [...argv, "--json"], folder);
  return { code, error, list: error === "" ? JSON.parse(out).verdicts : [] };
}

const COPY = "the copy to the network core";

describe("power that goes while the network core copies its image", () => {
  test(
    "comes to both new images, however often it goes, where both cores are updated at once",
    async () => {
      for (const [cuts, board] of [
        ["{ in: network, count: 5 }", "twin-net"],
        ["{ in: network, pairs: 3 }", "twin-net"],
        // Its slots lie on external flash.
        ["{ in: network, pairs: 2 }", "twin-thingy53"],
      ] as const) {
        const { code, list } = await verdicts(scenario(cuts), "--board", board);
        const cut = list.filter(({ check }) => check.startsWith("cut"));
        expect([code, cut.filter(({ pass }) => !pass)]).toEqual([0, []]);
        expect(new Set(cut.map(({ where }) => where))).toEqual(new Set([COPY]));
        expect(new Set(cut.map(({ ending }) => ending))).not.toContain("kept");
      }
    },
    SUITE_MS,
  );

  test.each(["vector-by-pointer", "vector-by-pointer-2.0", "vector-from-slot", "vector-in-range", "load-address"])(
    "is healed by the next boot with one pair of slots and the rule %s",
    async (rule) => {
      const { code, list } = await verdicts(scenario("{ in: network, pairs: 2 }"), "--board", onePair(rule));
      expect([code, list.filter(({ pass }) => !pass)]).toEqual([0, []]);
      expect(list.map(({ check, ending, from }) => `${check}: ${ending}, from ${from}`)).toEqual([
        "uninterrupted update of the network core: network core updated, from network core 3.0.0",
        "uninterrupted upgrade: upgraded, from 1.0.0",
        "cut 1: network core updated, from network core 4.0.0",
        "cut 2: network core updated, from network core 3.0.0",
      ]);
      expect(list.at(-1)?.found).toContain("the network core runs version 4 (its UART)");
    },
    SUITE_MS,
  );

  test(
    "does not hinder the application's own swap, which comes in a boot of its own with one pair of slots",
    async () => {
      const { code, list } = await verdicts(scenario("{ count: 2 }"), "--board", onePair("vector-in-range"));
      expect([code, list.map(({ pass }) => pass)]).toEqual([0, Array(6).fill(true)]);
    },
    SUITE_MS,
  );

  test(
    "is replayed cut by cut",
    async () => {
      const args = [scenario("{ in: network, count: 2 }"), "--board", onePair("vector-in-range"), "--json"];
      const runs = join(folder, "replayed");
      await command(runCommand, [...args, "--runs", runs], folder);
      const record = join(runs, readdirSync(runs)[0] ?? "");
      const { code, out: again } = await command(replayCommand, [record, "--cut", "2", "--json"], folder);
      const list: readonly Verdict[] = JSON.parse(again.slice(again.indexOf("{"))).verdicts;
      expect([code, list.at(-1)?.check, list.at(-1)?.from]).toEqual([0, "cut 2", "network core 3.0.0"]);
    },
    SUITE_MS,
  );
});

describe("an image of the network core that would not get there is told before anything moves", () => {
  const QSPI = /secondary: \{[^}]*\}/;
  test.each([
    ["vector-by-pointer", /takes it for an image of the application, and puts it there/],
    [
      "vector-from-slot",
      /would be refused: b0n is handed the slot's offset as an address, and cannot read the external flash/,
    ],
  ])("one pair of slots on external flash with the rule %s", async (rule, reason) => {
    onePair(rule);
    const text = readFileSync(join(folder, "board.yaml"), "utf8");
    writeFileSync(
      join(folder, "board.yaml"),
      text.replace(QSPI, "secondary: { offset: 0x0, bytes: 0x74000, device: qspi }"),
    );
    const { code, error } = await verdicts(scenario("{ count: 0 }"), "--board", "board.yaml", "--dry-run");
    expect([code, error]).toEqual([2, expect.stringMatching(reason)]);
  });

  test("an encrypted one with one pair of slots", async () => {
    const asked = [scenario("{ count: 0 }", "", true), "--board", onePair("load-address"), "--dry-run"];
    const { code, error } = await verdicts(...asked);
    expect([code, error]).toEqual([2, expect.stringMatching(/it is encrypted, and b0n is handed what the slot holds/)]);
  });

  test("an application without the address of its slot, where the bootloader looks for it; what hil signs has it", async () => {
    const board = onePair("load-address");
    const loaded = await loadProfile(board, { cwd: folder });
    writeFileSync(join(folder, "app.bin"), signedBody(loaded, applicationBody(loaded, "2.0.0"), "2.0.0"));
    const generated = scenario("{ count: 0 }");
    expect(await verdicts(generated, "--board", board)).toMatchObject({ code: 0 });
    const text = readFileSync(join(folder, generated), "utf8");
    writeFileSync(join(folder, generated), text.replace("generate_bytes: 8000", "image: app.bin"));
    const { code, error } = await verdicts(generated, "--board", board, "--dry-run");
    expect([code, error]).toEqual([
      2,
      expect.stringMatching(
        /its header's load address is 0x0, and this bootloader takes 0x[0-9a-f]+ to .*Nothing was moved/,
      ),
    ]);
  });

  test("cuts of a copy that is not made", async () => {
    writeFileSync(
      join(folder, "none.yaml"),
      'schema: 1\nname: none\nimages:\n  old: { version: "1.0.0", payload: { generate_bytes: 7000 } }\n' +
        '  new: { version: "2.0.0", payload: { generate_bytes: 8000 } }\n  encrypt: false\ncuts: { in: network, count: 1 }\n',
    );
    const { code, error } = await verdicts("none.yaml", "--board", "twin-net");
    expect([code, error]).toEqual([2, expect.stringMatching(/cuts\.in is network, and the new images have none/)]);
  });
});

describe("who tells what the network core runs", () => {
  const NET = /net: \{[^}]*\}/;
  const MUTE = 'net: { path: "twin:net", version: "never (?<version>x)" }';
  const found = async (board: string) => {
    const { code, list } = await verdicts(scenario("{ count: 0 }"), "--board", board);
    return `${code} ${list[0]?.found.replace(/.*; the network/, "the network")}`;
  };

  test(
    "the application's log, its OS info, or a command of its own, where its UART does not",
    async () => {
      const told = (field: string, edit: readonly [string | RegExp, string]) =>
        found(profile("twin-net", [NET, MUTE], edit)).then((text) => `${field}: ${text}`);
      const lines = [
        await told("log", [
          'path: "twin:app"',
          String.raw`path: "twin:app", network_version: 'network (?<version>[0-9.]+)'`,
        ]),
        await told("info", [
          "buffer_count: 4 }",
          String.raw`buffer_count: 4, network_version: { info: '(?<version>\d+\.\d+\.\d+)' } }`,
        ]),
        await told("command", [
          "buffer_count: 4 }",
          "buffer_count: 4, network_version: { group: 0, command: 6, field: buf_count } }",
        ]),
      ];
      expect(lines).toEqual([
        // The simulated application says its own version there, which is not the network core's.
        "log: 1 the network core runs version 2.0.0 (the application's log)",
        expect.stringMatching(/^info: 1 the network core runs version \d+\.\d+\.\d+ \(the application's OS info\)$/),
        "command: 0 the network core runs version 4 (SMP group 0, command 6)",
      ]);
    },
    SUITE_MS,
  );

  test(
    "MCUboot's log where nobody else does; that it does not is no pass, unless the scenario wants no witness",
    async () => {
      expect(await found(profile("twin-net", [/ {2}net: .*\n/, ""]))).toBe(
        `0 the network core was updated (MCUboot's log: "Turned off network core")`,
      );
      const results: string[] = [];
      for (const more of ["", "    witness: none\n"]) {
        const outcome = await run({
          board: await loadProfile(profile("twin-net", [NET, MUTE]), { cwd: folder }),
          scenario: await loadScenario(`./${scenario("{ count: 0 }", more)}`, folder),
          seed: 1,
          runsRoot: join(folder, "runs"),
          version: "test",
          failFast: false,
          signal: new AbortController().signal,
          open: async (...asked) => withoutCopyLines(await openBoard(...asked)),
        });
        const [verdict] = outcome.events.flatMap((event) => (event.event === "verdict" ? [event.verdict] : []));
        results.push(`${outcome.result.outcome}, ${verdict?.ending}: ${verdict?.because}`);
      }
      expect(results).toEqual([
        expect.stringMatching(/^fail, network core not told: network core: not told: /),
        expect.stringMatching(/^pass, upgraded: /),
      ]);
    },
    SUITE_MS,
  );
});

/** A board whose bootloader says nothing of the network core. */
function withoutCopyLines(board: Board): Board {
  const app = new Proxy(board.logs.app, {
    get(log, name) {
      if (name === "knownSince") {
        return (sinceUs: number) => log.knownSince(sinceUs).filter(({ event }) => !event?.startsWith("net core"));
      }
      const value: unknown = Reflect.get(log, name, log);
      return typeof value === "function" ? value.bind(log) : value;
    },
  });
  return { ...board, logs: { ...board.logs, app } };
}
