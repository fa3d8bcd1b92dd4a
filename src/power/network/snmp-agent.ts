import { createSocket, type Socket } from "node:dgram";
import type * as NetSnmp from "net-snmp";
import type { Session, Varbind } from "net-snmp";
import { BenchError, type Clock, isKind, messageOf, within } from "../../core/index.ts";
import type { SnmpLogin } from "./snmp-login.ts";

/** What an agent refuses with. Source: RFC 1157, 4.1; RFC 3416, 3. */
const REFUSALS: Readonly<Record<number, string>> = {
  1: "tooBig",
  2: "noSuchName (no such outlet)",
  3: "badValue",
  4: "readOnly",
  5: "genErr",
  6: "noAccess",
  11: "noCreation (no such outlet)",
  16: "authorizationError",
  17: "notWritable",
};

/** Added to the library's own patience: ours ends first, on the bench's clock, and says its sentence. */
const SPARE_MS = 1_000;

interface SnmpObject {
  /** `1.3.6.1…` */
  readonly oid: string;
  /** An INTEGER to set; without it, the object is asked for. */
  readonly value?: number;
}

interface SnmpAnswer {
  /** When the last datagram had been handed on, in microseconds on the bench's clock. */
  readonly sentAtUs: number;
  /** The object's INTEGER; undefined when it is something else (noSuchInstance of versions 2c and 3, too). */
  readonly value: number | undefined;
}

type Library = typeof NetSnmp;

/** One PDU on the network, asked by net-snmp: a socket that hears only it, one question at a time. */
export class SnmpAgent {
  readonly #name: string;
  readonly #host: string;
  readonly #port: number;
  readonly #login: SnmpLogin;
  readonly #options: { readonly clock: Clock; readonly timeoutMs: number; readonly tries: number };
  #wire: Promise<Wire> | undefined;

  constructor(
    at: { readonly host: string; readonly port: number; readonly login: SnmpLogin },
    options: { readonly clock: Clock; readonly timeoutMs: number; readonly tries: number },
  ) {
    this.#name = `the PDU ${at.host}`;
    this.#host = at.host;
    this.#port = at.port;
    this.#login = at.login;
    this.#options = options;
  }

  /**
   * Sends up to `tries` times (setting a state twice does no harm); an answer to an earlier try counts, too.
   * @throws BenchError when none is answered, or with the agent's refusal.
   */
  async ask(object: SnmpObject): Promise<SnmpAnswer> {
    const { clock, timeoutMs, tries } = this.#options;
    const said = this.#login.version === "3" ? "user and passphrases" : "community";
    const hint = `Check host, version, ${said}${said === "community" ? ": a wrong one is met with silence" : ""}.`;
    try {
      const wire = await (this.#wire ??= openWire(this.#host, this.#port, this.#login, this.#options));
      const { answered, again } = wire.question(object);
      for (let attempt = 1; ; attempt++) {
        again();
        try {
          return await within(clock, timeoutMs, `an answer of ${this.#name}`, () => answered);
        } catch (error) {
          if (isKind(error, "timeout") && attempt < tries) continue;
          throw error;
        } finally {
          if (attempt === tries) wire.giveUp();
        }
      }
    } catch (error) {
      if (isKind(error, "timeout")) {
        const text = `${this.#name} did not answer ${tries} times, ${timeoutMs} ms each.`;
        throw new BenchError(text, hint, { cause: error });
      }
      throw (
        refusalOf(this.#name, error) ??
        new BenchError(`${this.#name} cannot be reached: ${messageOf(error)}.`, hint, { cause: error })
      );
    }
  }

  async close(): Promise<void> {
    const wire = await this.#wire?.catch(() => undefined);
    await wire?.close();
  }
}

/**
 * Why an answer of the agent is none, by net-snmp's codes. Its texts are not shown, nor kept as a cause: one of them
 * holds the community. Source: net-snmp 3.29.2, ResponseInvalidCode; RFC 3414, 3.2.
 */
const WRONG_ANSWERS: Readonly<Record<number, string>> = {
  4: "its answer cannot be decrypted",
  5: "unknown user, wrong passphrase, or a level of security that it does not allow",
  10: "its answer has another community",
  14: "its clock is not the one it had: it was restarted, or someone sends old answers",
};

/** A refusal of the agent as an error of ours; undefined for anything else. */
function refusalOf(agent: string, error: unknown): BenchError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, status, code } = error as { name: string; status?: unknown; code?: unknown };
  if (name === "RequestFailedError" && typeof status === "number") {
    const text = `${agent} refused: ${REFUSALS[status] ?? "unknown error"} (${status}).`;
    return new BenchError(text, "Check model, outlet and the rights of the community or user.", { cause: error });
  }
  if (name === "ResponseInvalidError" && typeof code === "number") {
    const text = `${agent} does not take part: ${WRONG_ANSWERS[code] ?? `its answer does not fit (${code})`}.`;
    return new BenchError(text, "Check version, user, auth and priv in the profile, and the passphrases.");
  }
  return undefined;
}

