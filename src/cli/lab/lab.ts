import { EXIT, nearest, UsageError } from "../../core/index.ts";
import { type LabClient, ROLES, reservationWords } from "../../lab/index.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import { durationMs } from "../terminal/duration.ts";
import type { CliIo } from "../terminal/io.ts";
import { LAB_OPTIONS, labOf } from "./connection.ts";
import { labDemo } from "./demo.ts";
import { LabTools, serveTools } from "./mcp.ts";
import { JOB_OPTIONS, sentJob } from "./sent-job.ts";
import { SERVE_OPTIONS, serveLab } from "./serve.ts";
import { boardsText, jobText, schedulesText } from "./words.ts";

const OPTIONS = {
  ...SERVE_OPTIONS,
  demo: { type: "boolean", describe: "a night of three simulated boards, one of them broken, and its morning page" },
  why: { type: "string", describe: "reserve: what for" },
  "time-zone": { type: "string", describe: "schedule add: of its times, like Europe/Berlin", default: "UTC" },
  "all-boards": { type: "boolean", describe: "schedule add: a job for each board that fits, not one for any of them" },
  ...JOB_OPTIONS,
  role: { type: "string", describe: `token add: ${ROLES.join(", ")}`, default: "submit" },
  submits: { type: "boolean", describe: "mcp: also tools that submit and cancel" },
  ...LAB_OPTIONS,
} as const satisfies OptionRows;

const USAGE =
  "hil lab [boards | reserve BOARD 2h | unreserve BOARD | ok BOARD | cancel JOB | pool set|remove|list … | schedule add|remove|list … | token add|remove|list … | mcp] [options]";

interface Asked {
  readonly lab: LabClient;
  readonly words: readonly string[];
  readonly args: Parsed;
  readonly io: CliIo;
}

interface Verb {
  /** What it wants behind its name: one way, or several by the first word. */
  readonly wants: readonly string[] | Readonly<Record<string, readonly string[]>>;
  /** Asks the lab; returns its answer, and the same as text. */
  readonly act: (asked: Asked) => Promise<{ readonly value: unknown; readonly text: string }>;
}

const VERBS: Readonly<Record<string, Verb>> = {
  boards: {
    wants: [],
    act: async ({ lab, io }) => {
      const { signal } = io;
      const [value, me] = await Promise.all([lab.call("boards", { signal }), lab.call("me", { signal })]);
      const soon = reservationWords(value, me.name).map((text) => `${text}\n`);
      return { value, text: `${boardsText(value)}${soon.join("")}` };
    },
  },
  reserve: {
    wants: ["BOARD", "2h"],
    act: async ({ lab, words: [board = "", time = ""], args, io }) => {
      const why = args.text("why");
      if (why === undefined) throw new UsageError("a reservation says what for.", 'hil lab reserve BOARD 2h --why "…"');
      const body = { seconds: Math.max(1, Math.round(durationMs("reserve", time) / 1000)), why };
      return boardAnswer(await lab.call("reserve", { path: { board }, body, signal: io.signal }));
    },
  },
  unreserve: {
    wants: ["BOARD"],
    act: async ({ lab, words: [board = ""], io }) =>
      boardAnswer(await lab.call("unreserve", { path: { board }, body: {}, signal: io.signal })),
  },
  ok: {
    wants: ["BOARD"],
    act: async ({ lab, words: [board = ""], io }) =>
      boardAnswer(await lab.call("ok", { path: { board }, body: {}, signal: io.signal })),
  },
  cancel: {
    wants: ["JOB"],
    act: async ({ lab, words: [job = ""], io }) => {
      const value = await lab.call("cancel", { path: { job }, body: {}, signal: io.signal });
      return { value, text: jobText(value) };
    },
  },
  pool: { wants: { set: ["TAG", "4"], remove: ["TAG"], list: [] }, act: pool },
  schedule: { wants: { add: ["NAME", "'0 2 * * *'", "SCENARIO"], remove: ["NAME"], list: [] }, act: schedule },
  token: { wants: { add: ["NAME"], remove: ["NAME"], list: [] }, act: token },
};

