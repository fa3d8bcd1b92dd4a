import { describe, expect, test } from "@jest/globals";
import { hex, utf8 } from "../../core/index.ts";
import {
  commitSettings,
  deleteSetting,
  eraseStorage,
  loadSettings,
  readSetting,
  saveSettings,
  writeSetting,
} from "../groups/index.ts";
import { smpBench } from "../testing/bench.ts";
import { SmpFault } from "./faults.ts";
import { type SettingsAccess, type SettingsServerOptions, settingsHandlers } from "./settings-server.ts";

/** Firmware that handles app/label ("a"), app/period and net/name; `stored` is what its flash holds. */
function firmware(options: Partial<SettingsServerOptions> & { readonly store?: boolean } = {}) {
  const stored = new Map<string, Uint8Array>();
  const { store = true, ...rest } = options;
  const storage = {
    load: () => stored,
    save: (name: string, value: Uint8Array) => void stored.set(name, value),
    delete: (name: string) => void stored.delete(name),
    erase: () => stored.clear(),
  };
  const values = new Map([
    ["app/label", utf8("a")],
    ["app/period", new Uint8Array()],
    ["net/name", utf8("n")],
  ]);
  const handlers = settingsHandlers({ values, ...(store && { storage }), ...rest });
  const { session } = smpBench({ server: { handlers } });
  const read = async (name: string) => Buffer.from((await session.request(readSetting, { name })).val).toString();
  const write = (name: string, text: string) => session.request(writeSetting, { name, val: utf8(text) });
  return { session, stored, values, read, write, names: () => [...stored.keys()].toSorted() };
}

describe("settings as Zephyr serves them", () => {
  test("a write is of RAM alone; a save stores it", async () => {
    const { session, read, write, names } = firmware();
    await write("app/label", "b");
    expect([await read("app/label"), names()]).toEqual(["b", []]);
    await session.request(saveSettings, {});
    expect(names()).toEqual(["app/label", "app/period", "net/name"]);
  });

  test("a delete is of the stored value alone: what is in RAM stays, and a later save brings it back", async () => {
    const { session, read, names } = firmware();
    await session.request(saveSettings, {});
    await session.request(deleteSetting, { name: "app/label" });
    expect([await read("app/label"), names()]).toEqual(["a", ["app/period", "net/name"]]);
    await session.request(saveSettings, {});
    expect(names()).toContain("app/label");
  });

  test("a delete of what nobody stored, or nobody handles, is a success", async () => {
    const { session } = firmware();
    expect(await session.request(deleteSetting, { name: "app/label" })).toEqual({});
    expect(await session.request(deleteSetting, { name: "nobody/x" })).toEqual({});
  });

  test("a load takes what is stored into RAM, and leaves what is not stored, or not handled, alone", async () => {
    const { session, stored, values, read, write } = firmware();
    await session.request(saveSettings, { name: "app" });
    stored.set("gone/root", utf8("x"));
    await write("app/label", "changed");
    await write("net/name", "changed");
    await session.request(loadSettings, {});
    expect([await read("app/label"), await read("net/name")]).toEqual(["a", "changed"]);
    expect([...values.keys()]).not.toContain("gone/root");
  });

  test("a save of a part saves what its root handles; the name of one value means nobody", async () => {
    const { session, names } = firmware();
    await session.request(saveSettings, { name: "app/label" });
    expect(names()).toEqual([]);
    await session.request(saveSettings, { name: "app" });
    expect(names()).toEqual(["app/label", "app/period"]);
  });

  test("a save writes nothing that is stored so already", async () => {
    const saved: string[] = [];
    const stored = new Map<string, Uint8Array>();
    const save = (name: string, value: Uint8Array) => {
      saved.push(name);
      stored.set(name, value);
    };
    const none = () => undefined;
    const { session, write } = firmware({ storage: { load: () => stored, save, delete: none, erase: none } });
    await session.request(saveSettings, {});
    await write("app/label", "b");
    await session.request(saveSettings, {});
    expect(saved).toEqual(["app/label", "app/period", "net/name", "app/label"]);
  });

  test("an erase of the storage leaves RAM as it is", async () => {
    const { session, read, names } = firmware();
    await session.request(saveSettings, {});
    await session.request(eraseStorage, {});
    expect([names(), await read("app/label")]).toEqual([[], "a"]);
  });

  test.each([
    ["a read of 2 of 3 bytes", 2, { val: "6162" }],
    ["a read of as many as there can be", 32, { val: "616263" }],
    ["a read of more than there can be, which says how many that is", 33, { val: "616263", max_size: 32 }],
  ])("%s", async (_name, max_size, answer) => {
    const { session, write } = firmware();
    await write("app/label", "abc");
    const { val, ...rest } = await session.request(readSetting, { name: "app/label", max_size });
    expect({ val: hex(val), ...rest }).toEqual(answer);
  });

  test.each([
    ["a name of 32 bytes", "n".repeat(32), "KEY_TOO_LONG"],
    ["a root that nobody handles", "nobody/x", "ROOT_KEY_NOT_FOUND"],
    ["a key that its root does not handle", "app/other", "KEY_NOT_FOUND"],
    ["no name", "", "EINVAL"],
  ])("%s is refused, for a read and a write alike", async (_name, name, code) => {
    const { session, write } = firmware();
    await expect(session.request(readSetting, { name })).rejects.toThrow(code);
    await expect(write(name, "x")).rejects.toThrow(code);
  });
});

