import { expect, test } from "@jest/globals";
import { VirtualClock } from "../../core/index.ts";
import { Access, Buckets } from "./access.ts";

/** A database with one table: who has which hash. */
function tokens() {
  const rows = new Map<string, { name: string; role: string }>();
  const query = async (text: string, values: readonly unknown[] = []) => {
    if (text.startsWith("insert")) {
      const [name, role, hash] = values.map(String);
      if ([...rows.values()].some((row) => row.name === name)) return [];
      rows.set(hash ?? "", { name: name ?? "", role: role ?? "" });
      return [{ name }];
    }
    const found = rows.get(String(values[0]));
    return found === undefined ? [] : [found];
  };
  const clock = new VirtualClock();
  return { rows, clock, access: new Access({ db: { query } as never, now: () => new Date(0), clock }) };
}

test("a token is known by its hash alone: the database does not have it", async () => {
  const { rows, access } = tokens();
  const { token } = await access.add({ name: "ann", role: "submit" });
  expect(token).toMatch(/^hil_[\w-]{43}$/);
  expect([...rows.keys()].join()).not.toContain(token.slice(4));
  expect(await access.caller(`Bearer ${token}`, "::1")).toEqual({ name: "ann", role: "submit" });
});

test.each([undefined, "", "Bearer ", "Bearer hil_x", "Basic YTpi", `Bearer ${"x".repeat(5_000)}`])(
  "%j is nobody, 401",
  async (authorization) => {
    await expect(tokens().access.caller(authorization, "::1")).rejects.toMatchObject({ status: 401 });
  },
);

test("who tries tokens is slowed down, and another address is not", async () => {
  const { access, clock } = tokens();
  const statuses: unknown[] = [];
  for (let i = 0; i < 25; i += 1) statuses.push(await access.caller("Bearer x", "::1").catch(({ status }) => status));
  expect(statuses.filter((status) => status === 401)).toHaveLength(20);
  expect(statuses.at(-1)).toBe(429);
  await expect(access.caller("Bearer x", "::2")).rejects.toMatchObject({ status: 401 });
  await clock.advance(2_000);
  await expect(access.caller("Bearer x", "::1")).rejects.toMatchObject({ status: 401 });
});

test.each([
  ["view", "submit", false],
  ["submit", "submit", true],
  ["submit", "reserve", false],
  ["reserve", "view", true],
  ["admin", "agent", false],
  ["agent", "submit", false],
  ["agent", "view", false],
] as const)("%s asks for what is for %s: %s", (role, wanted, may) => {
  const { access } = tokens();
  const ask = () => access.require({ name: "x", role }, [wanted]);
  if (may) expect(ask).not.toThrow();
  else expect(ask).toThrow(expect.objectContaining({ status: 403 }));
});

test("a bucket is refilled as time goes, and never over its brim", async () => {
  const clock = new VirtualClock();
  const buckets = new Buckets({ burst: 2, perSecond: 1 }, clock);
  const takes = () => [1, 2, 3].map(() => buckets.take("a"));
  expect(takes()).toEqual([true, true, false]);
  await clock.advance(1_000_000);
  expect(takes()).toEqual([true, true, false]);
});

test("a token that a restored database does not know is good for seconds at most, one that was removed for none", async () => {
  const { rows, clock, access } = tokens();
  const { token } = await access.add({ name: "ann", role: "submit" });
  await access.caller(`Bearer ${token}`, "::1");
  rows.clear();
  expect(await access.caller(`Bearer ${token}`, "::1")).toMatchObject({ name: "ann" });
  await clock.advance(10_000);
  await expect(access.caller(`Bearer ${token}`, "::1")).rejects.toMatchObject({ status: 401 });
  const again = await access.add({ name: "bob", role: "view" });
  await access.caller(`Bearer ${again.token}`, "::1");
  await access.remove("bob").catch(() => undefined);
  rows.clear();
  await expect(access.caller(`Bearer ${again.token}`, "::1")).rejects.toMatchObject({ status: 401 });
});