/** `hil lab`: without a word the server; with one, a question to it. */
export async function labCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, USAGE, OPTIONS, 5);
  if (!args) return EXIT.pass;
  const [name, ...words] = args.positional;
  if (args.flag("demo")) {
    if (name !== undefined) throw new UsageError(`hil lab --demo wants no "${name}".`, "See hil lab --help.");
    return labDemo(args, io);
  }
  if (name === undefined) return serveLab(args, io);
  if (name === "mcp" && words.length === 0) {
    await serveTools(new LabTools(labOf(args, io), io, args.flag("submits")), io);
    return EXIT.pass;
  }
  const verb = VERBS[name];
  if (verb === undefined) {
    const near = nearest(name, Object.keys(VERBS));
    const hint = near === undefined ? `It has ${Object.keys(VERBS).join(", ")}.` : `Did you mean "hil lab ${near}"?`;
    throw new UsageError(`hil lab has no "${name}".`, hint);
  }
  const complaint = wrongWords(name, verb.wants, words);
  if (complaint !== undefined) throw new UsageError(complaint, "See hil lab --help.");
  const { value, text } = await verb.act({ lab: labOf(args, io), words, args, io });
  io.out(args.flag("json") ? `${JSON.stringify(value, undefined, 2)}\n` : text);
  return EXIT.pass;
}

const boardAnswer = (value: Parameters<typeof boardsText>[0][number]) => ({ value, text: boardsText([value]) });

/** What is wrong with the words behind a verb; undefined when nothing is. */
function wrongWords(name: string, wants: Verb["wants"], words: readonly string[]): string | undefined {
  if (!Array.isArray(wants)) {
    const ways = Object.entries(wants);
    const way = ways.find(([word]) => word === words[0]);
    if (way === undefined) return `hil lab ${name} wants ${ways.map(([word]) => word).join(", ")}.`;
    const [word, more] = way;
    return wrongWords(`${name} ${word}`, more, words.slice(1));
  }
  return words.length === wants.length ? undefined : `hil lab ${name} wants ${wants.join(" ") || "nothing more"}.`;
}

async function schedule({ lab, words: [what = "", name = "", cron = "", named = ""], args, io }: Asked) {
  if (what === "add") {
    const job = await sentJob(named, args, () => lab, io);
    const timeZone = args.text("time-zone") ?? "UTC";
    const body = { name, cron, timeZone, allBoards: args.flag("all-boards"), job };
    await lab.call("addSchedule", { body, signal: io.signal });
  }
  if (what === "remove") await lab.call("removeSchedule", { path: { name }, signal: io.signal });
  const value = await lab.call("schedules", { signal: io.signal });
  return { value, text: schedulesText(value) };
}

async function pool({ lab, words: [what = "", tag = "", most = ""], io }: Asked) {
  const { signal } = io;
  if (what === "set") {
    if (!/^\d{1,3}$/.test(most))
      throw new UsageError(`"${most}" is no number of boards.`, "hil lab pool set usb-hub-2 4");
    await lab.call("setPool", { body: { tag, most: Number(most) }, signal });
  }
  if (what === "remove") await lab.call("removePool", { path: { tag }, signal });
  const value = await lab.call("pools", { signal });
  return { value, text: value.map((row) => `${row.tag}  ${row.most} at once\n`).join("") || "no pools\n" };
}

async function token({ lab, words: [what = "", name = ""], args, io }: Asked) {
  if (what === "list") {
    const value = await lab.call("tokens", { signal: io.signal });
    return { value, text: value.map((row) => `${row.name}  ${row.role}\n`).join("") };
  }
  if (what === "remove") {
    const value = await lab.call("removeToken", { path: { name }, signal: io.signal });
    return { value, text: `${name} has no token any more\n` };
  }
  const role = ROLES.find((known) => known === (args.text("role") ?? "submit"));
  if (role === undefined) throw new UsageError(`--role is one of ${ROLES.join(", ")}.`, "See hil lab --help.");
  const value = await lab.call("addToken", { body: { name, role }, signal: io.signal });
  return { value, text: `${value.token}\n` };
}
