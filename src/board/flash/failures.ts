import { parseJson } from "../../core/index.ts";

/** What went wrong, so far as a tool's words tell; and what helps. Matched in order, loosely: wording changes. */
const FLASH_FAILURES = [
  {
    class: "protected",
    texts: [
      "NotAvailableBecauseProtection",
      "NotAvailableBecauseSecureApProtection",
      "access port is protected",
      "readback protection",
      "access protection is enabled",
    ],
    exits: { nrfjprog: [16] },
    codes: [24],
    retries: 0,
    hint: "The core is locked: recover the network core, then the application core; that erases both.",
  },
  {
    class: "wrong family",
    texts: ["wrong family", "not in family"],
    exits: { nrfjprog: [17, 18] },
    codes: [],
    retries: 0,
    hint: "The serial number belongs to a board with another chip.",
  },
  {
    class: "no probe",
    texts: [
      "no debugger connected",
      "no debuggers were discovered",
      "unable to connect to a debugger",
      "does not match the expected serial",
      "found 0 supported devices",
      "no probe",
      "no available debug probes",
    ],
    exits: {},
    codes: [],
    retries: 1,
    hint: "Check the J-Link's cable and the serial number in the profile; a powered shield on P19 or P20 hides the SoC.",
  },
  {
    class: "busy",
    texts: ["cannot connect to J-Link via USB", "JLinkARM DLL reported an error", "JLINKARM_DLL_TIME_OUT_ERROR"],
    exits: { nrfjprog: [33] },
    codes: [],
    retries: 3,
    hint: "End whatever else uses this J-Link (RTT viewer, debugger, nRF Connect), or unplug it and plug it in.",
  },
  {
    class: "not attached",
    texts: ["failed to attach to target", "could not connect to target", "cannot connect to target"],
    exits: {},
    codes: [],
    retries: 0,
    hint: "The SoC does not answer its debugger: is its power on? A relay left open looks like this.",
  },
  {
    class: "not verified",
    texts: ["verify failed", "contents do not match", "VerifyFailed"],
    exits: { nrfjprog: [55] },
    codes: [25],
    retries: 1,
    hint: "The flash does not hold what was written: check the supply, and the wear of this board.",
  },
] as const satisfies readonly {
  readonly class: string;
  /** In any case. */
  readonly texts: readonly string[];
  readonly exits: Readonly<Record<string, readonly number[]>>;
  /** nrfutil's error codes. */
  readonly codes: readonly number[];
  readonly retries: number;
  readonly hint: string;
}[];

type FlashFailure = (typeof FLASH_FAILURES)[number];

interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
}

/** The error of nrfutil's `task_end` lines; undefined when every task succeeded. */
export function nrfutilError(output: string): { readonly code: number | undefined; readonly text: string } | undefined {
  for (const line of output.split("\n")) {
    const { type, data } = messageOfLine(line);
    if (type !== "task_end" || data?.result === "success") continue;
    const text = data?.error?.description ?? data?.message ?? "a task failed";
    return { code: data?.error?.code, text };
  }
  return undefined;
}

interface NrfutilLine {
  readonly type?: string;
  readonly data?: {
    readonly result?: string;
    readonly message?: string;
    readonly error?: { readonly code?: number; readonly description?: string };
  };
}

function messageOfLine(line: string): NrfutilLine {
  if (!line.startsWith("{")) return {};
  try {
    return parseJson(line) as NrfutilLine;
  } catch {
    return {};
  }
}

/** True when a run failed: by its exit, by nrfutil's lines, or by texts of tools that end with 0 all the same. */
export function failed(tool: string, { exitCode, output }: Ended): boolean {
  if (exitCode !== 0) return true;
  if (tool === "nrfutil" && nrfutilError(output)) return true;
  return tool === "jlink" && /^(?:Cannot connect|Could not connect|FAILED|Error:|Unknown command)/im.test(output);
}

/** The class of a failed run; undefined for one that no row knows. */
export function failureOf(tool: string, { exitCode, output }: Ended): FlashFailure | undefined {
  const code = nrfutilError(output)?.code;
  const said = output.toLowerCase();
  return FLASH_FAILURES.find(
    (row) =>
      ((row.exits as Readonly<Record<string, readonly number[]>>)[tool] ?? []).includes(exitCode ?? -1) ||
      (tool === "nrfutil" && code !== undefined && (row.codes as readonly number[]).includes(code)) ||
      row.texts.some((text) => said.includes(text.toLowerCase())),
  );
}
