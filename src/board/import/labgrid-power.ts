import { messageOf, parseValue } from "../../core/index.ts";
import { powerDriverNamed } from "../../power/index.ts";
import type { DraftPower } from "../profile/draft.ts";
import { UNKNOWN_SWITCH } from "../profile/draft.ts";
import { type BoundSwitch, boundPower, heldOtherwise, type LabgridTarget } from "./labgrid-bindings.ts";
import { NETWORK_MODELS } from "./labgrid-network.ts";
import { type LabgridPart, numberOf, plain, scalarText } from "./labgrid-parts.ts";
import { unsetIn, unsetText } from "./labgrid-templates.ts";
import { addressWithLogin, exactAnswer, type Params, webAddress, wholeAnswer } from "./labgrid-web.ts";
import { commandWords } from "./words.ts";

/** Everything that labgrid can switch power with, and the driver here that does the same. */
interface PowerRow {
  readonly cls: string;
  /** Undefined: there is none. */
  readonly draft: (params: Params) => DraftPower | undefined;
  readonly source: string;
}

const CUTS = "soc or board: what loses power with this switch?";
/** pdudaemon tries a driver that fails again, up to 25 s: an answer may take that long. */
const PDUDAEMON_TIMEOUT_MS = 30_000;
/** Longest outage that a profile takes. */
const OFF_MS_MAX = 600_000;
const HID_FAMILY_OF: Readonly<Record<string, string>> = { "16c0": "dcttech", "5131": "lcus" };

/** Source: labgrid, labgrid/resource and labgrid/driver. */
export const LABGRID_POWER: readonly PowerRow[] = [
  {
    cls: "NetworkPowerPort",
    draft: (params) => NETWORK_MODELS.find(({ model }) => model === params["model"])?.draft(params),
    source: "labgrid/resource/power.py",
  },
  {
    cls: "YKUSHPowerPort",
    draft: ({ serial, index }) => ({
      driver: "ykush",
      options: { serial: scalarText(serial), port: numberOf(index, 1) },
    }),
    source: "labgrid/resource/ykushpowerport.py",
  },
  {
    cls: "USBPowerPort",
    draft: (params) => ({
      driver: "uhubctl",
      options: { hub: hubOf(params), port: numberOf(params["index"], 1) },
      change: "is this the hub as `uhubctl` prints it? The environment does not tell the bus number",
    }),
    source: "labgrid/resource/udev.py",
  },
  {
    cls: "SiSPMPowerPort",
    draft: ({ index }) => {
      const outlet = plain(numberOf(index, 0));
      const status = { run: ["sispmctl", "-q", "-g", outlet], on: "^(?:on|1)\\s*$", off: "^(?:off|0)\\s*$" };
      const options = { on: ["sispmctl", "-o", outlet], off: ["sispmctl", "-f", outlet], status, cuts: "board" };
      return { driver: "command", options, change: `${CUTS} With several SiS-PM, add -d or -U to the three commands` };
    },
    source: "labgrid/driver/powerdriver.py, SiSPMPowerDriver",
  },
  { cls: "HIDRelay", draft: hidRelay, source: "labgrid/resource/udev.py" },
  { cls: "HttpDigitalOutput", draft: httpOutput, source: "labgrid/driver/httpdigitaloutput.py" },
  {
    cls: "Eth008DigitalOutput",
    draft: ({ host, index, invert }) => {
      const draft = NETWORK_MODELS.find(({ model }) => model === "eth008")?.draft({ host, index });
      return invert === true ? draft && inverted(draft) : draft;
    },
    source: "labgrid/driver/eth008digitaloutput.py",
  },
  {
    cls: "PDUDaemonPort",
    draft: ({ host, pdu, index }) => {
      const at = (act: string) => ({
        url: `http://${plain(host)}:16421/power/control/${act}?hostname=${encodeURIComponent(plain(pdu))}&port=${plain(index)}`,
      });
      return {
        driver: "http",
        options: { on: at("on"), off: at("off"), timeout_ms: PDUDAEMON_TIMEOUT_MS, cuts: "board" },
        change:
          `${CUTS} pdudaemon (1.1.1) answers when the work is done, after up to 25 s of retries; it says 200, too, ` +
          "when a local command of its failed: 200 does not prove that the outlet obeyed",
      };
    },
    source: "labgrid/driver/powerdriver.py, PDUDaemonDriver; pdudaemon 1.1.1",
  },
  {
    cls: "ExternalPowerDriver",
    draft: ({ cmd_on, cmd_off }) => {
      const [on, off] = [cmd_on, cmd_off].map((line) => commandWords(scalarText(line) ?? ""));
      if (on === undefined || off === undefined) return undefined;
      return {
        driver: "command",
        options: { on, off, cuts: "soc" },
        change: `${CUTS} Relative paths start at this file`,
      };
    },
    source: "labgrid/driver/powerdriver.py",
  },
  ...[
    "ModbusTCPCoil",
    "WaveshareModbusTCPCoil",
    "DeditecRelais8",
    "TasmotaPowerPort",
    "NetworkSiSPMPowerPort",
    "NetworkUSBPowerPort",
    "NetworkYKUSHPowerPort",
    "NetworkHIDRelay",
    "LAAPowerPort",
  ].map((cls) => ({ cls, draft: () => undefined, source: "labgrid/resource" })),
];

