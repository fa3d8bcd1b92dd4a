import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cutVerdict, STARTED } from "../testing/record-folder.ts";
import { readEvent, readExchange } from "./recorded-event.ts";

describe("a line of a record", () => {
  test.each([
    ["no JSON", '{"event":"power",'],
    ["no object", "17"],
    ["no event", "{}"],
    ["a power that is neither on nor off", '{"atUs":1,"event":"power","state":"half","sentAtUs":1}'],
    ["a time beyond all clocks", '{"atUs":1e300,"event":"warning","text":"late"}'],
    ["a verdict without its ending", JSON.stringify(cutVerdict(1, 1_000_000, { ending: undefined }))],
    ["a text that is a number", JSON.stringify({ ...STARTED, scenario: 3 })],
  ])("with %s cannot be read", (_, line) => {
    expect(readEvent(line)).toBeUndefined();
  });

  test("of an event that a page has no use for is passed over", () => {
    expect(readEvent('{"atUs":1,"event":"confirmed","version":"1.0.0"}')).toBe("other");
    expect(readEvent('{"atUs":1,"event":"of a later version"}')).toBe("unknown");
  });

  test("has its control characters escaped and its length bounded", () => {
    const event = readEvent(
      JSON.stringify({ atUs: 1, event: "warning", text: `\u001b]0;a\u0007${"x".repeat(5_000)}` }),
    );
    expect(event).toMatchObject({ event: "warning", text: expect.stringContaining("\\u001b]0;a\\u0007xxx") });
    expect((event as { text: string }).text.length).toBeLessThan(2_100);
  });

  test("never throws, whatever is in it", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify({ event: "verdict", verdict: value })),
        ),
        (line) => {
          expect(() => [readEvent(line), readExchange(line)]).not.toThrow();
        },
      ),
    );
  });
});
