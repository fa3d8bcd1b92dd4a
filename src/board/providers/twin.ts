import { Air, BlePeripheral } from "../../ble/index.ts";
import {
  type Clock,
  ConfigurationError,
  concat,
  defined,
  fromHex,
  type Random,
  VirtualClock,
} from "../../core/index.ts";
import { buildImage, generatePayload, imgtoolTrailer, parseVersion, seededRandomness } from "../../image/index.ts";
import { asNetFirmware, NET_APP, ownFirmware } from "../../mcuboot/index.ts";
import { LCUS_BAUD_RATE } from "../../power/index.ts";
import { type Link, memoryLinks } from "../../serial/index.ts";
import { BleServerTransport, SMP_GATT, type SmpTransport } from "../../smp/index.ts";
import { type RelayLatency, Twin, type TwinRadio, type TwinSmp } from "../../twin/index.ts";
import { assembleBoard } from "../parts/assemble.ts";
import type { Board } from "../parts/board.ts";
import type { OpenOptions } from "../parts/open-options.ts";
import { bootloaderBuildOf, padsFactory } from "../profile/bootloader-build.ts";
import { flashTimingOf } from "../profile/flash-timing.ts";
import { imageCrypto, profileKeys } from "../profile/keys.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { AIR_PORT } from "../profile/schema.ts";
import { SuppliedPort } from "./supplied-port.ts";

/** Bytes and version of the application that a new twin runs. */
const FACTORY = { bytes: 16_384, version: "0.1.0" } as const;
/** The network core's, and the version counter that its bootloader knows it by. */
const FACTORY_NET = { bytes: 16_384, version: "0.1.0", counter: 1 } as const;

/** MCUboot's own, behind NSIB. */
const FACTORY_MCUBOOT = { bytes: 16_384, version: 1 } as const;

/** The simulated board in this process, in virtual time: the same code above as for a board, on links in memory. */
export async function openTwin(loaded: LoadedProfile, { random, ...options }: OpenOptions): Promise<Board> {
  const clock = options.clock ?? new VirtualClock();
  const [appHost, app] = memoryLinks({ clock, names: ["twin:app", "twin's UART"] });
  const [relayHost, relay] = memoryLinks({ clock, baudRate: LCUS_BAUD_RATE, names: ["twin:relay", "twin's relay"] });
  const [netHost, net] = memoryLinks({ clock, names: ["twin:net", "twin's network core"] });
  const wanted = loaded.profile.ports.net !== undefined;
  // A switch in the board's own supply takes the interface chip along, and its ports with it.
  const leave = loaded.profile.power.options["cuts"] === "board";
  const supplied = new Map(leave ? [appHost, netHost].map((link) => [link.name, new SuppliedPort(link, clock)]) : []);
  const factory = factoryImage(loaded, random);
  const { smp } = loaded.profile.ports;
  const air = smp && "ble" in smp ? await airOf(smp, clock) : undefined;
  const twin = makeTwin(loaded, {
    clock,
    random,
    factoryImage: factory,
    links: { app, relay, ...(wanted ? { net } : {}) },
    radio: air?.radio,
    onPower: (on) => {
      for (const port of supplied.values()) port.power(on);
    },
  });
  const ends = [appHost, relayHost, ...(wanted ? [netHost] : []), ...(air ? [air.adapter] : [])];
  const hosts = new Map<string, Link>(ends.map((link) => [link.name, link]));
  return assembleBoard(loaded, {
    clock,
    links: {
      open: async (port) => {
        const link = "path" in port ? hosts.get(port.path) : undefined;
        if (link) return supplied.get(link.name)?.open() ?? link;
        throw new ConfigurationError(
          `${loaded.file} names a port that a twin does not have.`,
          `A twin in process has ${[...hosts.keys()].join(" and ")}.`,
        );
      },
    },
    flasher: { programPrimary: async (image, _signal, slot) => twin.programPrimary(image, slot) },
    check: () => twin.check(),
    brokenRules: () => twin.flash.brokenRules.map((rule) => `the firmware broke a rule of the flash: ${rule}`),
    flashDone: () => twin.flash.trace.done(),
    idleFaults: () => twin.idleFaults,
    factoryImage: factory,
    backend: air === undefined ? twin : withRadio(twin, air.peripheral),
  });
}

