import { BenchError, type Clock, ConfigurationError, messageOf, within } from "../../core/index.ts";

const SEND_MS = 30_000;

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** What of nodemailer is used; it is the user's to install, and loaded when a mail is asked for. */
interface Mailer {
  createTransport(options: Readonly<Record<string, unknown>>): {
    sendMail(mail: Readonly<Record<string, unknown>>): Promise<unknown>;
    close(): void;
  };
}

/** A name, not a literal: the package may be missing, and the compiler must not ask for it. */
const PACKAGE: string = "nodemailer";

/** @throws ConfigurationError where nodemailer is not installed. */
export async function loadMailer(): Promise<Mailer> {
  try {
    const loaded = (await import(PACKAGE)) as Partial<Mailer> & { default?: Partial<Mailer> };
    const found = loaded.createTransport === undefined ? loaded.default : loaded;
    if (typeof found?.createTransport === "function") return found as Mailer;
    throw new TypeError("it has no createTransport");
  } catch (error) {
    const hint = "npm install nodemailer (10.x) beside hil.";
    throw new ConfigurationError(`--mail needs nodemailer: ${messageOf(error)}.`, hint, { cause: error });
  }
}

/**
 * Sends one mail by the server of an SMTP address (smtp:// or smtps://, with user and password in it).
 * @throws BenchError, without user and password, when it cannot be sent; the signal's reason.
 */
export async function sendMail(
  mailer: Mailer,
  server: URL,
  mail: Mail,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const secure = server.protocol === "smtps:";
  const [user, pass] = [server.username, server.password].map(decodeURIComponent);
  const transport = mailer.createTransport({
    host: server.hostname.replaceAll(/^\[|\]$/g, ""),
    port: Number(server.port) || (secure ? 465 : 587),
    secure,
    ...(user !== "" && { auth: { user, pass } }),
    // Plain text leaves this machine only where the address asks for it, or stays on it.
    requireTLS: !secure && user !== "",
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 15_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await within(clock, SEND_MS, "the mail server", () => transport.sendMail({ ...mail, to: [...mail.to] }), {
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    const text = [pass, user].reduce(
      (left = "", secret = "") => (secret === "" ? left : left?.replaceAll(secret, "***")),
      messageOf(error),
    );
    throw new BenchError(`no mail was sent by ${server.hostname}: ${text?.slice(0, 300)}`);
  } finally {
    transport.close();
  }
}