/**
 * A target's switch: what its power driver binds. Where no driver switches power, the only resource that could and that
 * no driver holds for something else. Never another one: a wrong switch is worse than none.
 * @returns undefined where there is none.
 */
export function powerFromLabgrid(
  target: LabgridTarget,
): { readonly draft: DraftPower; readonly from: readonly LabgridPart[] } | undefined {
  const held = heldOtherwise(target);
  const alone = target.resources.filter((part) => rowOf(part) !== undefined && !held.includes(part));
  const bound: BoundSwitch | undefined = boundPower(target) ?? onlyOne(alone);
  if (!bound) return undefined;
  const { part, driver, doubt } = bound;
  const offMs = Math.min(Math.round(numberOf(driver?.params["delay"], 0) * 1000), OFF_MS_MAX);
  const draft = { ...draftOf(part), ...(offMs > 0 ? { offMs } : {}) };
  return { draft: withDoubts(draft, part, doubt), from: [part] };
}

function onlyOne(parts: readonly LabgridPart[]): BoundSwitch | undefined {
  const [part] = parts;
  if (!part) return undefined;
  if (parts.length === 1) return { part };
  return { part, doubt: `no driver binds any of ${parts.map(({ cls }) => cls).join(", ")}: which one is the power?` };
}

const rowOf = ({ cls }: LabgridPart) => LABGRID_POWER.find((row) => row.cls === cls);

/** What the driver here makes of it; a value that the driver refuses must not spoil the whole import. */
function draftOf(part: LabgridPart): DraftPower {
  const { cls, params } = part;
  const draft = rowOf(part)?.draft(params);
  const what = cls === "NetworkPowerPort" ? `a NetworkPowerPort of model ${plain(params["model"])}` : `a ${cls}`;
  if (!draft) {
    const change = `labgrid has ${what} here, for which hil has no driver; see command and http in docs/power.md`;
    return { ...UNKNOWN_SWITCH, change };
  }
  try {
    parseValue(draft.options, powerDriverNamed(draft.driver).options, draft.driver);
    return draft;
  } catch (error) {
    return { ...UNKNOWN_SWITCH, change: `labgrid has ${what} here, which does not fit the driver ${messageOf(error)}` };
  }
}

function withDoubts(draft: DraftPower, { params }: LabgridPart, doubt: string | undefined): DraftPower {
  const unset = unsetIn(params);
  const doubts = [...(doubt === undefined ? [] : [doubt]), ...(unset.length === 0 ? [] : [unsetText(unset)])];
  if (doubts.length === 0) return draft;
  return { ...draft, change: [...doubts, ...(draft.change === undefined ? [] : [draft.change])].join(". ") };
}

function hidRelay({ index, invert, match }: Params): DraftPower {
  const vendor = typeof match === "object" && match !== null ? Object.entries(match) : [];
  const id = plain(vendor.find(([key]) => /^@?ID_VENDOR_ID$/.test(key))?.[1]).toLowerCase();
  const family = HID_FAMILY_OF[id];
  const options = { relay: numberOf(index, 1), contact: invert === true ? "NC" : "NO", cuts: "soc" };
  return {
    driver: "hid-relay",
    options: { family: family ?? "dcttech", ...options },
    change: family === undefined ? `which family of HID relay is it? ${CUTS}` : CUTS,
  };
}

/** labgrid asks `url_get`, else `url`; an answer must match as a whole, or be the body that was sent. */
function httpOutput(params: Params): DraftPower | undefined {
  const method = (scalarText(params["method"]) ?? "PUT").toUpperCase();
  const { url, login } = addressWithLogin(webAddress(params["url"]));
  const asked = addressWithLogin(webAddress(scalarText(params["url_get"]) || params["url"])).url;
  const pattern = (which: "asserted" | "deasserted") => {
    const given = scalarText(params[`body_get_${which}`]) ?? "";
    return given === "" ? exactAnswer(scalarText(params[`body_${which}`]) ?? "") : wholeAnswer(given);
  };
  const [on, off] = [pattern("asserted"), pattern("deasserted")];
  const known = on !== undefined && off !== undefined;
  const request = (body: unknown) => ({ method, url, body: scalarText(body) });
  const options = {
    on: request(params["body_asserted"]),
    off: request(params["body_deasserted"]),
    ...(known ? { status: { url: asked, on, off } } : {}),
    auth: login,
    cuts: "soc",
  };
  return { driver: "http", options, change: known ? CUTS : `${CUTS} Add status: its patterns are Python's own` };
}

function inverted(draft: DraftPower): DraftPower {
  const { on, off, status, ...rest } = draft.options;
  if (typeof status !== "object" || status === null) return { ...draft, options: { ...rest, on: off, off: on } };
  const turned = { ...status, on: Reflect.get(status, "off"), off: Reflect.get(status, "on") };
  return { ...draft, options: { on: off, off: on, status: turned, ...rest } };
}

/** `pci-0000:00:14.0-usb-0:1.4:1.0` is port 1.4 of a bus that only the system numbers. */
function hubOf({ match }: Params): string {
  const path = typeof match === "object" && match !== null && "ID_PATH" in match ? String(match.ID_PATH) : "";
  const port = /-usb-\d+:([\d.]+)(?::|$)/.exec(path)?.[1];
  return port === undefined ? "1-1" : `1-${port}`;
}