/** An address as Nordic's chips make one up: static, random. */
const TWIN_ADDRESS = Uint8Array.of(0x05, 0x40, 0x53, 0x52, 0x4e, 0xc0);

/** An air of this process: the adapter that the bench has, and the radio of the board, by the name it advertises. */
async function airOf({ ble: name, baudRate }: { readonly ble: string; readonly baudRate: number }, clock: Clock) {
  const air = new Air(clock);
  const adapter = air.controller({ name: AIR_PORT, baudRate });
  const board = air.controller({ name: "the twin's network core" });
  const peripheral = await BlePeripheral.open(board, {
    clock,
    name,
    address: TWIN_ADDRESS,
    ...SMP_GATT,
    mtu: TWIN_MTU,
  });
  return { adapter, peripheral, radio: radioOf(peripheral) };
}

/** What Nordic's samples are built with, in bytes. Source: NCS_SAMPLE_MCUMGR_BT_OTA_DFU (CONFIG_BT_L2CAP_TX_MTU). */
export const TWIN_MTU = 498;

/** The radio of a twin over a peripheral, which its caller closes. */
export function radioOf(peripheral: BlePeripheral): TwinRadio {
  return { transport: new BleServerTransport(peripheral), power: (on) => void peripheral.power(on) };
}

function withRadio(twin: Twin, peripheral: BlePeripheral): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      await twin[Symbol.asyncDispose]();
      await peripheral[Symbol.asyncDispose]();
    },
  };
}

/**
 * A twin of a profile, on whatever links: in memory for `hil run`, on pseudo-terminals for `hil twin`.
 * @throws ConfigurationError when the profile's switch is not the relay that a twin has.
 */
export function makeTwin(
  loaded: LoadedProfile,
  bench: {
    readonly clock: Clock;
    readonly random: Random;
    readonly factoryImage?: Uint8Array;
    readonly links: { readonly app: Link; readonly relay: Link; readonly net?: Link };
    readonly onPower?: (on: boolean) => void;
    /** Where the application serves SMP besides its UART. */
    readonly smpAlso?: SmpTransport | undefined;
    /** How it is in the air, if it is. */
    readonly radio?: TwinRadio | undefined;
  },
): Twin {
  const { profile } = loaded;
  return new Twin({
    ...bench,
    build: bootloaderBuildOf(loaded),
    timing: flashTimingOf(profile),
    factoryImage: bench.factoryImage ?? factoryImage(loaded, bench.random),
    ...(usesNetCore(loaded) ? { factoryNetFirmware: factoryNetFirmware(bench.random) } : {}),
    factoryBootloader: factoryBootloader(loaded, bench.random),
    wiring: wiringOf(loaded),
    presses: pressesOf(loaded),
    relayLatency: relayLatencyOf(loaded),
    baudRate: profile.ports.app.baudRate,
    smp: { ...twinSmpOf(loaded), also: bench.smpAlso, radio: bench.radio },
    faults: profile.twin?.faults ?? [],
    logBytesPerS: profile.twin?.logBytesPerS ?? 0,
  });
}

function twinSmpOf({ profile }: LoadedProfile): TwinSmp {
  const { smp, smpGeneration: generation } = profile.twin ?? {};
  const framing = smp?.framing ?? profile.ports.app.framing;
  if (smp === undefined) return { ...profile.smp, generation, framing };
  const { lineBytes: lineBytesMax, params, files: filesAt } = smp;
  const settings = smp.settings && {
    ...smp.settings,
    values: smp.settings.values.map(({ name, value }) => ({ name, value: fromHex(value) })),
  };
  return { ...profile.smp, generation, framing, lineBytesMax, params, filesAt, settings };
}

function relayLatencyOf({ profile }: LoadedProfile): RelayLatency | undefined {
  const relay = profile.twin?.relay;
  if (relay === undefined) return undefined;
  const us = (ms: number) => Math.round(ms * 1000);
  return { offUs: us(relay.offMs), onUs: us(relay.onMs), spreadUs: us(relay.spreadMs) };
}

