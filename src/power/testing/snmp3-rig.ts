import { createSocket, type Socket } from "node:dgram";
import snmp from "net-snmp";
import { defined, RealClock } from "../../core/index.ts";
import type { PowerBench, PowerSwitch } from "../index.ts";
import { Coils } from "./coils.ts";
import type { PowerRig } from "./contract.ts";

const OUTLETS = 4;

/** A user as the agent knows it, by the library's names. */
export interface Snmp3User {
  readonly name: string;
  readonly auth?: { readonly protocol: keyof typeof snmp.AuthProtocols; readonly passphrase: string };
  readonly priv?: { readonly protocol: keyof typeof snmp.PrivProtocols; readonly passphrase: string };
}

export interface Snmp3Rig extends PowerRig {
  /** Datagrams that reached the agent, as they were on the wire. */
  readonly heard: readonly Buffer[];
  /** The agent starts anew, as after a loss of its own power: another clock, and no state of logins. */
  restart(): void;
}

/**
 * A driver and net-snmp's own agent of SNMP 3 on the loopback network, in real time: an APC rPDU, whose objects for
 * commands and for states are columns of two tables.
 */
export async function snmp3Rig(spec: {
  readonly open: (udpPort: number, bench: PowerBench) => Promise<PowerSwitch>;
  readonly user: Snmp3User;
  readonly outlet: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly folder?: string;
}): Promise<Snmp3Rig> {
  const coils = new Coils(OUTLETS, spec.outlet);
  const heard: Buffer[] = [];
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  socket.on("message", (bytes) => heard.push(bytes));
  let boots = 1;
  startAgent(socket, spec.user, coils, boots);
  const links = { open: () => Promise.reject(new Error("no port is needed")) };
  const { env = {}, folder } = spec;
  const clock = new RealClock();
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  let power: PowerSwitch;
  try {
    power = await spec.open(socket.address().port, { links, clock, env, ...defined({ folder }) });
  } catch (error) {
    socket.close();
    throw error;
  }
  return {
    power,
    clock,
    heard,
    supply: async () => coils.supply,
    history: async () => coils.history,
    restart() {
      boots += 1;
      socket.removeAllListeners("message");
      socket.on("message", (bytes) => heard.push(bytes));
      startAgent(socket, spec.user, coils, boots);
    },
    async [Symbol.asyncDispose]() {
      await power[Symbol.asyncDispose]();
      socket.close();
      await closed;
    },
  };
}

function startAgent(socket: Socket, { name, auth, priv }: Snmp3User, coils: Coils, boots: number): void {
  // The socket is there and bound already.
  const bound = Object.assign(Object.create(socket) as Socket, { bind: () => bound });
  const agent = snmp.createAgent(
    { port: 161, engineID: "8000B98380484944", dgramModule: { createSocket: () => bound } },
    () => {},
  );
  Object.assign((agent as unknown as { engine: object }).engine, { engineBoots: boots });
  agent.getAuthorizer().addUser({
    name,
    level: snmp.SecurityLevel[priv ? "authPriv" : auth ? "authNoPriv" : "noAuthNoPriv"],
    ...(auth && { authProtocol: snmp.AuthProtocols[auth.protocol], authKey: auth.passphrase }),
    ...(priv && { privProtocol: snmp.PrivProtocols[priv.protocol], privKey: priv.passphrase }),
  });
  for (const [object, base] of [
    ["command", "318.1.1.12.3.3.1"],
    ["status", "318.1.1.12.3.5.1"],
  ] as const) {
    agent.registerProvider({
      name: object,
      type: snmp.MibProviderType.Table,
      oid: `1.3.6.1.4.1.${base}.1`,
      maxAccess: snmp.MaxAccess["not-accessible"],
      tableColumns: [
        { number: 1, name: "index", type: snmp.ObjectType.Integer, maxAccess: snmp.MaxAccess["read-only"] },
        { number: 4, name: "state", type: snmp.ObjectType.Integer, maxAccess: snmp.MaxAccess["read-write"] },
      ],
      tableIndex: [{ columnName: "index" }],
      handler: (request: {
        done(): void;
        operation: number;
        oid: string;
        instanceNode: { value: unknown };
        setValue: unknown;
      }) => {
        const outlet = Number(request.oid.split(".").at(-1));
        if (request.operation === snmp.PduType.SetRequest) coils.set(outlet, request.setValue === 1);
        else request.instanceNode.value = coils.get(outlet) ? 1 : 2;
        request.done();
      },
    });
    for (let outlet = 1; outlet <= OUTLETS; outlet++) agent.getMib().addTableRow(object, [outlet, 2]);
  }
}