/** A connected socket with net-snmp on it. */
interface Wire {
  /** A question that `again` sends, as often as it is called; the first answer to any of them is the answer. */
  question(object: SnmpObject): { readonly answered: Promise<SnmpAnswer>; readonly again: () => void };
  /** No answer is awaited any longer. */
  giveUp(): void;
  close(): Promise<void>;
}

async function openWire(
  host: string,
  port: number,
  login: SnmpLogin,
  { clock, timeoutMs, tries }: { readonly clock: Clock; readonly timeoutMs: number; readonly tries: number },
): Promise<Wire> {
  const [library, socket] = [await loaded(), await connected(host, port)];
  let sentAtUs = clock.nowUs();
  const send = socket.send.bind(socket) as (bytes: Uint8Array, from: number, size: number, done: SendCallback) => void;
  // Connected, so that it hears the PDU alone and the network's refusals; the library names an address all the same.
  const wired = Object.assign(socket, {
    send: (bytes: Uint8Array, from: number, size: number, _port: number, _host: string, done: SendCallback) =>
      send(bytes, from, size, (error) => {
        sentAtUs = clock.nowUs();
        done(error);
      }),
  });
  const session = sessionOf(library, host, login, {
    port,
    retries: 0,
    timeout: timeoutMs * tries + SPARE_MS,
    dgramModule: { createSocket: () => wired },
  });
  let fail: (error: unknown) => void = () => {};
  socket.on("error", (error) => fail(error));
  // Datagrams that are no SNMP answer no question.
  (session as unknown as NodeJS.EventEmitter).on("error", () => {});
  return {
    question: ({ oid, value }) => {
      let again = () => {};
      const answered = new Promise<SnmpAnswer>((resolve, reject) => {
        fail = reject;
        const hear = (error: unknown, varbinds?: readonly Varbind[]) => {
          if (error) reject(error);
          else resolve({ sentAtUs, value: integerOf(library, varbinds?.[0]) });
        };
        again = () => {
          if (value === undefined) session.get([oid], hear);
          else session.set([{ oid, type: library.ObjectType.Integer, value }], hear);
        };
      });
      answered.catch(() => undefined);
      return { answered, again: () => again() };
    },
    giveUp: () => session.cancelRequests(new Error("nobody waits any longer")),
    close: () =>
      new Promise((resolve) => {
        socket.once("close", () => resolve());
        session.close();
      }),
  };
}

type SendCallback = (error: Error | null) => void;

function sessionOf(
  library: Library,
  host: string,
  login: SnmpLogin,
  options: { readonly port: number; readonly retries: number; readonly timeout: number; readonly dgramModule: unknown },
): Session {
  if (login.version !== "3") {
    const version = login.version === "1" ? library.Version1 : library.Version2c;
    return library.createSession(host, login.community, { ...options, version });
  }
  const { user: name, auth, priv } = login;
  const level = priv ? "authPriv" : auth ? "authNoPriv" : "noAuthNoPriv";
  return library.createV3Session(
    host,
    {
      name,
      level: library.SecurityLevel[level],
      ...(auth && { authProtocol: library.AuthProtocols[auth.protocol], authKey: auth.passphrase }),
      ...(priv && { privProtocol: library.PrivProtocols[priv.protocol], privKey: priv.passphrase }),
    },
    { ...options, version: library.Version3 },
  );
}

function integerOf({ ObjectType }: Library, varbind: Varbind | undefined): number | undefined {
  return varbind?.type === ObjectType.Integer && typeof varbind.value === "number" ? varbind.value : undefined;
}

/** A CommonJS module: some loaders show its functions, some only its default. */
async function loaded(): Promise<Library> {
  const library = (await import("net-snmp")) as Library & { readonly default?: Library };
  return library.default ?? library;
}

function connected(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4" });
    socket.once("error", reject);
    socket.connect(port, host, () => {
      socket.off("error", reject);
      // An ICMP refusal may arrive between two questions; the next one meets it again.
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}
