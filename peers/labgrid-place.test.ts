import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { acquirePlace } from "../src/board/lease/labgrid-place.ts";
import { RealClock } from "../src/core/index.ts";
import { PYTHON } from "./smp-tools.ts";

const client = resolve(dirname(PYTHON), "labgrid-client");
const isThere = existsSync(client);

(isThere ? describe : describe.skip)(
  `labgrid${isThere ? "" : ", SKIPPED: install .ci/peers.txt into HIL_PEERS_VENV"}`,
  () => {
    test("a place of its own coordinator is ours while we hold it, and nobody's after; one that is held is refused", async () => {
      const folder = mkdtempSync(join(tmpdir(), "hil-labgrid-place-"));
      const coordinator = "127.0.0.1:20418";
      const server = spawn(join(dirname(client), "labgrid-coordinator"), ["-l", coordinator], { cwd: folder });
      let said = "";
      const isListening = new Promise<void>((resolve) => {
        const hear = (data: Buffer) => {
          said += data.toString();
          if (/Coordinator ready/.test(said)) resolve();
        };
        server.stdout.on("data", hear);
        server.stderr.on("data", hear);
      });
      const place = (verb: string) =>
        execFileSync(client, ["-x", coordinator, "-p", "nrf", verb], { encoding: "utf8", cwd: folder });
      try {
        await isListening;
        place("create");
        const section = { place: "nrf", coordinator, program: client, timeoutMs: 30_000 };
        const acquire = () => acquirePlace(section, join(folder, "board.yaml"), new RealClock());
        {
          await using _ = await acquire();
          expect(place("show")).toMatch(/acquired: '?\S+\/\S+/);
          await expect(acquire()).rejects.toMatchObject({
            kind: "bench",
            message: expect.stringMatching(/did not acquire the place nrf: .*already acquired place nrf/),
          });
        }
        expect(place("show")).toMatch(/acquired: None/);
      } finally {
        server.kill();
        await once(server, "close");
        rmSync(folder, { recursive: true });
      }
    }, 120_000);
  },
);
