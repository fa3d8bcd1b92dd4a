import { hostname, userInfo } from "node:os";
import { join, relative, resolve } from "node:path";
import { locksFolder } from "../../board/index.ts";
import { EXIT, RealClock, replaceFileAt, UsageError, wallTime, whenAborted } from "../../core/index.ts";
import { type Lab, LabClient, openLab, requireLabNode } from "../../lab/index.ts";
import { labPagesCode } from "../report/page-code.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";
import { BOARD_OPTIONS, hostBoards, runAgent } from "./agent.ts";
import { ACCESS_FILE, LAB_FOLDER, labAccess } from "./connection.ts";
import { LabNotes } from "./lab-notes.ts";

const LISTEN = "127.0.0.1:7070";

export const SERVE_OPTIONS = {
  listen: { type: "string", describe: "ADDRESS:PORT, or PORT; 0 is one that is free", default: LISTEN },
  data: { type: "string", describe: "folder for all that the lab keeps", default: LAB_FOLDER },
  database: {
    type: "string",
    describe: "postgres://… instead of the embedded database; a password: in PGPASSWORD or ~/.pgpass",
  },
  webhook: {
    type: "string",
    describe: "send what the lab's log says to this address, too: reservations that end, boards set aside; env:NAME",
  },
  ...BOARD_OPTIONS,
  "no-agent": { type: "boolean", describe: "no boards of this host: other hosts bring theirs with hil agent" },
} as const satisfies OptionRows;

/** `hil lab`: the server, and the agent of this host, until Ctrl-C or SIGTERM. */
export async function serveLab(args: Parsed, io: CliIo): Promise<number> {
  requireLabNode();
  const { host, port } = addressOf(args.text("listen") ?? LISTEN);
  const boards = args.flag("no-agent") ? undefined : await hostBoards(args, io, ["twin"]);
  const folder = resolve(io.cwd, args.text("data") ?? LAB_FOLDER);
  const notes = new LabNotes(args.text("webhook"), io);
  const note = (text: string) => notes.note(text);
  await using lab = await openLab({
    ...{ folder, host, port, note },
    databaseUrl: args.text("database"),
    locks: locksFolder({ ...process.env, ...io.env }),
    clock: new RealClock(),
    now: wallTime,
    hil: ownVersion(),
    code: labPagesCode(),
  });
  if (!/^(127\.|::1$|localhost$)/.test(host)) {
    note(
      `warning: ${host} is reached by other machines, in clear: put a reverse proxy with TLS before it (docs/lab-server.md).`,
    );
  }
  await ownToken(lab, join(folder, ACCESS_FILE), userName(), "admin");
  io.out(
    `lab       ${lab.url}\ndata      ${relative(io.cwd, folder) || "."}\nrecords   ${relative(io.cwd, lab.records)}\n`,
  );
  io.out(`boards    ${boards === undefined ? "other hosts': hil agent" : boards.names.join(", ")}\n`);
  io.out(`page      ${lab.url}/ (token: that of ${relative(io.cwd, join(folder, ACCESS_FILE))})\n`);
  io.out("submit    npx hil submit encrypted-upgrade --wait\n");
  if (boards === undefined) {
    await whenAborted(io.signal);
    return EXIT.pass;
  }
  const name = `${hostname()} (in the lab)`;
  const token = await ownToken(lab, join(folder, "agent.json"), name, "agent");
  await runAgent(new LabClient(lab.url, token), boards, join(folder, "agent"), io);
  return EXIT.pass;
}

/** The token that this lab left in its folder; made anew where it is not known any more. For this user's eyes only. */
export async function ownToken(lab: Lab, file: string, name: string, role: "admin" | "agent"): Promise<string> {
  const known = knownToken(file);
  const isKnown = known !== undefined && (await lab.access.caller(`Bearer ${known}`, "here").catch(() => undefined));
  const token = isKnown ? known : await newToken(lab, name, role);
  const mask = process.umask(0o077);
  try {
    replaceFileAt(file, `${JSON.stringify({ url: lab.url, token })}\n`);
  } finally {
    process.umask(mask);
  }
  return token;
}

async function newToken({ access }: Lab, name: string, role: "admin" | "agent"): Promise<string> {
  await access.remove(name).catch(() => undefined);
  return (await access.add({ name, role })).token;
}

function knownToken(file: string): string | undefined {
  try {
    return labAccess(file).token;
  } catch {
    return undefined;
  }
}

function addressOf(text: string): { readonly host: string; readonly port: number } {
  const { host = "127.0.0.1", port = "" } = /^(?:(?<host>.+):)?(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
  if (port === "" || Number(port) > 65_535) {
    throw new UsageError(`--listen "${text}" is no address.`, "ADDRESS:PORT or PORT, like 0.0.0.0:7070.");
  }
  return { host: host.replaceAll(/^\[|\]$/g, ""), port: Number(port) };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "admin";
  }
}
