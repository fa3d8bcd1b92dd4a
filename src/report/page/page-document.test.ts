import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cutVerdict, recordFolder, STARTED } from "../testing/record-folder.ts";
import { fitted, pageDocument } from "./page-document.ts";
import { recordedRun } from "./recorded-run.ts";
import type { PageData } from "./run-page.ts";

const CODE = { script: "document.title;", style: "body{}" };

function pageOf(scenario: string) {
  return recordedRun("runs/x", recordFolder([{ ...STARTED, scenario }, cutVerdict(1, 1_000_000)]));
}

/** The data that a page's code would read. */
function dataOf(html: string): PageData {
  const [, json = ""] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  return JSON.parse(json) as PageData;
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
        expect(dataOf(html).runs).toEqual(JSON.parse(JSON.stringify([page])));
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
  const bytes = Buffer.byteLength(JSON.stringify([page]));
  const laned = (pages: readonly (typeof page)[], pass: boolean) =>
    pages[0]?.judged.filter((row) => row.pass === pass && row.lane !== undefined).length;

  test("leaves the lines of every other passed verdict to the record, and says so", () => {
    const less = fitted([page], bytes - 100);
    expect([laned(less, true), laned(less, false)]).toEqual([28, 8]);
    expect(less[0]?.leftOut).toEqual([
      "To keep this page small, the axis of 28 verdicts has no lines: they are in the record.",
    ]);
    expect(less[0]?.judged).toHaveLength(64);
  });

  test("keeps those of failed verdicts longest", () => {
    const least = fitted([page], bytes - 2_600);
    expect(laned(least, true)).toBeLessThan(4);
    expect(laned(least, false)).toBe(8);
    expect(laned(fitted([page], 10), false)).toBe(0);
  });

  test("is left as it is when it fits", () => {
    expect(fitted([page], bytes)).toEqual([page]);
  });
});
