import { createHash } from "node:crypto";
import { defined } from "../../core/index.ts";

/** What a server asks for in `WWW-Authenticate: Digest …`. */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque?: string;
  readonly algorithm: (typeof ALGORITHMS)[number]["name"];
  /** False for servers of RFC 2069, which know no client nonce. */
  readonly qop: boolean;
}

const ALGORITHMS = [
  { name: "MD5", hash: "md5", source: "RFC 7616, 3.3" },
  { name: "SHA-256", hash: "sha256", source: "RFC 7616, 3.3" },
] as const;

/**
 * The first challenge of a header that is digest with a hash known here; undefined when it has none. Servers name
 * them in the order that they like, Basic among them, in one header line or in several, which arrive here as one.
 * RFC 7235, 4.1.
 */
export function digestChallenge(header: string): DigestChallenge | undefined {
  const challenges: Map<string, string>[] = [];
  let fields: Map<string, string> | undefined;
  const words = /(\w+)\s+(?=\w+\s*=)|(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g;
  for (const [, scheme, key = "", quoted, plain] of header.matchAll(words)) {
    if (scheme !== undefined) {
      fields = scheme.toLowerCase() === "digest" ? new Map() : undefined;
      if (fields) challenges.push(fields);
    } else if (fields && !fields.has(key.toLowerCase()))
      fields.set(key.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? plain ?? "");
  }
  return challenges.map(answerable).find((challenge) => challenge !== undefined);
}

function answerable(fields: ReadonlyMap<string, string>): DigestChallenge | undefined {
  const wanted = fields.get("algorithm")?.toUpperCase() ?? "MD5";
  const algorithm = ALGORITHMS.find(({ name }) => name === wanted)?.name;
  const [realm, nonce, opaque] = [fields.get("realm"), fields.get("nonce"), fields.get("opaque")];
  if (algorithm === undefined || realm === undefined || nonce === undefined) return undefined;
  const qops = fields.get("qop")?.split(/\s*,\s*/);
  if (qops && !qops.includes("auth")) return undefined;
  return { realm, nonce, algorithm, qop: qops !== undefined, ...defined({ opaque }) };
}

/**
 * The header `Authorization` that answers a challenge.
 * @param use.count how often this nonce was used, with this use; from 1.
 * Source: RFC 7616, 3.4.
 */
export function digestAuthorization(
  challenge: DigestChallenge,
  login: { readonly user: string; readonly password: string },
  use: { readonly method: string; readonly uri: string; readonly count: number; readonly clientNonce: string },
): string {
  const { realm, nonce, algorithm, qop, opaque } = challenge;
  const hash = ALGORITHMS.find(({ name }) => name === algorithm)?.hash ?? "md5";
  const h = (...parts: readonly string[]) => createHash(hash).update(parts.join(":")).digest("hex");
  const [secret, request] = [h(login.user, realm, login.password), h(use.method, use.uri)];
  const count = use.count.toString(16).padStart(8, "0");
  const response = qop ? h(secret, nonce, count, use.clientNonce, "auth", request) : h(secret, nonce, request);
  const fields = [
    `username="${escaped(login.user)}"`,
    `realm="${escaped(realm)}"`,
    `nonce="${nonce}"`,
    `uri="${use.uri}"`,
    `algorithm=${algorithm}`,
    `response="${response}"`,
    ...(qop ? ["qop=auth", `nc=${count}`, `cnonce="${use.clientNonce}"`] : []),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
  ];
  return `Digest ${fields.join(", ")}`;
}

function escaped(text: string): string {
  return text.replaceAll(/["\\]/g, "\\$&");
}
