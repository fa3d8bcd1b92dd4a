import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { VirtualClock } from "../../core/index.ts";
import { type Delivery, deliver, fetchPost, type Post, secretBytes, signature } from "./webhook.ts";

const MESSAGE: Delivery = {
  url: new URL("https://hooks.example.com/T0/secret-part"),
  secret: secretBytes("a secret"),
  id: "msg_1",
  body: '{"type":"hil.newly-red"}',
  hil: "1.0.0",
};

function keyOf(text: string): Uint8Array {
  const bytes = secretBytes(text);
  if (bytes === undefined) throw new Error(`${text} is no secret`);
  return bytes;
}

const hexOf = (text: string) => Buffer.from(keyOf(text)).toString("hex");

/** What a receiver that answers so got, and what came of it; each answer is a status, or what the network threw. */
async function delivered(answers: readonly (number | Error)[], message = MESSAGE) {
  const clock = new VirtualClock();
  const got: { readonly atS: number; readonly headers: Record<string, string>; readonly body: string }[] = [];
  const post: Post = async (_, { headers, body }) => {
    const answer = answers[Math.min(got.length, answers.length - 1)] ?? 200;
    got.push({ atS: Math.round(clock.nowUs() / 1e6), headers, body });
    if (typeof answer === "number") return answer;
    throw answer;
  };
  const timestampS = () => 1_700_000_000 + Math.round(clock.nowUs() / 1e6);
  const why = await deliver(message, post, { clock, timestampS, signal: new AbortController().signal });
  return { got, why };
}

describe("a webhook", () => {
  test("is signed over its id, its time and its body", async () => {
    const { got, why } = await delivered([200]);
    expect(why).toBeUndefined();
    expect(got).toHaveLength(1);
    // printf %s 'msg_1.1700000000.{"type":"hil.newly-red"}' | openssl dgst -sha256 -hmac 'a secret' -binary | base64
    expect(got[0]?.headers["webhook-signature"]).toBe("v1,niE5BKklSdn9f9idZYxOn9qKLjLSu+5NhbpHXCj9HrQ=");
    expect(got[0]?.headers).toMatchObject({ "webhook-id": "msg_1", "webhook-timestamp": "1700000000" });
  });

  test("to a port that fetch refuses itself is tried once", async () => {
    const refused = await fetchPost(new URL("http://127.0.0.1:25/"), {
      headers: {},
      body: "",
      signal: new AbortController().signal,
    }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ message: "fetch failed", cause: { message: "bad port" } });
    const message = { ...MESSAGE, url: new URL("http://127.0.0.1:25/hook") };
    const { got, why } = await delivered([new TypeError("fetch failed", { cause: new Error("bad port") })], message);
    expect(got).toHaveLength(1);
    expect(why).toBe("port 25 is one that HTTP clients refuse: name another");
  });

  test("has no signature without a secret", async () => {
    const { got } = await delivered([200], { ...MESSAGE, secret: undefined });
    expect(Object.keys(got[0]?.headers ?? {})).not.toContain("webhook-signature");
  });

  test.each([[[503, 200]], [[429, 200]], [[408, 200]], [[new Error("fetch failed"), 200]]])(
    "is sent again after a second where the receiver cannot take it: %j",
    async (answers) => {
      const { got, why } = await delivered(answers);
      expect(why).toBeUndefined();
      expect(got.map(({ atS }) => atS)).toEqual([0, 1]);
      expect(new Set(got.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
      // Signed anew: a receiver refuses what is older than some minutes.
      expect(got[1]?.headers["webhook-signature"]).toBe(
        signature(keyOf("a secret"), "msg_1", "1700000001", MESSAGE.body),
      );
    },
  );

  test("is given up after four tries, and what is said of it holds no address", async () => {
    const fault = new Error(`fetch failed`, { cause: new Error(`connect ECONNREFUSED ${MESSAGE.url.href}`) });
    const { got, why } = await delivered([fault]);
    expect(got.map(({ atS }) => atS)).toEqual([0, 1, 5, 15]);
    expect(why).toBe("connect ECONNREFUSED hooks.example.com, 4 times");
  });

  test.each([400, 401, 404, 301, 302])("is not sent again when it is refused: %s", async (status) => {
    const { got, why } = await delivered([status]);
    expect(got).toHaveLength(1);
    expect(why).toBe(`it answered ${status}`);
  });

  test.each([302, 307])("is taken nowhere else by a receiver that sends it on: %s", async (status) => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(request.url === "/there" ? 200 : status, { location: "/there" }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const { signal } = new AbortController();
      const post = fetchPost(new URL(`http://127.0.0.1:${port}/here`), { headers: {}, body: "{}", signal });
      expect([await post, asked]).toEqual([status, ["POST /here"]]);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("of a receiver that never answers ends all the same", async () => {
    const clock = new VirtualClock();
    let tries = 0;
    const never: Post = (_, { signal }) =>
      new Promise((__, reject) => {
        tries += 1;
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    const waits: number[] = [];
    const why = await deliver(MESSAGE, never, {
      clock,
      timestampS: () => 0,
      signal: new AbortController().signal,
      onWait: (_, s) => waits.push(s),
    });
    expect(tries).toBe(4);
    expect(why).toBe("waited 8000 ms for the answer, 4 times");
    expect(waits).toEqual([1, 4, 10]);
    expect(clock.nowUs()).toBeLessThan(60_000_000);
  });
});

test("a secret is a text, or the standard's own form", () => {
  expect(hexOf("whsec_AAEC")).toBe("000102");
  expect(hexOf("ab")).toBe("6162");
});

test.each(["whsec_", "whsec_?", "whsec_=", "whsec_AAEC AAEC"])("%j is no secret", (text) => {
  expect(secretBytes(text)).toBeUndefined();
});
