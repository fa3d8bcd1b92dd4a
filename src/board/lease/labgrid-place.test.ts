import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { RealClock } from "../../core/index.ts";
import { LABGRID_SECTION } from "../profile/schema.ts";
import { acquirePlace } from "./labgrid-place.ts";

/** What a coordinator does for one place, in a file; and what was asked. */
const CLIENT = `#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >> asked
for verb; do :; done
case "$verb" in
  acquire) [ -e held ] && { echo "noise"; echo "Error: place nrf is already acquired by host-b/ann" >&2; exit 1; }; : > held ;;
  release) rm held ;;
esac
`;

describe("a place of labgrid", () => {
  const folder = mkdtempSync(join(tmpdir(), "hil-place-"));
  const section = { place: "nrf", coordinator: "lab:20408", program: "./labgrid-client", timeoutMs: 30_000 };
  const file = join(folder, "board.yaml");
  const acquire = () => acquirePlace(section, file, new RealClock());

  beforeAll(() => {
    writeFileSync(join(folder, "labgrid-client"), CLIENT);
    chmodSync(join(folder, "labgrid-client"), 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("is acquired for a use of the board, refused to a second one by the name of who has it, and free after", async () => {
    {
      await using _ = await acquire();
      await expect(acquire()).rejects.toMatchObject({
        kind: "bench",
        message: expect.stringContaining("the place nrf: Error: place nrf is already acquired by host-b/ann"),
      });
    }
    await using _ = await acquire();
    const asked = readFileSync(join(folder, "asked"), "utf8").trim().split("\n");
    const [acquired, released] = ["acquire", "release"].map((verb) => `-x lab:20408 -p nrf ${verb}`);
    expect(asked).toEqual([acquired, acquired, released, acquired]);
  });

  test("a labgrid-client that is not there is the bench's fault, by its name", async () => {
    const absent = { ...section, program: "./no-labgrid-client" };
    await expect(acquirePlace(absent, file, new RealClock())).rejects.toMatchObject({
      kind: "bench",
      message: expect.stringContaining("no-labgrid-client"),
    });
  });

  test.each(["-p", "a b", ""])("%j is no name of a place", (place) => {
    expect(LABGRID_SECTION.safeParse({ place }).success).toBe(false);
  });
});
