import type { DraftPower } from "./profile-draft.ts";
import { UNKNOWN_SWITCH } from "./profile-draft.ts";

/** A resource or driver of a labgrid environment. */
export interface LabgridResource {
  readonly cls: string;
  readonly params: Readonly<Record<string, unknown>>;
}

type Params = LabgridResource["params"];

/** Everything that labgrid can switch power with, and the driver here that does the same. */
interface PowerRow {
  readonly cls: string;
  /** Undefined: there is none. */
  readonly draft: (params: Params) => DraftPower | undefined;
  readonly source: string;
}

const CUTS = "soc or board: what loses power with this switch?";
const LOGIN = "A login, if it needs one, is named by password_env, and never written here";

/** Source: labgrid, labgrid/resource and labgrid/driver. */
export const LABGRID_POWER = [
  {
    cls: "NetworkPowerPort",
    draft: (params) => NETWORK_MODELS.find(({ model }) => model === params["model"])?.draft(params),
    source: "labgrid/resource/power.py",
  },
  {
    cls: "YKUSHPowerPort",
    draft: ({ serial, index }) => ({ driver: "ykush", options: { serial: text(serial), port: number(index, 1) } }),
    source: "labgrid/resource/ykushpowerport.py",
  },
  {
    cls: "USBPowerPort",
    draft: (params) => ({
      driver: "uhubctl",
      options: { hub: hubOf(params), port: number(params["index"], 1) },
      change: "is this the hub as `uhubctl` prints it? The environment does not tell the bus number",
    }),
    source: "labgrid/resource/udev.py",
  },
  {
    cls: "HIDRelay",
    draft: ({ index, invert }) => ({
      driver: "hid-relay",
      options: { family: "dcttech", relay: number(index, 1), contact: invert === true ? "NC" : "NO", cuts: "soc" },
      change: `which family of HID relay is it? ${CUTS}`,
    }),
    source: "labgrid/resource/udev.py",
  },
  {
    cls: "HttpDigitalOutput",
    draft: ({ url, body_asserted, body_deasserted, method }) => ({
      driver: "http",
      options: {
        on: { method: text(method) ?? "PUT", url: withoutLogin(plain(url)), body: text(body_asserted) },
        off: { method: text(method) ?? "PUT", url: withoutLogin(plain(url)), body: text(body_deasserted) },
        cuts: "soc",
      },
      change: `${CUTS} Add status, so that it is asked after every command`,
    }),
    source: "labgrid/resource/httpdigitalout.py",
  },
  {
    cls: "PDUDaemonPort",
    draft: ({ host, pdu, index }) => {
      const at = (act: string) => ({
        url: `http://${plain(host)}:16421/power/control/${act}?hostname=${encodeURIComponent(plain(pdu))}&port=${plain(index)}`,
      });
      return {
        driver: "http",
        options: { on: at("on"), off: at("off"), cuts: "board" },
        change: `${CUTS} pdudaemon answers when a command is queued, not when it is done`,
      };
    },
    source: "labgrid/driver/powerdriver.py, PDUDaemonDriver",
  },
  {
    cls: "ExternalPowerDriver",
    draft: ({ cmd_on, cmd_off }) => ({
      driver: "command",
      options: { on: wordsOf(cmd_on), off: wordsOf(cmd_off), cuts: "soc" },
      change: `${CUTS} Relative paths start at this file`,
    }),
    source: "labgrid/driver/powerdriver.py",
  },
  ...["SiSPMPowerPort", "ModbusTCPCoil", "WaveshareModbusTCPCoil", "DeditecRelais8", "TasmotaPowerPort"].map((cls) => ({
    cls,
    draft: () => undefined,
    source: "labgrid/resource",
  })),
] as const satisfies readonly PowerRow[];

