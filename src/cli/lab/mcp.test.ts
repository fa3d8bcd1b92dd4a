import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { LabClient } from "../../lab/index.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { LabTools } from "./mcp.ts";

const folder = mkdtempSync(join(tmpdir(), "hil-mcp-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Nobody listens there: what is asked of the lab is refused by name. */
const lab = new LabClient("http://127.0.0.1:1", "hil_x");
const io = memoryIo({ cwd: folder });
const tools = (writes: boolean) => new LabTools(lab, io, writes);
const ask = async (of: LabTools, method: string, params: object = {}) => {
  const line = await of.answer(JSON.stringify({ jsonrpc: "2.0", id: 7, method, params }));
  return JSON.parse(line ?? "null");
};
const call = async (name: string, args: object) =>
  (await ask(tools(true), "tools/call", { name, arguments: args })).result.content[0].text as string;

describe("a lab as tools of the Model Context Protocol", () => {
  test.each([
    ["2025-06-18", "2025-06-18"],
    ["2024-11-05", "2024-11-05"],
    ["2099-01-01", "2025-11-25"],
  ])("a client of %s is answered in %s", async (asked, answered) => {
    const { id, result } = await ask(tools(false), "initialize", { protocolVersion: asked });
    expect({ id, version: result.protocolVersion }).toEqual({ id: 7, version: answered });
  });

  test("tools that change something are offered, and called, only where that was asked for", async () => {
    const named = async (of: LabTools) =>
      (await ask(of, "tools/list")).result.tools.map(({ name }: { name: string }) => name);
    expect(await named(tools(false))).toEqual(["boards", "jobs", "job", "schedules"]);
    expect(await named(tools(true))).toEqual(["boards", "jobs", "job", "schedules", "submit", "cancel"]);
    const { error } = await ask(tools(false), "tools/call", { name: "cancel", arguments: { job: 1 } });
    expect(error).toMatchObject({ code: -32_602 });
  });

  test.each([
    ["{", -32_700],
    ['{"id":1}', -32_600],
    ['{"jsonrpc":"2.0","id":1,"method":"server/discover"}', -32_601],
  ])("%s is answered with JSON-RPC's error %d", async (line, code) => {
    expect(JSON.parse((await tools(true).answer(line)) ?? "null")).toMatchObject({ error: { code } });
  });

  test("a notification is not answered, and no answer has anything but ASCII in it", async () => {
    expect(await tools(true).answer('{"jsonrpc":"2.0","method":"notifications/initialized"}')).toBeUndefined();
    const line = await tools(true).answer('{"jsonrpc":"2.0","id":"\u202eä","method":"ping"}');
    expect(line).toBe(String.raw`{"jsonrpc":"2.0","id":"\u202e\u00e4","result":{}}`);
  });

  test("what the lab, or a tool's own rules, refuse is the answer of the tool, and not the end of the server", async () => {
    expect(await call("boards", {})).toMatch(/the lab at http:\/\/127\.0\.0\.1:1 does not answer/);
    expect(await call("job", { job: 1, wait: 9_000 })).toMatch(/wait/);
  });

  test.each([
    ["../outside/scenario.yaml", "images:\n  old: { version: 1.0.0, payload: { generate_bytes: 9000 } }"],
    ["inside/scenario.yaml", 'images:\n  old: { version: "1.0.0", payload: { file: ../../outside/secret.bin } }'],
  ])("%s, or a file that it names, lies elsewhere: it is not sent", async (name, images) => {
    const path = join(folder, "work", name);
    for (const part of ["work/inside", "outside"]) mkdirSync(join(folder, part), { recursive: true });
    writeFileSync(join(folder, "outside/secret.bin"), "secret");
    const next = '\n  new: { version: "2.0.0", payload: { generate_bytes: 9000 } }\n';
    writeFileSync(path, `schema: 1\nname: sly\n${images.replace("1.0.0,", '"1.0.0",')}${next}cuts: { count: 1 }\n`);
    const here = new LabTools(lab, { ...io, cwd: join(folder, "work") }, true);
    const { result } = await ask(here, "tools/call", { name: "submit", arguments: { scenario: name } });
    expect(result).toMatchObject({ isError: true });
    expect(result.content[0].text).toMatch(/lies outside the folder of this server, or names files that do/);
  });
});