function usesNetCore({ profile }: LoadedProfile): boolean {
  const { bootloader, ports, slots } = profile;
  return bootloader.networkCoreUpgrade || ports.net !== undefined || slots.networkSecondary !== undefined;
}

/** What a new twin's network core runs. */
function factoryNetFirmware(random: Random): Uint8Array {
  const payload = generatePayload({
    random: random.fork("factory net"),
    name: "factory-net",
    version: FACTORY_NET.version,
    bodyAddress: NET_APP.address,
    bytes: FACTORY_NET.bytes,
  });
  return asNetFirmware(payload, { version: FACTORY_NET.counter, address: NET_APP.address });
}

/** Behind NSIB: what half S0 of a new twin holds, with room for a header before it; S1 is empty. */
function factoryBootloader({ profile }: LoadedProfile, random: Random): Uint8Array | undefined {
  const { slots, images } = profile;
  if (slots.s0 === undefined) return undefined;
  const { headerBytes } = images;
  const address = slots.s0.offset + headerBytes;
  const payload = generatePayload({
    random: random.fork("factory bootloader"),
    name: "factory-bootloader",
    version: `${FACTORY_MCUBOOT.version}.0.0`,
    bodyAddress: address,
    bytes: FACTORY_MCUBOOT.bytes,
  });
  const firmware = ownFirmware(payload, { version: FACTORY_MCUBOOT.version, address }, headerBytes);
  return concat(new Uint8Array(headerBytes).fill(0xff), firmware);
}

function wiringOf({ profile, wrong }: LoadedProfile): { channel: number; contact: "NO" | "NC" } {
  const { channel, contact } = profile.power.options;
  if (profile.power.driver === "lcus" && typeof channel === "number" && (contact === "NO" || contact === "NC")) {
    return { channel, contact };
  }
  throw wrong(["power", "driver"], "is not the relay of a twin", "A twin's relay speaks the bytes of lcus.");
}

/** What another channel of the twin's relay presses; the profile's checks have seen to its driver. */
function pressesOf({ profile: { recovery } }: LoadedProfile): ConstructorParameters<typeof Twin>[0]["presses"] {
  const { channel, contact } = recovery?.press?.options ?? {};
  if (recovery === undefined || typeof channel !== "number") return undefined;
  const what = recovery.enter === "pin-reset" ? "pin-reset" : "button";
  return { what, channel, contact: contact === "NC" ? "NC" : "NO" };
}

/** What a twin runs before anything was uploaded: signed, not encrypted, as a debugger would have flashed it. */
function factoryImage(loaded: LoadedProfile, random: Random): Uint8Array {
  if (loaded.factoryImage) return loaded.factoryImage;
  const { images, slots, bootloader } = loaded.profile;
  const chance = random.fork("factory");
  const payload = generatePayload({
    random: chance,
    name: "factory",
    version: FACTORY.version,
    bodyAddress: (images.loadAddress ?? slots.primary.offset) + images.headerBytes,
    bytes: FACTORY.bytes,
  });
  const { image } = buildImage(payload, {
    version: parseVersion(FACTORY.version),
    headerBytes: images.headerBytes,
    padHeader: true,
    ...defined({ loadAddress: images.loadAddress }),
    slotBytes: slots.primary.bytes,
    writeBytes: bootloader.writeBytes,
    ...imageCrypto(profileKeys(loaded), false),
    randomness: seededRandomness(chance),
  });
  return padsFactory(loaded.profile) ? confirmedImage(image, loaded.profile) : image;
}

/** As `imgtool sign --pad --confirm` makes it: as long as its slot, with a trailer that says image ok. */
function confirmedImage(image: Uint8Array, { slots, bootloader }: LoadedProfile["profile"]): Uint8Array {
  const { writeBytes, maxAlign } = bootloader;
  const shape = { writeBytes, maxAlign, maxSectors: 1, overwriteOnly: false, keySlotBytes: 0 };
  const trailer = imgtoolTrailer(shape, { confirmed: true, erasedValue: 0xff, endian: "little" });
  const flashed = new Uint8Array(slots.primary.bytes).fill(0xff);
  flashed.set(image);
  flashed.set(trailer, flashed.length - trailer.length);
  return flashed;
}
