import { createHash } from "node:crypto";

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

/** The challenge of a header; undefined when it asks for something else than digest with a hash known here. */
export function digestChallenge(header: string): DigestChallenge | undefined {
  const text = /\bDigest\s+(.*)/is.exec(header)?.[1];
  if (text === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const [, key = "", quoted, plain] of text.matchAll(/(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g)) {
    if (!fields.has(key.toLowerCase()))
      fields.set(key.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? plain ?? "");
  }
  const wanted = fields.get("algorithm")?.toUpperCase() ?? "MD5";
  const algorithm = ALGORITHMS.find(({ name }) => name === wanted)?.name;
  const [realm, nonce, opaque] = [fields.get("realm"), fields.get("nonce"), fields.get("opaque")];
  if (algorithm === undefined || realm === undefined || nonce === undefined) return undefined;
  const qops = fields.get("qop")?.split(/\s*,\s*/);
  if (qops && !qops.includes("auth")) return undefined;
  return { realm, nonce, algorithm, qop: qops !== undefined, ...(opaque === undefined ? {} : { opaque }) };
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
