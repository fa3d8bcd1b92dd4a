import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { memoryIo } from "../testing/memory-io.ts";
import { LabNotes } from "./lab-notes.ts";

/** Somebody at an address of this machine; what is posted there. */
async function receiver(status: number) {
  const heard: { readonly text: string; readonly signature: unknown }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (data: Buffer) => (text += data.toString()));
    request.on("end", () => {
      heard.push({ text, signature: request.headers["webhook-signature"] });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  const env = { HOOK: `http://127.0.0.1:${port}/secret`, HIL_WEBHOOK_SECRET: "whsec_c2VjcmV0" };
  return { heard, close, io: memoryIo({ env }) };
}

test("what a lab's log says is sent to the address, in order and signed, and stands on standard error in any case", async () => {
  const { heard, close, io } = await receiver(204);
  const notes = new LabNotes("env:HOOK", io);
  notes.note("the reservation of lab-07 by ann ends soon");
  notes.note("lab-08 is set aside");
  await notes.sent();
  await close();
  expect(heard.map(({ text }) => JSON.parse(text))).toMatchObject([
    { type: "hil.lab", data: { schema: 1, text: "the reservation of lab-07 by ann ends soon" } },
    { type: "hil.lab", data: { text: "lab-08 is set aside" } },
  ]);
  for (const { signature } of heard) expect(signature).toMatch(/^v1,/);
  expect(io.complained()).toBe("hil: the reservation of lab-07 by ann ends soon\nhil: lab-08 is set aside\n");
});

test("a webhook that refuses costs the lab nothing but a line, without its address", async () => {
  const { close, io } = await receiver(400);
  const notes = new LabNotes("env:HOOK", io);
  notes.note("lab-08 is set aside");
  await notes.sent();
  await close();
  expect(io.complained()).toMatch(
    /^hil: lab-08 is set aside\nhil: the webhook at 127\.0\.0\.1:\d+ was not told: it answered 400\n$/,
  );
});