describe("firmware without storage", () => {
  test("refuses a save and a delete, and loads nothing with success", async () => {
    const { session, read, write } = firmware({ store: false });
    await write("app/label", "b");
    await expect(session.request(saveSettings, {})).rejects.toThrow("SAVE_NOT_SUPPORTED");
    await expect(session.request(deleteSetting, { name: "app/label" })).rejects.toThrow("KEY_NOT_FOUND");
    expect(await session.request(loadSettings, {})).toEqual({});
    expect(await read("app/label")).toBe("b");
  });

  test("of Zephyr 3.5 says that it saved; with storage it saves all, whatever part was named", async () => {
    const without = firmware({ store: false, generation: "zephyr 3.5" });
    expect(await without.session.request(saveSettings, {})).toEqual({});
    const { session, names } = firmware({ generation: "zephyr 3.5" });
    await session.request(saveSettings, { name: "app" });
    expect(names()).toContain("net/name");
  });
});

describe("the access hook", () => {
  test("hears what is wanted, after the name was looked at and before anything is done", async () => {
    const asked: SettingsAccess[] = [];
    const { session, write } = firmware({ access: (wanted) => void asked.push(wanted) });
    await write("nobody/x", "v").catch(() => undefined);
    await write("n".repeat(40), "v").catch(() => undefined);
    await session.request(readSetting, { name: "app/label" });
    await session.request(deleteSetting, { name: "app/label" });
    await session.request(loadSettings, {});
    await session.request(saveSettings, { name: "app" });
    await session.request(commitSettings, {});
    expect(asked).toEqual([
      { access: "write", name: "nobody/x" },
      { access: "read", name: "app/label" },
      { access: "delete", name: "app/label" },
      { access: "load", name: undefined },
      { access: "save", name: "app" },
      { access: "commit", name: undefined },
    ]);
  });

  test.each(["read", "write", "delete", "save", "load", "commit"] as const)("can refuse a %s", async (what) => {
    const access = (wanted: SettingsAccess) => {
      if (wanted.access === what) throw new SmpFault({ code: 11 });
    };
    const { session, values, stored } = firmware({ access });
    stored.set("app/label", utf8("stored"));
    const name = "app/label";
    const asks = {
      read: () => session.request(readSetting, { name }),
      write: () => session.request(writeSetting, { name, val: utf8("x") }),
      delete: () => session.request(deleteSetting, { name }),
      save: () => session.request(saveSettings, {}),
      load: () => session.request(loadSettings, {}),
      commit: () => session.request(commitSettings, {}),
    };
    await expect(asks[what]()).rejects.toThrow("EACCESSDENIED");
    expect([hex(values.get(name) ?? new Uint8Array()), [...stored]]).toEqual([
      hex(utf8("a")),
      [[name, utf8("stored")]],
    ]);
  });
});
