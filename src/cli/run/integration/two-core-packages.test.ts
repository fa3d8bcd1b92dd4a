import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "@jest/globals";
import { loadProfile } from "../../../board/index.ts";
import { command } from "../../testing/command.ts";
import { appFile, applicationBody, netFile, networkBody, packageOf, signedBody } from "../../testing/two-cores.ts";
import { replayCommand } from "../replay.ts";
import { runCommand } from "../run.ts";

const SUITE_MS = 300_000;
const folder = mkdtempSync(join(tmpdir(), "hil-packages-"));
const board = await loadProfile("twin-net", { cwd: folder });
const BOTH_CORES = fileURLToPath(new URL("../../../../cases/image/both-cores.zip", import.meta.url));

const app = (version: string, encrypt = false) => signedBody(board, applicationBody(board, version), version, encrypt);
const net = (counter: number, encrypt = false) => signedBody(board, networkBody(counter), `${counter}.0.0`, encrypt);
const write = (name: string, bytes: Uint8Array | string) => writeFileSync(join(folder, name), bytes);

write("old.zip", packageOf(appFile(app("1.0.0")), netFile(net(3))));
write("new.zip", packageOf(appFile(app("2.0.0")), netFile(net(4))));
write("encrypted.zip", packageOf(appFile(app("2.0.0", true)), netFile(net(4, true))));
// As nRF Connect SDK up to 2.6 without image numbers: only the board's name and the address tell whose a file is.
write("by-board.zip", packageOf(appFile(app("2.0.0"), {}), netFile(net(4), {})));
write("app.zip", packageOf(appFile(app("2.0.0"))));
write("net.zip", packageOf(netFile(net(4))));
write("twice.zip", packageOf(appFile(app("2.0.0")), netFile(net(4)), { ...netFile(net(5)), name: "other.bin" }));
write("image-2.zip", packageOf(appFile(app("2.0.0")), { ...netFile(net(4), { image_index: "2" }), name: "qspi.bin" }));
write("says-0.zip", packageOf(appFile(app("2.0.0")), netFile(net(4), { image_index: "0" })));
write("slots.zip", packageOf(appFile(app("2.0.0")), netFile(net(4), { image_index: "1", slot_index_primary: "1" })));
write("net-5.bin", net(5));
write("both-cores.zip", readFileSync(BOTH_CORES));
afterAll(() => rmSync(folder, { recursive: true }));

const hil = (...argv: string[]) => command(runCommand, argv, folder);

/** A scenario from a package to another, with more lines under `images`. */
function scenario(file: string, more = "", cuts = "{ count: 0 }"): string {
  const text = `schema: 1
name: packages
images:
  old: { version: "1.0.0", payload: { dfu_zip: old.zip } }
  new: { version: "2.0.0", payload: { dfu_zip: ${file} } }
${more}  encrypt: false
cuts: ${cuts}
`;
  write("packages.yaml", text);
  return "packages.yaml";
}