/** Models of a NetworkPowerPort. Source: labgrid/driver/power. */
const NETWORK_MODELS: readonly { readonly model: string; draft(params: Params): DraftPower }[] = [
  { model: "apc", draft: (params) => snmp(params, "apc-masterswitch", "an AP79xx is apc-rpdu, an AP89xx apc-rpdu2") },
  { model: "eaton", draft: (params) => snmp(params, "eaton-epdu", "its community is not in the environment") },
  {
    model: "netio",
    draft: (params) => ({
      driver: "netio",
      options: { url: urlOf(params), output: number(params["index"], 1), cuts: "board" },
      change: `${CUTS} The JSON interface of the device must be on. ${LOGIN}`,
    }),
  },
  ...[1, 2].map((generation) => ({
    model: `shelly_gen${generation}`,
    draft: (params: Params) => ({
      driver: "shelly",
      options: { url: urlOf(params), generation, relay: number(params["index"], 0), cuts: "board" },
      change: `${CUTS} ${LOGIN}`,
    }),
  })),
  { model: "gude8031", draft: (params) => gude(params, "status.json?components=0&cmd=1") },
  { model: "gude8225", draft: (params) => gude(params, "ov.html?cmd=1") },
];

function snmp({ host, index }: Params, model: string, hint: string): DraftPower {
  const options = { host: text(host), model, outlet: number(index, 1), cuts: "board" };
  return { driver: "snmp-pdu", options, change: `${CUTS} And the model: ${hint}` };
}

function gude(params: Params, path: string): DraftPower {
  const at = (state: number) => ({ url: `${urlOf(params)}/${path}&p=${number(params["index"], 1)}&s=${state}` });
  return { driver: "http", options: { on: at(1), off: at(0), cuts: "board" }, change: CUTS };
}

/**
 * The first switch of a target that has a driver here; else one that says what was found; undefined where there is
 * none.
 */
export function powerFromLabgrid(
  parts: readonly LabgridResource[],
): { readonly draft: DraftPower; readonly from: readonly string[] } | undefined {
  const rows: readonly PowerRow[] = LABGRID_POWER;
  const found = parts.flatMap((part) => {
    const row = rows.find(({ cls }) => cls === part.cls);
    return row ? [{ part, draft: row.draft(part.params) }] : [];
  });
  const from = found.map(({ part }) => part.cls);
  const first = found.find(({ draft }) => draft !== undefined);
  if (first?.draft) return { draft: first.draft, from };
  const [other] = found;
  if (!other) return undefined;
  const { cls, params } = other.part;
  const what = cls === "NetworkPowerPort" ? `a NetworkPowerPort of model ${plain(params["model"])}` : `a ${cls}`;
  return {
    draft: {
      ...UNKNOWN_SWITCH,
      change: `labgrid has ${what} here, for which hil has no driver; see command and http in docs/power.md`,
    },
    from,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** For addresses and people: text as it is, anything else as JSON. */
export function plain(value: unknown): string {
  return text(value) ?? JSON.stringify(value) ?? "";
}

function number(value: unknown, fallback: number): number {
  const given = typeof value === "string" ? Number(value) : value;
  return typeof given === "number" && Number.isFinite(given) ? given : fallback;
}

function urlOf({ host }: Params): string {
  const named = plain(host).replace(/\/+$/, "");
  return withoutLogin(/^https?:\/\//.test(named) ? named : `http://${named}`);
}

/** A profile holds no secrets: a login in an address stays behind. */
function withoutLogin(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/, "$1");
}

/** `pci-0000:00:14.0-usb-0:1.4:1.0` is port 1.4 of a bus that only the system numbers. */
function hubOf({ match }: Params): string {
  const path = typeof match === "object" && match !== null && "ID_PATH" in match ? String(match.ID_PATH) : "";
  const port = /-usb-\d+:([\d.]+)(?::|$)/.exec(path)?.[1];
  return port === undefined ? "1-1" : `1-${port}`;
}

/** A command line as words: quotes keep blanks together, and no shell reads it. */
export function wordsOf(command: unknown): readonly string[] {
  const words = plain(command ?? "").match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? [];
  return words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single ?? ""));
}
