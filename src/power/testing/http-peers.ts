import { createHash } from "node:crypto";
import type { HttpPeer } from "./http-rig.ts";

/** Tasmota: with one relay it says POWER, with more POWER1. Commands it does not know are answered with status 200. */
export function tasmotaPeer(options: { readonly relays: number; readonly password?: string }): HttpPeer {
  return ({ path, query }, coils) => {
    if (path !== "/cm") return { status: 404, body: "not found" };
    if (options.password !== undefined && query.get("password") !== options.password) {
      return { body: { WARNING: "Need user=<username>&password=<password>" } };
    }
    const [, relay, word] = /^Power(\d+)(?: (On|Off))?$/.exec(query.get("cmnd") ?? "") ?? [];
    const number = Number(relay);
    if (relay === undefined || number > options.relays) return { body: { Command: "Unknown" } };
    if (word !== undefined) coils.set(number, word === "On");
    return { body: { [options.relays === 1 ? "POWER" : `POWER${number}`]: coils.get(number) ? "ON" : "OFF" } };
  };
}

export const shelly1Peer: HttpPeer = ({ method, path, body }, coils) => {
  const relay = /^\/relay\/(\d)$/.exec(path)?.[1];
  if (relay === undefined || Number(relay) >= coils.count) return { status: 404, body: "Not found" };
  const turn = new URLSearchParams(body).get("turn");
  if (method === "POST" && turn !== null) coils.set(Number(relay) + 1, turn === "on");
  return { body: { ison: coils.get(Number(relay) + 1), has_timer: false, source: "http" } };
};

/** Generation 2; with a password it wants digest with SHA-256, checked here by RFC 7616 and not by our own code. */
export function shelly2Peer(password?: string): HttpPeer {
  const challenge = 'Digest qop="auth", realm="shellyplus1-a1", nonce="60dc0f", algorithm=SHA-256';
  const used = new Set<string>();
  return ({ method, path, query, headers, body }, coils) => {
    if (password !== undefined) {
      const uri = query.size === 0 ? path : `${path}?${query.toString()}`;
      const given = headers.authorization ?? "";
      const field = (name: string) => new RegExp(`\\b${name}="?([^",]*)`).exec(given)?.[1] ?? "";
      const h = (text: string) => createHash("sha256").update(text).digest("hex");
      const [ha1, ha2] = [h(`admin:shellyplus1-a1:${password}`), h(`${method}:${uri}`)];
      const right = h([ha1, "60dc0f", field("nc"), field("cnonce"), "auth", ha2].join(":"));
      if (field("response") !== right || used.has(field("nc"))) {
        return { status: 401, headers: { "www-authenticate": challenge }, body: "" };
      }
      used.add(field("nc"));
    }
    if (path === "/rpc/Switch.GetStatus") {
      return { body: { id: Number(query.get("id")), source: "init", output: coils.get(Number(query.get("id")) + 1) } };
    }
    const { params } = JSON.parse(body) as { params: { id: number; on: boolean } };
    if (params.id >= coils.count)
      return { body: { id: 1, src: "shelly", error: { code: -105, message: "no such id" } } };
    const was = coils.get(params.id + 1);
    coils.set(params.id + 1, params.on);
    return { body: { id: 1, src: "shelly", result: { was_on: was } } };
  };
}

/** NETIO 4x; a write without the right to write is answered with status 200 and the old states. */
export function netioPeer(login?: { readonly user: string; readonly password: string }): HttpPeer {
  return ({ method, path, headers, body }, coils) => {
    if (path !== "/netio.json") return { status: 404, body: "" };
    const wanted = login && `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`;
    if (wanted !== undefined && headers.authorization !== wanted) return { status: 401, body: "" };
    if (method === "POST") {
      const { Outputs } = JSON.parse(body) as { Outputs: { ID: number; Action: number }[] };
      for (const { ID, Action } of Outputs) coils.set(ID, Action === 1);
    }
    const outputs = Array.from({ length: 4 }, (_, index) => ({
      ID: index + 1,
      Name: `output_${index + 1}`,
      State: coils.get(index + 1) ? 1 : 0,
      Action: 6,
      Delay: 5000,
    }));
    return { body: { Agent: { Model: "NETIO 4", JSONVer: "2.1" }, Outputs: outputs } };
  };
}

/** Any web relay: `PUT /outlet/3` with `on` or `off`, `GET` gives JSON. */
export const webRelayPeer: HttpPeer = ({ method, path, headers, body }, coils) => {
  const outlet = Number(path.split("/").at(-1));
  if (headers["x-token"] !== "hunter2") return { status: 403, body: "no" };
  if (method === "PUT") coils.set(outlet, body === "on");
  return { body: { outlets: { [outlet]: { closed: coils.get(outlet) } } } };
};
