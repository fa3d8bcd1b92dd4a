import { join } from "node:path";
import { parseProfile } from "../../board/index.ts";
import { parseScenario, run } from "../../campaign/index.ts";
import { isHilError, makeFolder, messageOf } from "../../core/index.ts";
import type { CampaignTexts } from "../../field/index.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";

/** What the simulated board did when the case was run on it. */
export interface TwinChecked {
  /** The run's record, which `hil replay` runs again. */
  readonly folder: string | undefined;
  readonly outcome: "pass" | "fail" | "not run";
  /** Of a failure: what was found, as the verdict has it. */
  readonly found: readonly string[];
}

/** Runs a case as a campaign on the simulated board, in virtual time. */
export async function checkOnTwin(texts: CampaignTexts, folder: string, io: CliIo): Promise<TwinChecked> {
  try {
    makeFolder(folder);
    const board = parseProfile(texts.profile, join(folder, "profile.yaml"));
    const scenario = parseScenario(texts.scenario, join(folder, "scenario.yaml"));
    const {
      result,
      events,
      folder: record,
    } = await run({
      scenario,
      board,
      seed: 1,
      failFast: false,
      runsRoot: folder,
      version: ownVersion(),
      signal: io.signal,
    });
    const failed = events.flatMap((event) => (event.event === "verdict" && !event.verdict.pass ? [event.verdict] : []));
    const outcome = result.outcome === "fail" ? "fail" : result.outcome === "pass" ? "pass" : "not run";
    return { folder: record, outcome, found: failed.map(({ found, because }) => `${found}; ${because}`) };
  } catch (error) {
    if (!isHilError(error) || error.kind === "interrupted") throw error;
    return { folder: undefined, outcome: "not run", found: [messageOf(error)] };
  }
}
