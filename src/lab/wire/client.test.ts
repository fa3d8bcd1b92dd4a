import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { answerOf, contentOf, isLabAway, isUnknown } from "./client.ts";

const TAKEN = z.object({ have: z.int() });
/** What a cable that is cut in the middle of an answer leaves of it. */
const brokenOff = (status = 200) =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"ha'));
        controller.error(new TypeError("terminated"));
      },
    }),
    { status },
  );
const faultOf = (work: Promise<unknown>) => work.then(() => undefined).catch((error: unknown) => error);

describe("an answer of the lab", () => {
  test("that breaks off is a lab that is away: the agent asks again", async () => {
    for (const work of [answerOf(brokenOff(), TAKEN, "x was not taken"), contentOf(brokenOff())]) {
      const fault = await faultOf(work);
      expect(fault).toMatchObject({ exitCode: 3, message: expect.stringMatching(/^the lab's answer broke off/) });
      expect(isLabAway(fault)).toBe(true);
    }
  });

  test("whose disk is full is asked again, too, and says so", async () => {
    const full = Response.json({ error: "the lab's disk is full.", have: 7 }, { status: 507 });
    const fault = await faultOf(answerOf(full, TAKEN, "x was not taken"));
    expect(isLabAway(fault)).toBe(true);
    expect(fault).toMatchObject({ message: "x was not taken: the lab's disk is full." });
  });

  test("that says from where to go on is an answer, though its status is 409", async () => {
    const elsewhere = () => Response.json({ have: 7, error: "7 bytes are here" }, { status: 409 });
    expect(await answerOf(elsewhere(), TAKEN, "x", [409])).toEqual({ have: 7 });
    expect(isLabAway(await faultOf(answerOf(elsewhere(), TAKEN, "x")))).toBe(false);
  });

  test("of a lab that does not know it is told apart from a refusal", async () => {
    const of = async (status: number) => isUnknown(await faultOf(answerOf(Response.json({}, { status }), TAKEN, "x")));
    expect([await of(404), await of(403)]).toEqual([true, false]);
  });
});
