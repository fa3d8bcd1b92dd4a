import { describe, expect, test } from "@jest/globals";
import { FAULTS, tryFault } from "../../cli/testing/lab/faults.ts";
import { hasPostgres, NO_POSTGRES } from "../../cli/testing/lab/private-postgres.ts";
import { labNode, NO_LAB_NODE } from "../../cli/testing/lab-program.ts";

const node = labNode();
const lacking = node === undefined ? NO_LAB_NODE : hasPostgres() ? undefined : NO_POSTGRES;
const withLab = lacking === undefined ? describe : describe.skip;

/** A sample of what scripts/nightly/lab-faults.ts tries, and how often. */
const SAMPLE = [["agent-kills", { times: 2, seconds: 0 }]] as const;

withLab(`a lab on PostgreSQL loses no job and runs none twice${lacking === undefined ? "" : ` (${lacking})`}`, () => {
  test.each(SAMPLE)(
    "through %s",
    async (name, extent) => {
      const fault = FAULTS.find((row) => row.name === name);
      if (fault === undefined) throw new Error(`no fault ${name}`);
      expect(await tryFault(fault, node ?? "", extent)).toMatch(/none run twice/);
    },
    240_000,
  );
});
