import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { loadScenario, namedFiles } from "../../campaign/index.ts";
import { entryAt, isBelow, isHilError, messageOf, parseJson, UsageError } from "../../core/index.ts";
import type { LabClient } from "../../lab/index.ts";
import { parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";
import { JOB_OPTIONS, sentJob } from "./sent-job.ts";
import { boardsText, jobsText, jobText, schedulesText } from "./words.ts";

/**
 * Revisions of the Model Context Protocol that begin with `initialize`, newest first; a client that asks for another one
 * is offered the newest. Source: modelcontextprotocol.io, specification, "Lifecycle" and "Transports" (stdio: a message
 * a line), "Tools".
 */
const REVISIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const;
/** Codes of JSON-RPC 2.0, section 5.1. */
const FAULT = { parse: -32_700, request: -32_600, method: -32_601, params: -32_602 } as const;
/** Longer lines are no requests. */
const LINE_CHARS_MAX = 1024 * 1024;

interface Said {
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Tool<S extends z.ZodObject = z.ZodObject> {
  readonly about: string;
  readonly input: S;
  /** It changes something: offered only where that was asked for. */
  readonly writes: boolean;
  readonly call: (args: z.output<S>, lab: LabClient, io: CliIo) => Promise<Said>;
}

/** A row whose call has the types of its input. */
const tool = <S extends z.ZodObject>(row: Tool<S>): Tool => ({
  ...row,
  call: (args, lab, io) => row.call(row.input.parse(args), lab, io),
});
const job = z.union([z.int().min(1), z.string().max(40)]).describe("number of the job");

const TOOLS: Readonly<Record<string, Tool>> = {
  boards: tool({
    about: "The boards of the lab: state, job, why, since when, what comes next, tags.",
    input: z.strictObject({}),
    writes: false,
    call: async (_, lab, { signal }) => {
      const boards = await lab.call("boards", { signal });
      return { text: boardsText(boards), value: { boards } };
    },
  }),
  jobs: tool({
    about: "Jobs of the lab with their states, and why those that wait do so; those that have ended, too, with all.",
    input: z.strictObject({ all: z.boolean().default(false), last: z.int().min(1).max(500).default(50) }),
    writes: false,
    call: async ({ all, last }, lab, { signal }) => {
      const jobs = await lab.call("jobs", { query: { open: !all, limit: last }, signal });
      return { text: jobsText(jobs), value: { jobs } };
    },
  }),
  job: tool({
    about: "One job: state, board, how it ended. With wait: answers when it has ended, or after so many seconds.",
    input: z.strictObject({ job, wait: z.int().min(0).max(25).default(0) }),
    writes: false,
    call: async ({ job: named, wait }, lab, { signal }) => {
      const found = await lab.call("job", { path: { job: named }, query: { wait }, signal });
      return { text: jobText(found), value: { job: found } };
    },
  }),
  schedules: tool({
    about: "Jobs that come by themselves.",
    input: z.strictObject({}),
    writes: false,
    call: async (_, lab, { signal }) => {
      const schedules = await lab.call("schedules", { signal });
      return { text: schedulesText(schedules), value: { schedules } };
    },
  }),
  submit: tool({
    about: "Submits a scenario: one that ships with hil (encrypted-upgrade), or a file in the folder of this server.",
    input: z.strictObject({
      scenario: z.string().min(1).max(400),
      on: z.string().max(500).optional().describe("which board: tags with & | ! and parentheses"),
      cuts: z.int().min(0).max(100_000).optional().describe("spread so many power cuts over the swap"),
      priority: z.int().min(-100).max(100).optional(),
    }),
    writes: true,
    call: async ({ scenario, ...options }, lab, io) => {
      await requireInside(scenario, io.cwd);
      const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}=${value}`]);
      const args = parseArguments(io, flags, "hil lab mcp", JOB_OPTIONS, 0);
      if (args === undefined) throw new UsageError("a job wants options.", "See hil submit --help.");
      const made = await lab.call("submit", { body: await sentJob(scenario, args, () => lab, io), signal: io.signal });
      return { text: jobText(made), value: { job: made } };
    },
  }),
  cancel: tool({
    about: "Cancels a job of one's own: a run that is under way stops, with its bench left safe.",
    input: z.strictObject({ job }),
    writes: true,
    call: async ({ job: named }, lab, { signal }) => {
      const ended = await lab.call("cancel", { path: { job: named }, body: {}, signal });
      return { text: jobText(ended), value: { job: ended } };
    },
  }),
};

/**
 * Whoever asks is a program that others' texts may lead astray: it sends no file that lies elsewhere.
 * @throws UsageError.
 */
async function requireInside(named: string, cwd: string): Promise<void> {
  // Its own files lie beside it.
  if (/^[\w-]+$/.test(named) && entryAt(join(cwd, named)) === undefined) return;
  const root = realpathSync(cwd);
  const isOutside = (path: string) => entryAt(path) !== undefined && !isBelow(realpathSync(path), root);
  const refusal = new UsageError(
    `${named} lies outside the folder of this server, or names files that do.`,
    "Start hil lab mcp in their folder.",
  );
  // Not even read: what is wrong with a file would be told with its words.
  if (isOutside(resolve(cwd, named))) throw refusal;
  if (namedFiles(await loadScenario(named, cwd)).some(isOutside)) throw refusal;
}

const REQUEST = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
});
const CALL = z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()).default({}) });

/** A lab's API as tools of the Model Context Protocol: a request a line, an answer a line. */
export class LabTools {
  readonly #lab: LabClient;
  readonly #io: CliIo;
  readonly #tools: ReadonlyMap<string, Tool>;

  /** @param writes whether tools that change something are offered. The token's role decides in any case. */
  constructor(lab: LabClient, io: CliIo, writes: boolean) {
    this.#lab = lab;
    this.#io = io;
    this.#tools = new Map(Object.entries(TOOLS).filter(([, row]) => writes || !row.writes));
  }

  /** The answer to a line, as a line; undefined where none is due. */
  async answer(line: string): Promise<string | undefined> {
    let text: unknown;
    try {
      text = parseJson(line);
    } catch {
      return told(null, { error: { code: FAULT.parse, message: "this is no JSON" } });
    }
    const request = REQUEST.safeParse(text);
    if (!request.success) return told(null, { error: { code: FAULT.request, message: "this is no request" } });
    const { id, method, params = {} } = request.data;
    // Notifications are heard, and not answered.
    return id === undefined ? undefined : told(id, await this.#result(method, params));
  }

  async #result(method: string, params: Readonly<Record<string, unknown>>): Promise<Outcome> {
    switch (method) {
      case "initialize": {
        const asked = params["protocolVersion"];
        return {
          result: {
            protocolVersion: REVISIONS.find((known) => known === asked) ?? REVISIONS[0],
            capabilities: { tools: {} },
            serverInfo: { name: "mcuboot-hil", version: ownVersion() },
          },
        };
      }
      case "ping":
        return { result: {} };
      case "tools/list":
        return { result: { tools: [...this.#tools].map(described) } };
      case "tools/call":
        return this.#call(params);
      default:
        return { error: { code: FAULT.method, message: `there is no ${method.slice(0, 80)}` } };
    }
  }

  async #call(params: Readonly<Record<string, unknown>>): Promise<Outcome> {
    const call = CALL.safeParse(params);
    const row = call.success ? this.#tools.get(call.data.name) : undefined;
    if (!call.success || row === undefined) return { error: { code: FAULT.params, message: "there is no such tool" } };
    const args = row.input.safeParse(call.data.arguments);
    if (!args.success) return { result: refused(z.prettifyError(args.error)) };
    try {
      const { text, value } = await row.call(args.data, this.#lab, this.#io);
      return { result: { content: [{ type: "text", text }], structuredContent: value } };
    } catch (error) {
      if (!isHilError(error)) throw error;
      return { result: refused([messageOf(error), error.hint].join(" ").trim()) };
    }
  }
}

type Outcome =
  | { readonly result: Readonly<Record<string, unknown>> }
  | { readonly error: { readonly code: number; readonly message: string } };

const refused = (text: string) => ({ content: [{ type: "text", text }], isError: true });

function described([name, { about, input, writes }]: readonly [string, Tool]) {
  const { $schema: _, ...inputSchema } = z.toJSONSchema(input, { io: "input" }) as Record<string, unknown>;
  return { name, description: about, inputSchema, annotations: { readOnlyHint: !writes } };
}

/** In ASCII: what boards and people call themselves is text to whoever shows it. */
function told(id: string | number | null, outcome: Outcome): string {
  const text = JSON.stringify({ jsonrpc: "2.0", id, ...outcome });
  return text.replaceAll(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Serves tools on standard input and output, until the input ends or the signal. */
export async function serveTools(tools: LabTools, io: CliIo): Promise<void> {
  await using keyboard = io.openKeyboard?.();
  if (keyboard === undefined)
    throw new UsageError("hil lab mcp wants requests on its standard input.", "A client starts it.");
  const write = (line: string) => io.outBytes?.(Buffer.from(`${line}\n`, "ascii"));
  let begun = "";
  for await (const chunk of keyboard.chunks) {
    const lines = `${begun}${Buffer.from(chunk).toString("latin1")}`.split("\n");
    begun = lines.pop() ?? "";
    if (begun.length > LINE_CHARS_MAX) throw new UsageError("a request has more than a million characters.", "");
    for (const line of lines) {
      if (line.trim() === "") continue;
      const answer = await tools.answer(Buffer.from(line, "latin1").toString("utf8"));
      if (answer !== undefined) write(answer);
    }
    if (io.signal.aborted) return;
  }
}
