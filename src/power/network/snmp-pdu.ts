import { createSocket, type Socket } from "node:dgram";
import { z } from "zod";
import { BenchError, type Clock, isKind, messageOf, within } from "../../core/index.ts";
import { cutsOption, powerDriver, realTimeOnly, secretOf, secretOption } from "../driver/driver.ts";
import {
  SNMP_ERRORS,
  SNMP_VERSIONS,
  type SnmpRequest,
  type SnmpResponse,
  snmpRequest,
  snmpResponse,
} from "./snmp-message.ts";
import { SNMP_ENTERPRISES, SNMP_MODELS } from "./snmp-models.ts";

/** PDUs act up to a second after they answered; they are asked until they agree. */
const VERIFICATION = { limitMs: 5_000, everyMs: 250 };
/** What APC's PDUs come with. */
const FACTORY_COMMUNITY = "private";

/** PDUs by SNMP 1 and 2c; the object identifiers stand in snmp-models.ts. A wrong community is met with silence. */
export const snmpPdu = powerDriver({
  name: "snmp-pdu",
  options: z.strictObject({
    host: z.string().min(1).max(255),
    udp_port: z.int().min(1).max(65_535).default(161),
    model: z.enum(SNMP_MODELS.map(({ name }) => name)),
    outlet: z.int().min(1).max(64),
    version: z.enum(SNMP_VERSIONS.map(({ name }) => name)).default("1"),
    community_env: secretOption.optional().describe(`variable with the community; left out, "${FACTORY_COMMUNITY}"`),
    timeout_ms: z.int().min(1).max(60_000).default(1_000),
    tries: z.int().min(1).max(10).default(3),
    cuts: cutsOption,
  }),
  verify: () => VERIFICATION,
  facts: ({ cuts }) => ({ cuts, readsBack: true, latency: "unknown" }),
  async open({ host, udp_port, model, outlet, version, community_env, timeout_ms, tries }, bench) {
    realTimeOnly("snmp-pdu", bench.clock);
    const row = SNMP_MODELS.find(({ name }) => name === model) ?? SNMP_MODELS[0];
    const community = community_env === undefined ? FACTORY_COMMUNITY : secretOf(bench, community_env);
    const agent = new SnmpAgent(host, udp_port, { clock: bench.clock, timeoutMs: timeout_ms, tries });
    const ask = (object: { readonly oid: string; readonly value?: number }) => {
      const name = `${SNMP_ENTERPRISES}.${object.oid}.${outlet}`;
      return agent.ask({
        version,
        community,
        oid: name,
        ...(object.value === undefined ? {} : { value: object.value }),
      });
    };
    return {
      async set(state, signal) {
        signal?.throwIfAborted();
        const { sentAtUs, response } = await ask(row[state]);
        refuse(`the PDU ${host}`, response);
        return { sentAtUs };
      },
      async read() {
        const { response } = await ask({ oid: row.get.oid });
        refuse(`the PDU ${host}`, response);
        if (response.value !== row.get.on && response.value !== row.get.off) return "unknown";
        return response.value === row.get.on ? "on" : "off";
      },
      async [Symbol.asyncDispose]() {
        await agent.close();
      },
    };
  },
});

function refuse(agent: string, { error }: SnmpResponse): void {
  if (error === 0) return;
  const name = SNMP_ERRORS[error] ?? "unknown error";
  throw new BenchError(`${agent} refused: ${name} (${error}).`, "Check model, outlet and the community's rights.");
}

/** One PDU on the network: a socket that hears only it, one question at a time. */
class SnmpAgent {
  readonly #name: string;
  readonly #host: string;
  readonly #port: number;
  readonly #options: { readonly clock: Clock; readonly timeoutMs: number; readonly tries: number };
  #socket: Promise<Socket> | undefined;
  #id = 0;

  constructor(
    host: string,
    port: number,
    options: { readonly clock: Clock; readonly timeoutMs: number; readonly tries: number },
  ) {
    this.#name = `the PDU ${host}`;
    this.#host = host;
    this.#port = port;
    this.#options = options;
  }

  /** Sends up to `tries` times: setting a state twice does no harm. @throws BenchError when none is answered. */
  async ask(request: Omit<SnmpRequest, "id">): Promise<{ readonly sentAtUs: number; readonly response: SnmpResponse }> {
    const { clock, timeoutMs, tries } = this.#options;
    this.#id += 1;
    const bytes = snmpRequest({ ...request, id: this.#id });
    for (let attempt = 1; ; attempt++) {
      try {
        return await within(clock, timeoutMs, `an answer of ${this.#name}`, (stop) => this.#once(bytes, stop));
      } catch (error) {
        if (isKind(error, "timeout") && attempt < tries) continue;
        const hint = "Check host, version and community: a wrong community is met with silence.";
        const text = isKind(error, "timeout")
          ? `${this.#name} did not answer ${tries} times, ${timeoutMs} ms each.`
          : `${this.#name} cannot be reached: ${messageOf(error)}.`;
        throw new BenchError(text, hint, { cause: error });
      }
    }
  }

  async #once(bytes: Uint8Array, stop: AbortSignal): Promise<{ sentAtUs: number; response: SnmpResponse }> {
    const socket = await (this.#socket ??= connected(this.#host, this.#port));
    return new Promise((resolve, reject) => {
      let sentAtUs = this.#options.clock.nowUs();
      const hear = (datagram: Uint8Array) => {
        const response = snmpResponse(datagram);
        if (response?.id === this.#id) done(() => resolve({ sentAtUs, response }));
      };
      const fail = (error: unknown) => done(() => reject(error));
      const done = (end: () => void) => {
        socket.off("message", hear);
        socket.off("error", fail);
        end();
      };
      stop.addEventListener("abort", () => fail(stop.reason), { once: true });
      socket.on("message", hear);
      socket.on("error", fail);
      socket.send(bytes, (error) => {
        sentAtUs = this.#options.clock.nowUs();
        if (error) fail(error);
      });
    });
  }

  async close(): Promise<void> {
    const socket = await this.#socket?.catch(() => undefined);
    if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }
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
