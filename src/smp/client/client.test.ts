import { describe, expect, test } from "@jest/globals";
import { hex } from "../../core/index.ts";
import { isRefusal } from "../packet/refusal.ts";
import { plainImage } from "../testing/array-store.ts";
import { smpBench } from "../testing/bench.ts";

const OLD = plainImage({ version: [1, 0, 0], payloadBytes: 300 });
const NEW = plainImage({ version: [2, 3, 4, 5], payloadBytes: 400 });

function bench() {
  const made = smpBench();
  made.store.flash(0, OLD.file);
  return made;
}

const flags = (state: {
  images: readonly { active: boolean; confirmed: boolean; pending: boolean; permanent: boolean; version: string }[];
}) =>
  state.images.map((entry) => {
    const words = (["active", "confirmed", "pending", "permanent"] as const).filter((word) => entry[word]);
    return [entry.version, ...words].join(" ");
  });

describe("a board's whole upgrade", () => {
  test("upload, test, reset, confirm: the list says so at every step", async () => {
    const { client, store } = bench();
    expect(flags(await client.imageState())).toEqual(["1.0.0 active confirmed"]);
    await client.upload(NEW.file);
    expect(flags(await client.imageState())).toEqual(["1.0.0 active confirmed", "2.3.4.5"]);
    expect(flags(await client.setImageState({ hash: NEW.hash, confirm: false }))).toEqual([
      "1.0.0 active confirmed",
      "2.3.4.5 pending",
    ]);
    store.reset();
    expect(flags(await client.imageState())).toEqual(["2.3.4.5 active", "1.0.0 confirmed"]);
    expect(flags(await client.setImageState({ confirm: true }))).toEqual(["2.3.4.5 active confirmed", "1.0.0"]);
  });

  test("a test image that is not confirmed is reverted, and until then upload and erase are refused", async () => {
    const { client, store } = bench();
    await client.upload(NEW.file);
    await client.setImageState({ hash: NEW.hash, confirm: false });
    store.reset();
    await expect(client.upload(NEW.file)).rejects.toMatchObject({ refusal: { name: "NO_FREE_SLOT" } });
    await expect(client.imageErase()).rejects.toMatchObject({ refusal: { name: "NO_FREE_SLOT" } });
    store.reset();
    expect(flags(await client.imageState())).toEqual(["1.0.0 active confirmed", "2.3.4.5"]);
  });
});

describe("single commands", () => {
  test("echo gives the text back, any of it", async () => {
    const { client } = bench();
    for (const text of ["", "hello", "grüße ✓", "x".repeat(300)]) expect(await client.echo(text)).toBe(text);
  });

  test("parameters are the server's, or an assumption that says it is one", async () => {
    expect(await bench().client.params()).toEqual({ bufferBytes: 384, bufferCount: 4, known: true });
    const { client } = smpBench({ server: { generation: "zephyr 2.7" } });
    expect(await client.params()).toEqual({ bufferBytes: 256, bufferCount: 1, known: false });
  });

  test("reset carries its options", async () => {
    const { client, resets } = bench();
    await client.reset();
    await client.reset({ force: true, bootMode: 1 });
    expect(resets).toEqual([
      { force: false, bootMode: 0 },
      { force: true, bootMode: 1 },
    ]);
  });

  test("bootloader and OS tell about themselves", async () => {
    const { client } = bench();
    expect(await client.bootloaderInfo()).toEqual({
      name: "MCUboot",
      mode: "swap using move",
      modeNumber: 3,
      noDowngrade: false,
    });
    expect([await client.osInfo(), await client.osInfo("vs")]).toEqual(["Zephyr", "Zephyr 4.4.0"]);
    await expect(client.osInfo("Z")).rejects.toMatchObject({ refusal: { name: "INVALID_FORMAT" } });
  });

  test("the list gives hashes and fills in what a server leaves out", async () => {
    const { client, store } = smpBench({ image: { frugalList: true } });
    store.flash(0, OLD.file);
    const { images, splitStatus } = await client.imageState();
    expect(images).toEqual([
      {
        image: 0,
        slot: 0,
        version: "1.0.0",
        hash: OLD.hash,
        bootable: true,
        pending: false,
        confirmed: true,
        active: true,
        permanent: false,
      },
    ]);
    expect([splitStatus, hex(images[0]?.hash ?? OLD.file)]).toEqual([undefined, OLD.name]);
  });

  test("slot sizes, from a server that tells them", async () => {
    const { client } = smpBench({ image: { slotInfo: true } });
    expect(await client.slotInfo()).toEqual([
      {
        image: 0,
        slots: [
          { slot: 0, sizeBytes: 65_536, uploadImage: undefined },
          { slot: 1, sizeBytes: 65_536, uploadImage: 0 },
        ],
      },
    ]);
    const refused = await bench()
      .client.slotInfo()
      .catch((error: unknown) => error);
    expect([
      isRefusal(refused, "ENOTSUP"),
      isRefusal(refused, "EBUSY"),
      isRefusal(refused),
      isRefusal(undefined),
    ]).toEqual([true, false, true, false]);
  });

  test("erase takes the secondary slot's image away, and never the running one's", async () => {
    const { client, store } = bench();
    store.flash(1, NEW.file);
    await client.imageErase();
    expect(flags(await client.imageState())).toEqual(["1.0.0 active confirmed"]);
    await expect(client.imageErase({ slot: 0 })).rejects.toMatchObject({ refusal: { name: "NO_FREE_SLOT" } });
    await expect(client.imageErase({ slot: 9 })).rejects.toMatchObject({ refusal: { name: "FLASH_OPEN_FAILED" } });
  });
});

describe("a state write whose answer is lost", () => {
  /** The answer to the state write is lost on the line, or the request is. */
  function losing(which: "answer" | "request") {
    const made = bench();
    made.store.flash(1, NEW.file);
    const end = which === "answer" ? made.hostLink : made.boardLink;
    const deliver = end.deliver.bind(end);
    let attempts = 0;
    end.deliver = (bytes) => {
      if (attempts > 0) deliver(bytes);
    };
    made.session.onExchange((exchange) => {
      if (exchange.kind === "no answer" && exchange.command === "image state write") attempts += 1;
    });
    return { ...made, attempts: () => attempts };
  }

  test("counts when the list shows that the board acted, and is not sent twice", async () => {
    const { client, attempts } = losing("answer");
    const state = await client.setImageState({ hash: NEW.hash, confirm: false });
    expect(flags(state)).toEqual(["1.0.0 active confirmed", "2.3.4.5 pending"]);
    expect(attempts()).toBe(1);
  });

  test("is a timeout when the list shows that it did not", async () => {
    const { client, attempts } = losing("request");
    const refused = expect(client.setImageState({ hash: NEW.hash, confirm: true })).rejects;
    await refused.toMatchObject({ kind: "timeout", awaited: "the answer to image state write on VCOM1" });
    expect(attempts()).toBe(1);
  });
});
