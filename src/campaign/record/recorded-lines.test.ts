import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { eventsIn } from "./recorded-lines.ts";

test("no event of a record is read once its reader says that it is over", () => {
  const folder = mkdtempSync(join(tmpdir(), "hil-lines-"));
  try {
    const warning = (text: string) => JSON.stringify({ atUs: 1, event: "warning", text });
    writeFileSync(join(folder, "events.jsonl"), [warning("a"), "noise", warning("b"), "over", "noise", ""].join("\n"));
    const seen: string[] = [];
    const takes = (line: string) => {
      seen.push(line);
      return line === "over" ? "over" : line !== "noise";
    };
    const texts = [...eventsIn(folder, takes)].map((event) => event.event === "warning" && event.text);
    expect(texts).toEqual(["a", "b"]);
    expect(seen.at(-1)).toBe("over");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
