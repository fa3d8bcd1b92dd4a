import type { DraftPower } from "../profile/draft.ts";
import { numberOf, plain } from "./labgrid-parts.ts";
import { addressWithLogin, filledFormat, type Params, webAddress } from "./labgrid-web.ts";

const CUTS = "soc or board: what loses power with this switch?";
const LOGIN = "A login, if it needs one, is named by password_env, and never written here";

interface NetworkModel {
  readonly model: string;
  /** Undefined: what the file says fits no driver. */
  readonly draft: (params: Params) => DraftPower | undefined;
}

/** How a switch behind a web server is told and asked, below its address; outlets count from `first`. */
interface WebModel {
  readonly model: string;
  readonly on: (outlet: number) => WebRequest;
  readonly off: (outlet: number) => WebRequest;
  readonly status: (outlet: number) => WebStatus;
}
type WebRequest = string | { readonly path: string; readonly method: "PUT"; readonly body: string };
interface WebStatus {
  readonly path: string;
  /** A JSON field; without it, `on` and `off` are patterns for the whole answer. */
  readonly field?: string;
  readonly on: string | number | boolean;
  readonly off: string | number | boolean;
}

/** Gude's newer pages list the state of each outlet in a <meta> tag. */
const gudeMeta = (outlet: number): WebStatus => ({
  path: "ov.html",
  on: `content="Power Port ${outlet},1"`,
  off: `content="Power Port ${outlet},0"`,
});
/** Firmware 1.2.0 of the 8316 forgets the number in that tag: the line tells, as many lines down as the outlet's number. */
const gudeLine = (outlet: number): WebStatus => ({
  path: "ov.html",
  on: `^(?:[^\\n]*\\n){${outlet}}[^\\n]*content="Power Port [^\\n]*,1`,
  off: `^(?:[^\\n]*\\n){${outlet}}[^\\n]*content="Power Port [^\\n]*,0`,
});
const gudeSet = (outlet: number, state: 0 | 1) => `ov.html?cmd=1&p=${outlet}&s=${state}`;
const DIGITS_WITH_BIT = ["13579bdfBDF", "2367abefABEF", "4567c-fC-F", "89a-fA-F"] as const;
/** Outlet n is bit n-1 of a hexadecimal number. */
const bitOf = (outlet: number) => {
  const digits = DIGITS_WITH_BIT[(outlet - 1) % 4] ?? "";
  const behind = Math.floor((outlet - 1) / 4);
  return { on: `state">\\w*[${digits}]\\w{${behind}}<`, off: `state">\\w*[^${digits}<>]\\w{${behind}}<` };
};
const NETIO = "tgi/control.tgi?l=p:admin:admin&p=";
const netioSet = (outlet: number, state: 0 | 1) =>
  NETIO + [1, 2, 3, 4].map((number) => (number === outlet ? state : "u")).join("");
const netioState = (outlet: number, state: 0 | 1) =>
  [1, 2, 3, 4].map((number) => (number === outlet ? state : "\\d")).join(" ");
const loggers = (outlet: number) => `restapi/relay/outlets/=${outlet}/state/`;

/** The rest of a line as long as it has no OFF in it: labgrid looks ahead for that, which takes more than linear time. */
const NO_OFF = "(?:[^O\\n]|O+(?:F[^FO\\n]|[^OF\\n]))*";

/** Source: labgrid/driver/power/MODEL.py, 26.0; never run on hardware. */
const WEB_MODELS: readonly WebModel[] = [
  {
    model: "gude",
    on: (outlet) => `switch.html?cmd=1&p=${outlet}&s=1`,
    off: (outlet) => `switch.html?cmd=1&p=${outlet}&s=0`,
    status: (outlet) => ({
      path: "",
      on: `(?:Power Port|SwitchPort) ${outlet}</td>${NO_OFF}ON${NO_OFF}(?:\\n|$)`,
      off: `(?:Power Port|SwitchPort) ${outlet}</td>.*OFF`,
    }),
  },
  { model: "gude24", on: (outlet) => gudeSet(outlet, 1), off: (outlet) => gudeSet(outlet, 0), status: gudeMeta },
  { model: "gude8316", on: (outlet) => gudeSet(outlet, 1), off: (outlet) => gudeSet(outlet, 0), status: gudeLine },
  {
    model: "gude8031",
    on: (outlet) => `status.json?components=0&cmd=1&p=${outlet}&s=1`,
    off: (outlet) => `status.json?components=0&cmd=1&p=${outlet}&s=0`,
    status: (outlet) => ({ path: "status.json?components=1", field: `outputs.${outlet - 1}.state`, on: 1, off: 0 }),
  },
  {
    model: "gude8225",
    on: (outlet) => gudeSet(outlet, 1),
    off: (outlet) => gudeSet(outlet, 0),
    status: (outlet) => ({ path: "statusjsn.js?components=1", field: `outputs.${outlet - 1}.state`, on: 1, off: 0 }),
  },
  {
    model: "netio",
    on: (outlet) => netioSet(outlet, 1),
    off: (outlet) => netioSet(outlet, 0),
    status: (outlet) => ({ path: `${NETIO}l`, on: netioState(outlet, 1), off: netioState(outlet, 0) }),
  },
  {
    model: "eth008",
    on: (outlet) => `io.cgi?DOA${outlet}`,
    off: (outlet) => `io.cgi?DOI${outlet}`,
    status: (outlet) => ({
      path: "io.cgi?relay",
      on: `^\\s*\\S+\\s+\\d{${outlet - 1}}1`,
      off: `^\\s*\\S+\\s+\\d{${outlet - 1}}0`,
    }),
  },
  {
    model: "digitalloggers_http",
    on: (outlet) => `outlet?${outlet}=ON`,
    off: (outlet) => `outlet?${outlet}=OFF`,
    status: (outlet) => ({ path: "status", ...bitOf(outlet) }),
  },
  {
    model: "digitalloggers_restapi",
    on: (outlet) => ({ path: loggers(outlet), method: "PUT", body: "value=true" }),
    off: (outlet) => ({ path: loggers(outlet), method: "PUT", body: "value=false" }),
    status: (outlet) => ({ path: loggers(outlet), field: "0", on: true, off: false }),
  },
  {
    model: "tinycontrol",
    on: (outlet) => `outs.cgi?out${outlet}=1`,
    off: (outlet) => `outs.cgi?out${outlet}=0`,
    status: (outlet) => ({ path: "st0.xml", on: `<out${outlet}>1<`, off: `<out${outlet}>0<` }),
  },
  {
    model: "tinycontrol_tcpdu",
    on: (outlet) => `api/v1/save/?out${outlet}=1`,
    off: (outlet) => `api/v1/save/?out${outlet}=0`,
    status: (outlet) => ({ path: "api/v1/read/status/?outValues", field: `out${outlet}`, on: 1, off: 0 }),
  },
];

