import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { spelledRun, unpackedRuns } from "../testing/page-block.ts";
import { cutVerdict, recordFolder, STARTED } from "../testing/record-folder.ts";
import { fitted, pageDocument } from "./page-document.ts";
import { recordedRun } from "./recorded-run.ts";

const CODE = { script: "document.title;", style: "body{}" };

function pageOf(scenario: string) {
  return recordedRun("runs/x", recordFolder([{ ...STARTED, scenario }, cutVerdict(1, 1_000_000)]));
}

describe("a page", () => {
  test("lets no script run but its own, by its digest, and loads nothing", () => {
    const html = pageDocument([pageOf("upgrade")], CODE, "1.2.3");
    const digest = createHash("sha256").update(CODE.script).digest("base64");
    const [, policy = ""] = /Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src 'sha256-${digest}'`);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(html).not.toMatch(/\b(src|href)=/);
  });

  test("holds any text as data: none of it is markup, and all of it comes back", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom("</script><script>", "<!--", "]]>", "\u2028")), (scenario) => {
        const page = pageOf(scenario);
        const html = pageDocument([page], CODE, "1.2.3");
        expect(html.match(/<script/g)).toHaveLength(2);
        expect(html.match(/<\/script>/g)).toHaveLength(2);
        expect(unpackedRuns(html)).toEqual([spelledRun(page)]);
      }),
    );
  });
});

describe("a page that would be too long", () => {
  const verdicts = Array.from({ length: 64 }, (_, at) =>
    cutVerdict(at + 1, (at + 1) * 1_000_000, { pass: at % 8 !== 0 }),
  );
  const log = verdicts.map(({ atUs }, at) => ({ atUs: atUs - 1, event: "boot-log", name: "line", text: `line ${at}` }));
  const page = recordedRun("runs/x", recordFolder([STARTED, ...verdicts.flatMap((verdict, at) => [log[at], verdict])]));
  const jsonBytes = (pages: readonly (typeof page)[]) => Buffer.byteLength(JSON.stringify(pages));
  const bytes = jsonBytes([page]);
  const laned = (pages: readonly (typeof page)[], pass: boolean) =>
    pages[0]?.judged.filter((row) => row.pass === pass && row.lane !== undefined).length;

  test("leaves the lines of every other passed verdict to the record, and says so", () => {
    const less = fitted([page], bytes - 100, jsonBytes);
    expect([laned(less, true), laned(less, false)]).toEqual([28, 8]);
    expect(less[0]?.leftOut).toEqual([
      "To keep this page small, the axis of 28 verdicts has no lines: they are in the record.",
    ]);
    expect(less[0]?.judged).toHaveLength(64);
  });

  test("keeps those of failed verdicts longest", () => {
    const least = fitted([page], bytes - 2_600, jsonBytes);
    expect(laned(least, true)).toBeLessThan(4);
    expect(laned(least, false)).toBe(8);
    expect(laned(fitted([page], 10, jsonBytes), false)).toBe(0);
  });

  test("is measured as the document holds it: deflated", () => {
    expect(fitted([page], bytes / 2)).toEqual([page]);
  });

  test("is left as it is when it fits", () => {
    expect(fitted([page], bytes, jsonBytes)).toEqual([page]);
  });
});
