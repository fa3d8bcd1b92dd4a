import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { RealClock, sleep } from "../../core/index.ts";
import type { PowerBench, PowerSwitch } from "../index.ts";
import { Coils, type Fault } from "./coils.ts";
import type { PowerRig } from "./contract.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Answered {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A device behind a web server: answers a request by its coils. A body that is no text goes out as JSON. */
export type HttpPeer = (asked: Asked, coils: Coils) => Answered;

export interface HttpRig extends PowerRig {
  readonly coils: Coils;
  readonly asked: readonly Asked[];
}

const SLOW_MS = 30;

/** A driver and the web server it drives, on the loopback network, in real time. */
export async function httpRig(spec: {
  readonly open: (url: string, bench: PowerBench) => Promise<PowerSwitch>;
  readonly peer: HttpPeer;
  /** The outlet, from 1, that carries the supply. */
  readonly outlet: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly fault?: Fault | undefined;
}): Promise<HttpRig> {
  const clock = new RealClock();
  const coils = new Coils(8, spec.outlet);
  coils.stuck = spec.fault === "refuses";
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void readAll(request).then(async (body) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://x");
      const one = { method: request.method ?? "", path: pathname, query: searchParams, headers: request.headers, body };
      asked.push(one);
      if (spec.fault === "silent") return;
      const answer = spec.peer(one, coils);
      if (spec.fault === "slow") await sleep(clock, SLOW_MS);
      const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
      response.writeHead(answer.status ?? 200, answer.headers);
      response.end(spec.fault === "garbage" ? "<html>\u0001 It works! </html>" : text);
    });
  });
  await listening(server);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const links = { open: () => Promise.reject(new Error("no port is needed")) };
  const power = await spec.open(url, { links, clock, env: spec.env ?? {} }).catch(async (error: unknown) => {
    await closed(server);
    throw error;
  });
  if (spec.fault === "unplugged") await closed(server);
  return {
    power,
    clock,
    coils,
    asked,
    supply: async () => coils.supply,
    history: async () => coils.history,
    async [Symbol.asyncDispose]() {
      await power[Symbol.asyncDispose]();
      await closed(server);
    },
  };
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
