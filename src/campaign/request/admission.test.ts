import { describe, expect, test } from "@jest/globals";
import { isHilError } from "../../core/index.ts";
import { type Edit, eventsOf, smallProfile, smallRun, smallScenario } from "../testing/small-campaign.ts";
import { checkRequest } from "./check-request.ts";

/** What is said about a request; what the bootloader does where nothing is. */
async function told(scenario: readonly Edit[], profile: readonly Edit[] = []): Promise<string> {
  try {
    const { does, version } = await checkRequest(smallScenario(...scenario), smallProfile(...profile), { seed: 1 });
    return `${does} ${version}`;
  } catch (error) {
    if (isHilError(error)) return `${error.exitCode} ${error.paragraph()}`;
    throw error;
  }
}

const NEW_BYTES = (bytes: number): Edit => ["generate_bytes: 9000", `generate_bytes: ${bytes}`];
const PRIMARY = "primary: { offset: 0x10000, bytes: 0x10000 }";
const SECONDARY = "secondary: { offset: 0x20000, bytes: 0x10000 }";

describe("before anything moves", () => {
  test("an image that is too long for the mode is refused with both lengths and the board's line", async () => {
    const text = await told([NEW_BYTES(58_000)]);
    expect(text).toMatch(
      /^2 .*small\.yaml, line 5: images\.new\.payload\.generate_bytes is an image that this bootloader/,
    );
    expect(text).toMatch(
      /would refuse: 0xe[0-9a-f]{3} bytes; swap using move takes 0xe000 here\. The board would print/,
    );
    expect(text).toContain('"E: Image in the secondary slot is not valid!". Nothing was moved.');
  });

  test.each([
    ["swap-move", 70_000, /swap using move takes 0xe000 here: no application takes it/],
    ["swap-offset", 70_000, /swap using offset takes 0xe000 here: no application takes it/],
    ["overwrite-only", 70_000, /overwrite only takes 0xff[0-9a-f]{2} here: no application takes it/],
    ["overwrite-only", 64_850, /overwrite only takes 0xff[0-9a-f]{2} here/],
  ])("%s refuses %i bytes with sizes, and nothing breaks", async (mode, bytes, reason) => {
    const edits =
      mode === "overwrite-only" ? [NEW_BYTES(bytes), ["revert_check: true\n", ""] as const] : [NEW_BYTES(bytes)];
    expect(await told(edits, [["mode: swap-move", `mode: ${mode}, validate_primary: true`]])).toMatch(reason);
  });

  test("the sizes of both slots count, each its own", async () => {
    const slots: Edit[] = [
      [PRIMARY, "primary: { offset: 0x10000, bytes: 0x12000 }"],
      [SECONDARY, "secondary: { offset: 0x22000, bytes: 0x11000 }"],
    ];
    // A signature in ASN.1 is 70 to 72 bytes long: the length at the border is not one number.
    const overhead = 512 + 300;
    expect(await told([NEW_BYTES(0x10000 - overhead)], slots)).toBe("installs 2.0.0");
    expect(await told([NEW_BYTES(0x10000)], slots)).toMatch(/swap using move takes 0x10000 here/);
  });

  test("what is expected to be refused is, for the reason that is named, or the run does not begin", async () => {
    const damage: Edit = ["generate_bytes: 9000 }", "generate_bytes: 9000 }, damage: body"];
    const plain: Edit = ["revert_check: true\n", ""];
    const expecting = (line: string): Edit => ["cuts:", `expect: ${line}\ncuts:`];
    expect(await told([damage, plain])).toBe("refused 2.0.0");
    expect(await told([damage, plain, expecting("refused")])).toBe("refused 2.0.0");
    expect(await told([damage, plain, expecting('{ refused: "hash" }')])).toBe("refused 2.0.0");
    const other = await told([damage, plain, expecting('{ refused: "signing key" }')]);
    expect(other).toMatch(/^2 .*: expect wants it refused for "signing key", and .* refuse it: its hash does not fit/);
    expect(await told([damage, plain, expecting("upgrade")])).toMatch(/would refuse: its hash does not fit its bytes/);
    expect(await told([plain, expecting("refused")])).toMatch(
      /wants "refused", and the bootloader would install it\. Nothing/,
    );
    expect(await told([plain, NEW_BYTES(70_000), expecting("refused")])).toMatch(/the image never gets there: 0x11/);
    const noCut: Edit = ["count: 4", "count: 0"];
    expect(await told([damage, plain, noCut, expecting("no boot")])).toMatch(
      /wants "no boot", and the bootloader would/,
    );
  });

  test("a campaign to and fro is refused where only to goes: both versions are named", async () => {
    const prevents: Edit = ["mode: swap-move", "mode: swap-move, downgrade_prevention: true"];
    const text = await told([], [prevents]);
    expect(text).toMatch(/images\.old.*not put back after the upgrade: it is 1\.0\.0\+0, older than 2\.0\.0\+0/);
    expect(text).toContain('"I: Image 0 in slot 1 erased due to downgrade prevention". A campaign goes to and fro');
    const there: Edit[] = [
      ["revert_check: true", "revert_check: false"],
      ["cuts:", "start: { flash_each: true }\ncuts:"],
    ];
    expect(await told(there, [prevents])).toBe("installs 2.0.0");
    const back: Edit[] = [
      ['"2.0.0"', '"0.9.0"'],
      ['"1.0.0"', '"3.0.0"'],
    ];
    expect(await told(back, [prevents])).toMatch(/images\.new.*it is 0\.9\.0\+0, older than 3\.0\.0\+0/);
  });

  test("an old image that cannot run is refused, too: a campaign starts from it", async () => {
    const old: Edit = ["generate_bytes: 6000", "generate_bytes: 70000"];
    expect(await told([old])).toMatch(/^2 .*line 4: images\.old\..* takes 0xe000 here.*starts from an image that runs/);
  });
});

describe("a run of an image that is expected to be refused", () => {
  test("passes, and says of every verdict why the image is refused", async () => {
    const scenario = smallScenario(
      ["generate_bytes: 9000 }", "generate_bytes: 9000 }, damage: signature"],
      ["revert_check: true\n", ""],
    );
    const outcome = await smallRun({ scenario });
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ outcome: "pass", cutsJudged: 4, endings: { kept: 4 } });
    const because = eventsOf(outcome.events, "verdict").map(({ verdict }) => verdict.because);
    expect(because).toHaveLength(5);
    for (const text of because.slice(0, 1)) {
      expect(text).toBe(
        "the image in slot 1 was asked for and is refused: its signature is wrong; so the old image stays.",
      );
    }
    expect(because.join(" ")).not.toContain("nothing is asked for");
  });
});
