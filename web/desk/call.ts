/** The lab said no, or did not answer: in words for whoever asked. */
export class Refused extends Error {
  /** The status of HTTP; 0 where nobody answered. */
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

interface Request {
  readonly csrf?: string;
  readonly body?: unknown;
  /** Bytes instead of JSON. */
  readonly bytes?: Blob;
}

/** Asks the lab that this page came from. @throws Refused. */
export async function call(method: string, path: string, { csrf, body, bytes }: Request = {}): Promise<unknown> {
  const headers: Record<string, string> = csrf === undefined ? {} : { "x-hil-csrf": csrf };
  if (body !== undefined) headers["content-type"] = "application/json";
  let response: Response;
  try {
    const sent = bytes ?? (body === undefined ? null : JSON.stringify(body));
    response = await fetch(path, { method, headers, body: sent, redirect: "error" });
  } catch {
    throw new Refused(0, "The lab does not answer.");
  }
  const value: unknown = await response.json().catch(() => undefined);
  if (response.ok) return value;
  const { error, hint } = (value ?? {}) as { readonly error?: string; readonly hint?: string };
  throw new Refused(
    response.status,
    [error ?? `The lab answers with status ${response.status}.`, hint].filter(Boolean).join(" "),
  );
}

/** A name as a part of an address. */
export const part = (name: string): string => encodeURIComponent(name);
