import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { isHilError, messageOf, RealClock, UsageError, wallTime } from "../../core/index.ts";
import { mailText, type Notice, noticeBody, noticeOf, type ResultRun, runsIn } from "../../report/index.ts";
import type { OptionRows, Parsed } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";
import { loadMailer, type Mail, sendMail } from "./mail.ts";
import { deliver, fetchPost, secretBytes } from "./webhook.ts";

const SECRET = "HIL_WEBHOOK_SECRET";
const SMTP = "HIL_SMTP_URL";

/** Options of every command that ends with a recorded run. */
export const NOTIFY_OPTIONS = {
  webhook: {
    type: "string",
    describe: `send JSON to this address when something is newly red; env:NAME takes it from there, ${SECRET} signs it`,
  },
  mail: {
    type: "string",
    describe: `send a mail to this address when something is newly red, by ${SMTP} (repeatable)`,
  },
  "mail-from": { type: "string", describe: "sender of these mails (default: hil@ this host)" },
  notify: { type: "string", describe: '"newly-red", or "always": when to send', default: "newly-red" },
} as const satisfies OptionRows;

/** Who hears of a run that has ended: settled before it, told after its verdict, which they change in nothing. */
export class Notify {
  readonly #io: CliIo;
  readonly #always: boolean;
  readonly #webhook: Webhook | undefined;
  readonly #mail: { readonly to: readonly string[]; readonly from: string; readonly server: URL } | undefined;

  /** @throws UsageError for an address or secret that is none, or a variable not set. Their values are in no text. */
  constructor(args: Parsed, io: CliIo) {
    this.#io = io;
    const when = args.text("notify") ?? "newly-red";
    if (when !== "newly-red" && when !== "always") {
      throw new UsageError(`--notify wants newly-red or always, not "${when.slice(0, 40)}".`, "See docs/ci.md.");
    }
    this.#always = when === "always";
    const webhook = args.text("webhook");
    this.#webhook = webhook === undefined ? undefined : new Webhook(webhook, io);
    const to = args.texts("mail");
    for (const address of to) requireAddress("mail", address);
    const from = args.text("mail-from") ?? `hil@${hostname()}`;
    if (args.text("mail-from") !== undefined) requireAddress("mail-from", from);
    this.#mail = to.length === 0 ? undefined : { to, from, server: serverOf(io) };
  }

  /** @throws ConfigurationError where a package for it is missing: before anything is run. */
  async ready(): Promise<void> {
    if (this.#mail !== undefined) await loadMailer();
  }

  get some(): boolean {
    return this.#webhook !== undefined || this.#mail !== undefined;
  }

  /** Tells whoever is to be told. What goes wrong is said on standard error, and changes no exit code. */
  async end(runs: readonly ResultRun[]): Promise<void> {
    if (!this.some || runs.length === 0 || this.#io.signal.aborted) return;
    try {
      const notices = noticesOf(runs);
      if (!this.#always && !notices.some(({ isNews }) => isNews)) return;
      const told = await Promise.all([this.#post(notices), this.#send(notices)]);
      for (const fault of told) if (fault !== undefined) this.#io.err(`hil: ${fault}\n`);
    } catch (error) {
      // Ctrl-C, or a folder that is gone: the run has its verdict all the same.
      if (!isHilError(error)) throw error;
      this.#io.err(`hil: nobody was told: ${messageOf(error)}\n`);
    }
  }

  async #post(notices: readonly Notice[]): Promise<string | undefined> {
    if (this.#webhook === undefined) return undefined;
    return this.#webhook.post(noticeBody(notices, wallTime().toISOString(), ownVersion()), this.#io.signal);
  }

  async #send(notices: readonly Notice[]): Promise<string | undefined> {
    if (this.#mail === undefined) return undefined;
    const { server, ...mail } = this.#mail;
    const whole: Mail = { ...mail, ...mailText(notices) };
    try {
      await sendMail(await loadMailer(), server, whole, new RealClock(), this.#io.signal);
      return undefined;
    } catch (error) {
      if (isHilError(error)) return messageOf(error);
      throw error;
    }
  }
}

/** An address that hears what there is to tell, as Standard Webhooks has it. */
export class Webhook {
  readonly #io: CliIo;
  readonly #url: URL;
  readonly #secret: Uint8Array | undefined;

  /** @throws UsageError for an address or secret that is none, or a variable not set. Their values are in no text. */
  constructor(text: string, io: CliIo) {
    this.#io = io;
    this.#url = webhookOf(text, io);
    this.#secret = secretOf(io);
  }

  /** @returns why it was not told; undefined when it was. @throws the signal's reason. */
  async post(body: string, signal: AbortSignal): Promise<string | undefined> {
    const [url, secret] = [this.#url, this.#secret];
    const why = await deliver({ url, secret, id: `msg_${randomUUID()}`, body, hil: ownVersion() }, fetchPost, {
      clock: new RealClock(),
      timestampS: () => Math.floor(wallTime().getTime() / 1000),
      signal,
      onWait: (fault, s) => this.#io.err(`hil: the webhook at ${url.host}: ${fault}; again in ${s} s\n`),
    });
    return why === undefined ? undefined : `the webhook at ${url.host} was not told: ${why}`;
  }
}

/** Each run against those of its own folder. */
function noticesOf(runs: readonly ResultRun[]): readonly Notice[] {
  const roots = [...new Set(runs.map(({ path }) => dirname(path)))];
  const histories = new Map(roots.map((root) => [root, runsIn(root).lines]));
  return runs.map((run) => noticeOf(run, histories.get(dirname(run.path)) ?? []));
}

function webhookOf(text: string, io: CliIo): URL {
  const name = /^env:(.+)$/.exec(text)?.[1];
  const value = name === undefined ? text : io.env[name];
  if (value === undefined || value === "") {
    throw new UsageError(`--webhook: ${name ?? "it"} is not set.`, "Name an address, or a variable that holds one.");
  }
  const url = urlOf(value);
  if (url !== undefined && (url.protocol === "https:" || url.protocol === "http:")) return url;
  // The address may be secret: it is not repeated.
  throw new UsageError("--webhook wants an address that begins with https:// or http://.", "See docs/ci.md.");
}

/** Undefined where none is set: the message goes unsigned. One that is no key would sign what anybody can sign. */
function secretOf(io: CliIo): Uint8Array | undefined {
  const text = io.env[SECRET];
  if (text === undefined || text === "") return undefined;
  const secret = secretBytes(text);
  if (secret !== undefined) return secret;
  throw new UsageError(`${SECRET} holds no secret: what follows "whsec_" is not base64.`, "Copy the whole of it.");
}

function serverOf(io: CliIo): URL {
  const url = urlOf(io.env[SMTP] ?? "");
  if (url !== undefined && (url.protocol === "smtp:" || url.protocol === "smtps:") && url.hostname !== "") return url;
  const hint = `Set ${SMTP}, e.g. to smtps://USER:PASSWORD@mail.example.com.`;
  throw new UsageError(`--mail needs the address of a mail server in ${SMTP}.`, hint);
}

function urlOf(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** One address and nothing else: no list, no second header. */
function requireAddress(option: string, address: string): void {
  if (/^[^\s@,;<>"]{1,64}@[^\s@,;<>"]{1,255}$/.test(address)) return;
  throw new UsageError(`--${option} wants one mail address, not "${address.slice(0, 80)}".`, "Repeat it for more.");
}