/** Headers that a model wants with every request. */
const HEADERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  digitalloggers_restapi: {
    "X-CSRF": "x",
    Accept: "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
  },
};
/** Notes for the person who looks at the draft. */
const REMARKS: Readonly<Record<string, string>> = {
  netio: " labgrid logs in as admin:admin, the factory's login: change it here if yours is another",
  gude: " The device must be in its Basic Compatible mode",
};

/** Models of a NetworkPowerPort that have a driver here. Source: labgrid/driver/power. */
export const NETWORK_MODELS: readonly NetworkModel[] = [
  { model: "apc", draft: (params) => snmp(params, "apc-masterswitch", "an AP79xx is apc-rpdu, an AP89xx apc-rpdu2") },
  {
    model: "eaton",
    draft: (params) =>
      snmp(
        params,
        "eaton-epdu",
        "its community (community_env) or its user of SNMP 3 (user) is not in the environment",
      ),
  },
  ...[1, 2].map((generation) => ({
    model: `shelly_gen${generation}`,
    draft: ({ host, index }: Params) => {
      const { url, login } = addressWithLogin(webAddress(host));
      const relay = numberOf(index, 0);
      const options = {
        url,
        generation,
        relay,
        cuts: "board",
        ...(login && { user: login.user, password_env: login.password_env }),
      };
      return { driver: "shelly", options, change: `${CUTS} ${LOGIN}` };
    },
  })),
  { model: "rest", draft: rest },
  { model: "simplerest", draft: simpleRest },
  ...WEB_MODELS.map((model) => ({ model: model.model, draft: (params: Params) => web(model, params) })),
];

function snmp({ host, index }: Params, model: string, hint: string): DraftPower {
  const options = { host: plain(host), model, outlet: numberOf(index, 1), cuts: "board" };
  return { driver: "snmp-pdu", options, change: `${CUTS} And the model: ${hint}` };
}

function web({ model, on, off, status }: WebModel, { host, index }: Params): DraftPower {
  const { url, login } = addressWithLogin(webAddress(host));
  const outlet = numberOf(index, 1);
  const headers = HEADERS[model];
  const request = (told: WebRequest) => {
    const { path, ...rest } = typeof told === "string" ? { path: told } : told;
    return { ...rest, url: `${url}/${path}`, headers };
  };
  const { path, ...values } = status(outlet);
  const digest = model === "digitalloggers_restapi" && login ? { ...login, type: "digest" } : login;
  return {
    driver: "http",
    options: {
      on: request(on(outlet)),
      off: request(off(outlet)),
      status: { url: `${url}/${path}`, headers, ...values },
      auth: digest,
      cuts: "board",
    },
    change: `${CUTS} ${LOGIN}.${REMARKS[model] ?? ""}`,
  };
}

/** PUT of 1 or 0 to an address in which `{index}` is the outlet; GET of it answers 1 or 0. */
function rest({ host, index }: Params): DraftPower | undefined {
  const { url, login } = addressWithLogin(plain(host));
  const address = filledFormat(url, { index: plain(index) });
  if (address === undefined) return undefined;
  const put = (body: string) => ({ method: "PUT", url: address, body });
  const options = { on: put("1"), off: put("0"), status: { url: address, on: "^1$", off: "^0$" }, auth: login };
  return { driver: "http", options: { ...options, cuts: "board" }, change: `${CUTS} ${LOGIN}` };
}

/** GET of an address in which `{index}` is the outlet and `{value}` 1 or 0; without a value it answers 1 or 0. */
function simpleRest({ host, index }: Params): DraftPower | undefined {
  const { url, login } = addressWithLogin(plain(host));
  const outlet = numberOf(index, 0);
  const [on, off, asked] = [1, 0, ""].map((value) => filledFormat(url, { index: outlet, value }));
  if (on === undefined || off === undefined || asked === undefined) return undefined;
  const status = { url: asked.replace(/\/+$/, ""), on: "^1$", off: "^0$" };
  const options = { on: { url: on }, off: { url: off }, status, auth: login, cuts: "board" };
  return { driver: "http", options, change: `${CUTS} ${LOGIN}` };
}