describe("two packages for both cores", () => {
  test("are named image by image by a dry run, for people and for programs", async () => {
    const shown = await hil("old.zip", "new.zip", "--board", "twin-net", "--dry-run");
    expect([shown.code, shown.error]).toEqual([0, ""]);
    expect(shown.out.match(/^(image|model) .*?(?=:|$)/gm)).toEqual([
      "image     old 1.0.0",
      "image     new 2.0.0",
      "image     network old 3.0.0",
      "image     network new 4.0.0",
      "model     installs 2.0.0",
      "model     takes 4.0.0 for the network core",
    ]);
    const { out } = await hil("old.zip", "new.zip", "--board", "twin-net", "--dry-run", "--json");
    const plan: { images: { role: string; core?: string }[]; model: object } = JSON.parse(out);
    expect(plan.images.map(({ role, core }) => `${core ?? "application"} ${role}`)).toEqual([
      "application old",
      "application new",
      "network old",
      "network new",
    ]);
    expect(plan.model).toMatchObject({ does: "installs", network: { does: "update", version: "4.0.0" } });
  });

  test(
    "upgrade both cores under cuts; record, JUnit and replay have all four images",
    async () => {
      const runs = join(folder, "runs");
      const args = ["old.zip", "new.zip", "--board", "twin-net", "--cuts", "3", "--json", "--junit", "both.xml"];
      const { code, out } = await hil(...args);
      const report: { verdicts: { pass: boolean; found: string }[] } = JSON.parse(out);
      expect([code, report.verdicts.map(({ pass }) => pass)]).toEqual([0, Array(4).fill(true)]);
      expect(report.verdicts[0]?.found).toBe(
        "2.0.0 running, confirmed; slot 1 empty; the network core runs version 4 (its UART)",
      );
      const run = join(runs, readdirSync(runs).toSorted().at(-1) ?? "");
      expect(readdirSync(join(run, "inputs"))).toEqual(
        expect.arrayContaining(["network-new-4.0.0.bin", "network-old-3.0.0.bin", "new-2.0.0.bin", "old-1.0.0.bin"]),
      );
      const replay: { images: { core?: string }[] } = JSON.parse(readFileSync(join(run, "replay.json"), "utf8"));
      expect(replay.images.map(({ core }) => core)).toEqual([undefined, undefined, "network", "network"]);
      expect(readFileSync(join(folder, "both.xml"), "utf8")).toMatch(/image_network_new" value="4\.0\.0 [0-9a-f]{64}"/);
      const again = await command(replayCommand, [run, "--cut", "2", "--json"], folder);
      const { verdicts }: typeof report = JSON.parse(again.out.slice(again.out.indexOf("{")));
      expect([again.code, verdicts.at(-1)?.found]).toEqual([0, expect.stringContaining("(its UART)")]);
    },
    SUITE_MS,
  );

  test(
    "may be plain before and encrypted after",
    async () => {
      const { code, error, out } = await hil(
        "old.zip",
        "encrypted.zip",
        "--board",
        "twin-net",
        "--cuts",
        "2",
        "--json",
      );
      expect([code, error]).toEqual([0, ""]);
      expect(new Set(JSON.parse(out).verdicts.map((verdict: { pass: boolean }) => verdict.pass))).toEqual(
        new Set([true]),
      );
    },
    SUITE_MS,
  );

  test("without image numbers are sorted by the manifest's board and address", async () => {
    const { out } = await hil("old.zip", "by-board.zip", "--board", "twin-net", "--dry-run");
    expect(out).toMatch(/image +network new 4\.0\.0/);
  });

  test("for a board with one slot are refused, not cut in half", async () => {
    const { code, error } = await hil("old.zip", "new.zip", "--board", "twin", "--dry-run");
    expect([code, error]).toEqual([2, expect.stringMatching(/images\.network.* wants updates of the network core/)]);
  });
});

describe("nothing of a package is left out, and nothing in it goes against the board", () => {
  test("a package in a scenario brings its network core's image along, unnamed", async () => {
    const { code, out } = await hil(scenario("new.zip"), "--board", "twin-net", "--dry-run");
    expect([code, out]).toEqual([0, expect.stringMatching(/network old 3\.0\.0[^]*network new 4\.0\.0/)]);
  });

  const named = (payload: string) => `  network: { new: { version: "5.0.0", payload: { ${payload} } } }\n`;
  test.each([
    [
      "new.zip",
      named("image: net-5.bin"),
      /holds signed_by_.* for the network core as well, and images\.network\.new names another/,
    ],
    ["twice.zip", "", /are both for the network core/],
    ["image-2.zip", "", /qspi\.bin is for image 2, and campaigns upgrade images 0 and 1/],
    ["says-0.zip", "", /is for image 0, and its board is nrf5340dk\/nrf5340\/cpunet, which is the network core/],
    ["slots.zip", "", /slot_index_primary 1; image 1 has 3/],
    ["net.zip", "", /it holds no image of the application/],
    [
      "app.zip",
      named("dfu_zip: new.zip"),
      /holds app\.signed\.bin for the application as well, and images\.new names another/,
    ],
  ])("%s is refused before anything moves", async (file, more, reason) => {
    const { code, error } = await hil(scenario(file, more), "--board", "twin-net", "--dry-run");
    expect([code, error]).toEqual([2, expect.stringMatching(reason)]);
  });

  test("one core's package and the other's signed image go together", async () => {
    const { code, error, out } = await hil(
      scenario("app.zip", named("image: net-5.bin")),
      "--board",
      "twin-net",
      "--dry-run",
    );
    expect([code, error, out]).toEqual([0, "", expect.stringMatching(/network old 3\.0\.0[^]*network new 5\.0\.0/)]);
  });

  test(
    "an image that b0n cannot take is taken from its package, and told before anything moves; it may be what is tested",
    async () => {
      const refused = await hil(scenario("both-cores.zip"), "--board", "twin-net");
      expect([refused.code, refused.error]).toEqual([
        2,
        expect.stringMatching(/brings an image of the network core, too, which would be refused: .* no firmware info/),
      ]);
      const file = scenario("both-cores.zip", "  network: { expect: refused }\n");
      const { code, out } = await hil(file, "--board", "twin-net", "--json");
      const report: { verdicts: { found: string }[] } = JSON.parse(out);
      expect([code, report.verdicts.map(({ found }) => found.replace("confirmed; slot 1 empty; ", ""))]).toEqual([
        0,
        [
          "1.0.0 running, the network core runs version 3 (its UART)",
          // b0n is asked again in every boot, as long as the request stands.
          "2.0.0 running, image 1: 4.0.0 in slot 1, pending a test; the network core runs version 3 (its UART)",
        ],
      ]);
    },
    SUITE_MS,
  );
});

describe("images of the network core that are named by themselves", () => {
  const pair = (old: string, next: string, more = "") => `schema: 1
name: named
images:
  old: { version: "1.0.0", payload: { generate_bytes: 7000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 8000 }${more} }
  network:
    old: { version: "3.0.0", payload: { ${old} } }
    new: { version: "4.0.0", payload: { ${next} } }
  encrypt: false
cuts: { count: 0 }
`;
  write("net-4.bin", net(4));
  write("net-4.raw", networkBody(4));
  write("net-3.bin", net(3));

  test.each([
    ["image: net-3.bin", "image: net-4.bin"],
    ["generate_bytes: 7000", "file: net-4.raw"],
    ["dfu_zip: ../net-3.zip", "body_of: net-4.bin"],
  ])(
    "%s, then %s: both cores run what was asked for",
    async (old, next) => {
      write("net-3.zip", packageOf(netFile(net(3))));
      write("named.yaml", pair(old.replace("../", ""), next));
      const { code, error, out } = await hil("named.yaml", "--board", "twin-net", "--json");
      expect([code, error]).toEqual([0, ""]);
      expect(JSON.parse(out).verdicts[0].found).toContain("the network core runs version 4 (its UART)");
    },
    SUITE_MS,
  );

  test("that fit only together: a dependency that is met, and one that is not", async () => {
    const needing = (version: string) => `, depends_on: [{ image: 1, version: "${version}" }]`;
    const generated = ["generate_bytes: 7000", "generate_bytes: 7100"] as const;
    write("named.yaml", pair(...generated, needing("4.0.0")).replace("old: {", "old: {"));
    const met = await hil("named.yaml", "--board", "twin-net", "--dry-run");
    expect([met.code, met.error]).toEqual([0, ""]);
    write("named.yaml", pair(...generated, needing("4.0.1")));
    const unmet = await hil("named.yaml", "--board", "twin-net", "--dry-run");
    expect([unmet.code, unmet.error]).toEqual([
      2,
      expect.stringMatching(/would be refused: an image that is depended on is missing or too old/),
    ]);
  });

  test("have room on a Thingy:53 up to 222 KiB, what b0n's signature adds included, and not a word more", async () => {
    const most = 0x3_7800 - 176;
    for (const [bytes, code, error] of [
      [most, 0, ""],
      [most + 4, 2, /does not fit: 0x37804 bytes of firmware; the network core has room for 0x37800 \(222 KiB\)/],
    ] as const) {
      write("named.yaml", pair("generate_bytes: 7000", `generate_bytes: ${bytes}`));
      const found = await hil("named.yaml", "--board", "twin-thingy53", "--dry-run");
      expect([found.code, found.error]).toEqual([code, expect.stringMatching(error)]);
    }
  });

  test("are refused beforehand where the RAM that they are copied to is not as large as their slot", async () => {
    const thingy = readFileSync(new URL("../../../../boards/twin-thingy53.yaml", import.meta.url), "utf8");
    write("named.yaml", pair("generate_bytes: 7000", "generate_bytes: 7000"));
    // As large as the simulated flash of Nordic's overlay: 224 KiB, beside a slot of 256 KiB, and with one of 224.
    const small = thingy.replace(/network_ram_bytes: \w+/, "network_ram_bytes: 0x38000");
    const board = (text: string) => write("thingy.yaml", text);
    board(small);
    const refused = await hil("named.yaml", "--board", "thingy.yaml", "--dry-run");
    expect([refused.code, refused.error]).toEqual([2, expect.stringContaining("slots are not compatible")]);
    board(small.replace("offset: 0xe0000, bytes: 0x40000", "offset: 0xe0000, bytes: 0x38000"));
    expect((await hil("named.yaml", "--board", "thingy.yaml", "--dry-run")).code).toBe(0);
    board(small.replace(/ {2}network_secondary: .*/, ""));
    const useless = await hil("named.yaml", "--board", "thingy.yaml", "--dry-run");
    expect([useless.code, useless.error]).toEqual([2, expect.stringContaining("has no use without network_secondary")]);
  });
});
