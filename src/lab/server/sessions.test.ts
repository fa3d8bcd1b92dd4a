import type { IncomingMessage } from "node:http";
import { expect, test } from "@jest/globals";
import { VirtualClock } from "../../core/index.ts";
import { requireOwnPage, Sessions } from "./sessions.ts";

const HASH = "a".repeat(64);
const ask = (headers: Readonly<Record<string, string>>, method = "GET") =>
  ({ headers, method }) as unknown as IncomingMessage;
const cookieOf = (cookie: string) => ({ cookie: `other=1; ${cookie.split(";")[0]}` });

test("a cookie is for the page's own folder, no script and no other site, and with TLS for TLS alone", () => {
  const sessions = new Sessions(new VirtualClock(), "lab");
  const { cookie } = sessions.begin(HASH, ask({}));
  expect(cookie).toMatch(/^hil_lab_[0-9a-f]{8}=[\w-]{43}; HttpOnly; SameSite=Strict; Max-Age=43200$/);
  expect(sessions.begin(HASH, ask({ "x-forwarded-proto": "https" })).cookie).toMatch(/; Secure$/);
});

test("a session ends after twelve hours, or when its page says so; another lab's cookie opens none", async () => {
  const clock = new VirtualClock();
  const sessions = new Sessions(clock, "lab");
  const [{ cookie, session }, other] = [sessions.begin(HASH, ask({})), sessions.begin(HASH, ask({}))];
  expect(sessions.of(ask(cookieOf(cookie)))).toEqual(session);
  expect(new Sessions(clock, "another").of(ask(cookieOf(cookie)))).toBeUndefined();
  expect(sessions.of(ask({ cookie: "hil_lab=; =;;" }))).toBeUndefined();
  expect(sessions.end(ask(cookieOf(cookie)))).toMatch(/Max-Age=0/);
  expect(sessions.of(ask(cookieOf(cookie)))).toBeUndefined();
  expect(sessions.of(ask(cookieOf(other.cookie)))).toEqual(other.session);
  await clock.advance(12 * 3_600_000);
  expect(sessions.of(ask(cookieOf(other.cookie)))).toBeUndefined();
});

test.each([
  ["POST", {}, false],
  ["POST", { "x-hil-csrf": "guessed" }, false],
  ["DELETE", { "x-hil-csrf": "it", "sec-fetch-site": "same-site" }, false],
  ["DELETE", { "x-hil-csrf": "it", "sec-fetch-site": "cross-site" }, false],
  ["POST", { "x-hil-csrf": "it", "sec-fetch-site": "same-origin" }, true],
  ["POST", { "x-hil-csrf": "it" }, true],
  ["GET", {}, true],
])("%s with %j is taken for the page's own: %j", (method, headers, isOwn) => {
  const check = () => requireOwnPage({ csrf: "it", tokenHash: HASH, untilUs: 0 }, ask(headers, method));
  if (isOwn) expect(check).not.toThrow();
  else expect(check).toThrow(/does not come from the lab's own page|another site/);
});
