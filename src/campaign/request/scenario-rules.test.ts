import { describe, expect, test } from "@jest/globals";
import { isHilError } from "../../core/index.ts";
import { type Edit, edited, smallProfile } from "../testing/small-campaign.ts";
import { parseScenario, type ScenarioFile } from "./scenario.ts";
import { checkFields } from "./scenario-rules.ts";

const SCENARIO = `schema: 1
name: fields
images:
  old: { version: "1.0.0", payload: { generate_bytes: 6000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 9000 } }
cuts: { count: 4 }
`;
const NETWORK = `  network:
    old: { version: "1.0.0", payload: { generate_bytes: 4000 } }
    new: { version: "2.0.0", payload: { generate_bytes: 4000 } }
`;

const scenario = (...edits: readonly Edit[]): ScenarioFile => parseScenario(edited(SCENARIO, edits), "fields.yaml");

function complaint(file: ScenarioFile, board = smallProfile()): string {
  try {
    checkFields(file, board);
    return "heard";
  } catch (error) {
    if (isHilError(error)) return `${error.exitCode} ${error.paragraph()}`;
    throw error;
  }
}

const NO_FLASHER: readonly Edit[] = [
  ["provider: twin", "provider: hardware"],
  [/app: \{ path: .*? \} \}/, 'app: { path: "/dev/ttyACM0", baud_rate: 1000000 } }'],
  ['path: "twin:relay"', 'path: "/dev/ttyUSB0"'],
  ["twin: { faults: [] }\n", ""],
];

describe("nothing that a scenario names is passed over", () => {
  test.each<readonly [string, Edit, readonly Edit[]]>([
    ["images.new.payload.append_bytes", ["generate_bytes: 9000", "generate_bytes: 9000, append_bytes: 5"], []],
    ["images.old.payload.append_bytes", ["generate_bytes: 6000", "image: a.bin, append_bytes: 5"], []],
    ["images.network", ["cuts:", `${NETWORK}cuts:`], []],
    [
      "images.new.depends_on",
      ["generate_bytes: 9000 }", 'generate_bytes: 9000 }, depends_on: [{ image: 1, version: "1" }]'],
      [],
    ],
    [
      "images.old.depends_on",
      ["generate_bytes: 6000 }", 'image: a.bin }, depends_on: [{ image: 1, version: "1" }]'],
      [],
    ],
    ["cuts.at_ms", ["count: 4", "at_ms: [5], in: upload"], []],
    ["cuts.pairs", ["count: 4", "pairs: 5, in: request"], []],
    ["cuts.operations", ["count: 4", "operations: [[5]], in: upload"], []],
    ["cuts.every", ["count: 4", "every: erase, in: request"], []],
    ["boots_after", ["count: 4 }", "count: 4, in: upload }\nboots_after: 1"], []],
    ["boots_after", ["count: 4 }", "count: 0 }\nboots_after: 1"], []],
    ["start.flash_each", ["cuts:", "start: { flash_each: true }\ncuts:"], NO_FLASHER],
    ["start.padded", ["cuts:", "start: { padded: true }\ncuts:"], NO_FLASHER],
    ["revert_check", ["cuts:", "request: permanent\nrevert_check: true\ncuts:"], []],
    ["revert_check", ["cuts:", "expect: refused\nrevert_check: true\ncuts:"], []],
    ["revert_check", ["cuts:", "revert_check: true\ncuts:"], [["swap-move", "overwrite-only"]]],
    ["cuts.in", ["count: 4 }", "count: 4, in: revert }\nrequest: permanent"], []],
    ["cuts.in", ["count: 4 }", "count: 4, in: revert }\nexpect: refused"], []],
    ["cuts", ["cuts:", "expect: no boot\ncuts:"], []],
    ["expect", ["count: 4 }", "count: 0 }\nexpect: no boot\nrequest: permanent"], NO_FLASHER],
  ])("%s after %j", (field, edit, profile) => {
    expect(complaint(scenario(edit), smallProfile(...profile))).toMatch(
      new RegExp(`^2 fields\\.yaml, line \\d+: ${field.replaceAll(".", String.raw`\.`)} .`),
    );
  });

  test.each<readonly [string, readonly Edit[]]>([
    ["the plainest one", [["fields", "fine"]]],
    ["what may be longer", [["generate_bytes: 9000", "file: a.bin, append_bytes: 5"]]],
    ["cuts of a request by count", [["count: 4", "count: 4, in: request"]]],
    ["a check of the revert", [["cuts:", "revert_check: true\ncuts:"]]],
    ["an image that does not boot", [["count: 4 }", "count: 0 }\nexpect: no boot"]]],
    ["boots after cuts", [["cuts:", "boots_after: 2\ncuts:"]]],
    ["what a flasher does", [["cuts:", "start: { flash_each: true, padded: true }\ncuts:"]]],
  ])("and %s is heard", (_, edits) => {
    expect(complaint(scenario(...edits))).toBe("heard");
  });
});
