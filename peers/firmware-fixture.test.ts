import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

/** The fixture's plain C, built by this machine's compiler and run here. Without one the suite is skipped, aloud. */
const isThere = spawnSync("cc", ["--version"]).status === 0;
const isRequired = process.env["CI"] === "true" || process.env["HIL_PEERS"] === "required";
const SAID = isThere ? "the fixture's C" : "SKIPPED, needs a C compiler (`cc`): the fixture's C";

test("a C compiler is there when peers are required", () => {
  expect(isThere || !isRequired).toBe(true);
});

(isThere ? describe : describe.skip)(SAID, () => {
  const folder = mkdtempSync(join(tmpdir(), "hil-fixture-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const facts = new Map<string, string>();

  beforeAll(() => {
    const program = join(folder, "facts");
    const sources = ["tests/facts_test.c", "app/src/facts.c", "app/src/retained.c"];
    const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-fno-sanitize-recover"];
    execFileSync("cc", [...strict, "-o", program, ...sources.map((file) => join("firmware-fixtures", file))]);
    for (const line of execFileSync(program, { encoding: "utf8" }).trim().split("\n")) {
      const [name = "", value = ""] = line.split("=");
      facts.set(name, value);
    }
  });

  test("counts boots while power is there, and begins anew when it was away", () => {
    expect(facts.get("first")).toMatch(/^lost 1 \d+$/);
    expect(facts.get("reset")).toBe("kept 2 0");
    expect(facts.get("again")).toBe("kept 3 0");
    expect(facts.get("after decay")).toBe("kept 2 0");
  });

  test("tells a short loss of power by the bits that are gone: one is enough, one in eight is the most", () => {
    expect(facts.get("one bit")).toBe("decayed 1 1");
    expect(facts.get("an eighth")).toBe("decayed 1 2048");
    expect(facts.get("more")).toBe("lost 1 3072");
  });

  test("does not go on from a counter that has lost bits itself", () => {
    expect(facts.get("count spoilt")).toBe("kept 1 0");
  });

  test("reports nine facts in their order, or says that there is no room", () => {
    for (let room = 0; room < 9; room += 1) expect(facts.get(`room ${room}`)).toBe("full");
    expect(facts.get("room 9")).toBe(
      "version:1.2.3 boots:4 reset:8 reason:software ram:kept flipped:0 confirmed:false self_test:waits uptime:5 ",
    );
  });

  test("writes versions as the image list does, the longest too", () => {
    expect([0, 1, 2].map((at) => facts.get(`version ${at}`))).toEqual(["0.0.0", "1.2.3+4", "255.255.65535+4294967295"]);
  });

  test("names each cause of a reset that the product specification has, and power where there is none", () => {
    const named = [...facts].filter(([name, value]) => name.startsWith("bit ") && value !== "unknown");
    expect(named.map(([name]) => Number(name.slice(4)))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26]);
    expect(new Set(named.map(([, value]) => value)).size).toBe(named.length);
    expect(facts.get("none")).toBe("power");
    expect(facts.get("watchdog and pin")).toBe("watchdog 0");
  });

  test("takes a report of the network core only whole, and none from the boot before", () => {
    expect(facts.get("net unwritten")).toBe("0");
    expect(facts.get("net whole")).toBe("1 7 41");
    expect(facts.get("net torn")).toBe("0");
    expect(facts.get("net cleared")).toBe("0");
  });
});
