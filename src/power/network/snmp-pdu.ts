import { z } from "zod";
import { cutsOption, powerDriver, realTimeOnly } from "../driver/driver.ts";
import { SnmpAgent } from "./snmp-agent.ts";
import { snmpLoginOf, snmpLoginOptions } from "./snmp-login.ts";
import { SNMP_ENTERPRISES, SNMP_MODELS } from "./snmp-models.ts";

/** PDUs act up to a second after they answered; they are asked until they agree. */
const VERIFICATION = { limitMs: 5_000, everyMs: 250 };

/** PDUs by SNMP 1, 2c and 3; the object identifiers stand in snmp-models.ts, who asks in snmp-login.ts. */
export const snmpPdu = powerDriver({
  name: "snmp-pdu",
  options: z.strictObject({
    host: z.string().min(1).max(255),
    udp_port: z.int().min(1).max(65_535).default(161),
    model: z.enum(SNMP_MODELS.map(({ name }) => name)),
    outlet: z.int().min(1).max(64),
    ...snmpLoginOptions,
    timeout_ms: z.int().min(1).max(60_000).default(1_000),
    tries: z.int().min(1).max(10).default(3),
    cuts: cutsOption,
  }),
  verify: () => VERIFICATION,
  facts: ({ cuts }) => ({ cuts, readsBack: true, latency: "unknown" }),
  async open({ host, udp_port: port, model, outlet, timeout_ms, tries, ...login }, bench) {
    realTimeOnly("snmp-pdu", bench.clock);
    const row = SNMP_MODELS.find(({ name }) => name === model) ?? SNMP_MODELS[0];
    const at = { host, port, login: await snmpLoginOf(login, bench) };
    const agent = new SnmpAgent(at, { clock: bench.clock, timeoutMs: timeout_ms, tries });
    const oidOf = (object: string) => `${SNMP_ENTERPRISES}.${object}.${outlet}`;
    return {
      async set(state, signal) {
        signal?.throwIfAborted();
        const { oid, value } = row[state];
        const { sentAtUs } = await agent.ask({ oid: oidOf(oid), value });
        return { sentAtUs };
      },
      async read() {
        const { value } = await agent.ask({ oid: oidOf(row.get.oid) });
        if (value !== row.get.on && value !== row.get.off) return "unknown";
        return value === row.get.on ? "on" : "off";
      },
      async [Symbol.asyncDispose]() {
        await agent.close();
      },
    };
  },
});
