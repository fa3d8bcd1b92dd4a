import { hexOf, roundUp } from "../../core/index.ts";
import { generation, modeRow } from "../../mcuboot/index.ts";
import { type Framing, framingRow } from "../../smp/index.ts";
import { checkNsib } from "./checks-nsib.ts";
import { emulatedChip } from "./emulated-chips.ts";
import { EMULATED_NETWORK_UART, EMULATED_POWER, EMULATED_UART } from "./emulated-schema.ts";
import { type Complain, checkNetworkPorts, checkSmpPort } from "./port-checks.ts";
import { QEMU_POWER, QEMU_UART } from "./qemu-schema.ts";
import { isPressed } from "./recovery-schema.ts";
import type { ProfileFields } from "./schema.ts";

/** Where checks put what they find: a zod context, by shape. */
interface Findings {
  addIssue(issue: { code: "custom"; path: PropertyKey[]; message: string }): void;
}

/** Flash of the nRF5340-DK. Source: Product Specification, memory; Zephyr nrf5340_cpuapp_common.dtsi (QSPI). */
const DEVICE_BYTES = { internal: 0x10_0000, qspi: 0x80_0000 } as const;
/** The interface MCU takes every rate to 1 Mbaud but this one. Source: Nordic, "Virtual serial port" of sister DKs. */
const BAUD_RATE_UNSUPPORTED = 921_600;
/** How ports of the simulated board are named. */
const TWIN_PORTS = ["twin:app", "twin:net", "twin:relay"] as const;

type Area = ProfileFields["slots"]["primary"];

/** What no single field shows: each finding goes to the field that has to change. */
export function checkProfile(profile: ProfileFields, findings: Findings): void {
  const complain: Complain = (path, message) => findings.addIssue({ code: "custom", path: [...path], message });
  checkAreas(profile, complain);
  checkMode(profile, complain);
  checkPorts(profile, complain);
  checkProvider(profile, complain);
  checkRecovery(profile, complain);
  checkNsib(profile, complain);
  const { images, keys, power } = profile;
  if (images.encryption !== "none" && keys.encryption === undefined) {
    complain(["keys", "encryption"], `is missing; images.encryption is "${images.encryption}".`);
  }
  if (power.off_ms <= power.hold_up_ms) {
    complain(
      ["power", "off_ms"],
      `must be longer than hold_up_ms (${power.hold_up_ms}): the board would not lose power.`,
    );
  }
  if (power.off_ms <= power.cut_latency_ms) {
    complain(
      ["power", "off_ms"],
      `must be longer than cut_latency_ms (${power.cut_latency_ms}): power would be asked for again before it has gone.`,
    );
  }
  if (power.leave === "off" && power.driver === "reset") {
    complain(["power", "leave"], "must be on: this switch only resets the board.");
  }
}

function areasOf({ slots }: ProfileFields): [string, Area][] {
  const named: [string, Area | undefined][] = [
    ["primary", slots.primary],
    ["secondary", slots.secondary],
    ["scratch", slots.scratch],
    ["network_secondary", slots.network_secondary],
    ["s0", slots.s0],
    ["s1", slots.s1],
  ];
  return named.filter((entry): entry is [string, Area] => entry[1] !== undefined);
}

function checkAreas(profile: ProfileFields, complain: Complain): void {
  const { sector_bytes: sectorBytes } = profile.slots;
  const areas = areasOf(profile);
  for (const [index, [name, area]] of areas.entries()) {
    for (const field of ["offset", "bytes"] as const) {
      if (area[field] % sectorBytes !== 0) {
        complain(["slots", name, field], `must be a multiple of sector_bytes (${hexOf(sectorBytes)}).`);
      }
    }
    const deviceBytes = DEVICE_BYTES[area.device];
    if (area.offset + area.bytes > deviceBytes) {
      const end = hexOf(area.offset + area.bytes);
      complain(["slots", name, "bytes"], `ends at ${end}; the ${area.device} flash ends at ${hexOf(deviceBytes)}.`);
    }
    for (const [other, before] of areas.slice(0, index)) {
      if (overlap(area, before)) {
        complain(["slots", name], `overlaps ${other}, which is ${hexOf(before.offset)} to ${hexOf(end(before))}.`);
      }
    }
  }
  const { network_ram_bytes: ramBytes, network_secondary: network } = profile.slots;
  if (ramBytes !== undefined && network === undefined)
    complain(["slots", "network_ram_bytes"], "has no use without network_secondary.");
  else if (ramBytes !== undefined && ramBytes % sectorBytes !== 0)
    complain(["slots", "network_ram_bytes"], `must be a multiple of sector_bytes (${hexOf(sectorBytes)}).`);
  if (profile.qspi !== undefined && !areas.some(([, area]) => area.device === "qspi")) {
    complain(["qspi"], "has no use: no slot lies on external flash.");
  }
  const { primary } = profile.slots;
  if (primary.device !== "internal") {
    complain(["slots", "primary", "device"], "must be internal: the application runs from there.");
  } else if (primary.offset === 0) complain(["slots", "primary", "offset"], "is where the bootloader lies.");
}

function overlap(a: Area, b: Area): boolean {
  return a.device === b.device && a.offset < end(b) && b.offset < end(a);
}

function end(area: Area): number {
  return area.offset + area.bytes;
}

/** Slot sizes that MCUboot answers with "Cannot upgrade". Source: MCUboot boot_slots_compatible of each mode. */
function checkMode({ bootloader, slots, images }: ProfileFields, complain: Complain): void {
  const { mode, max_image_sectors: sectorsMax, write_bytes: writeBytes, max_align: maxAlign } = bootloader;
  const sectorsOf = (area: Area) => roundUp(area.bytes, slots.sector_bytes) / slots.sector_bytes;
  const primary = sectorsOf(slots.primary);
  const secondary = slots.secondary === undefined ? primary : sectorsOf(slots.secondary);
  for (const [name, sectors] of [
    ["primary", primary],
    ["secondary", secondary],
  ] as const) {
    if (sectors <= sectorsMax) continue;
    const hint = "raise it here and CONFIG_BOOT_MAX_IMG_SECTORS in the bootloader";
    complain(["slots", name, "bytes"], `is ${sectors} sectors, more than max_image_sectors (${sectorsMax}): ${hint}.`);
  }
  if (slots.network_secondary !== undefined && mode !== "overwrite-only") {
    complain(["slots", "network_secondary"], "needs overwrite-only: the network core's image cannot be swapped back.");
  }
  checkSlotCount({ bootloader, slots }, complain);
  checkRamLoad({ bootloader, slots, images }, complain);
  if (modeRow(mode).inPlace) {
    if (slots.secondary?.device === "qspi")
      complain(["slots", "secondary", "device"], `must be internal: with ${mode} images run from there, too.`);
    if (bootloader.network_core_upgrade)
      complain(["bootloader", "network_core_upgrade"], `has no use with ${mode}: nothing is taken out of a slot.`);
    if (images.encryption !== "none")
      complain(["images", "encryption"], `must be none with ${mode}: what runs where it lies cannot be encrypted.`);
  }
  if (writeBytes > maxAlign) complain(["bootloader", "write_bytes"], `must not exceed max_align (${maxAlign}).`);
  const surplus = primary - secondary;
  if (mode === "swap-move" && surplus !== 0 && surplus !== 1) {
    complain(["slots", "secondary", "bytes"], "must be as many sectors as primary, or one less (swap-move).");
  }
  if (mode === "swap-offset" && surplus !== 0 && surplus !== -1) {
    complain(["slots", "secondary", "bytes"], "must be as many sectors as primary, or one more (swap-offset).");
  }
  if (mode === "swap-scratch" && surplus !== 0) {
    complain(["slots", "secondary", "bytes"], "must be as large as primary (swap-scratch).");
  }
  if (mode === "swap-scratch" && slots.scratch === undefined) {
    complain(["slots", "scratch"], "is missing; swap-scratch needs a scratch area.");
  }
  if (slots.scratch !== undefined && slots.scratch.device !== "internal") {
    // Keys stand there in clear while a swap runs; before MCUboot 2.2, bodies do too, and stay. Source: MCUboot #1942.
    complain(
      ["slots", "scratch", "device"],
      "must be internal: a swap leaves image keys there in clear (before MCUboot 2.2 also the decrypted image).",
    );
  }
  if (mode !== "swap-scratch" && slots.scratch !== undefined) {
    complain(["slots", "scratch"], `has no use with ${mode}; leave it out.`);
  }
}

/** Images that are copied to RAM need to know where, and there must be room. */
function checkRamLoad(
  { bootloader, slots, images }: Pick<ProfileFields, "bootloader" | "slots" | "images">,
  complain: Complain,
): void {
  const { mode, image_ram: ram } = bootloader;
  const address = images.load_address;
  if (modeRow(mode).mode !== "ram-load") {
    if (address !== undefined) complain(["images", "load_address"], `has no use with ${mode}; leave it out.`);
    return;
  }
  if (address === undefined) return complain(["images", "load_address"], `is missing; ${mode} needs it.`);
  if (address < ram.offset || address >= ram.offset + ram.bytes) {
    const range = `${hexOf(ram.offset)} to ${hexOf(ram.offset + ram.bytes)}`;
    complain(["images", "load_address"], `bootloader.image_ram is ${range}.`);
  }
  if (bootloader.network_core_upgrade)
    complain(["bootloader", "network_core_upgrade"], `has no use with ${mode}: nothing is taken out of a slot.`);
  if (slots.network_secondary !== undefined)
    complain(["slots", "network_secondary"], `has no use with ${mode}; leave it out.`);
}

/** As many slots as the mode has, and ways in where only serial recovery brings an image. */
function checkSlotCount({ bootloader, slots }: Pick<ProfileFields, "bootloader" | "slots">, complain: Complain): void {
  const { mode, recovery, validate_once: once, validate_primary: always } = bootloader;
  const isSingle = modeRow(mode).slots === 1;
  if (once && (!isSingle || always))
    complain(["bootloader", "validate_once"], "goes with single-slot and validate_primary: false.");
  if (!isSingle) {
    if (slots.secondary === undefined) complain(["slots", "secondary"], `is missing; ${mode} needs it.`);
    return;
  }
  for (const name of ["secondary", "network_secondary"] as const) {
    if (slots[name] !== undefined) complain(["slots", name], "has no use with single-slot; leave it out.");
  }
  if (bootloader.network_core_upgrade)
    complain(["bootloader", "network_core_upgrade"], "has no use with single-slot: nothing is taken out of a slot.");
  if (recovery.length === 0)
    complain(["bootloader", "recovery"], "must name a way in: with a single slot nothing else brings an image.");
}

function checkPorts({ ports, power }: ProfileFields, complain: Complain): void {
  const seen = new Map<string, string>();
  for (const [path, port] of [
    [["ports", "app"], ports.app],
    [["ports", "net"], ports.net],
    [["ports", "smp"], ports.smp],
    [["power", "port"], power["port"]],
  ] as const) {
    const identity = identityOf(port);
    if (identity === undefined) continue;
    const other = seen.get(identity);
    if (other !== undefined) complain(path, `is the same port as ${other}.`);
    seen.set(identity, path.join("."));
  }
  checkNetworkPorts({ ports, power }, complain);
  for (const [name, port] of [
    ["app", ports.app],
    ["net", ports.net],
    ["smp", ports.smp],
  ] as const) {
    if (port && "jlink" in port && port.baud_rate === BAUD_RATE_UNSUPPORTED) {
      complain(["ports", name, "baud_rate"], "the J-Link's virtual ports do not support this rate.");
    }
  }
}

/** A port as something to compare; undefined for what is none (not every switch has a port). */
function identityOf(port: unknown): string | undefined {
  if (typeof port !== "object" || port === null) return undefined;
  if ("path" in port) return String(port.path);
  if ("jlink" in port && "interface" in port) {
    return `${String(port.jlink).replace(/^0+(?=\d)/, "")}/${String(port.interface)}`;
  }
  return undefined;
}

function checkProvider(profile: ProfileFields, complain: Complain): void {
  const { provider, ports, power, twin } = profile;
  const named = [
    [["ports", "app", "path"], ports.app],
    [["ports", "net", "path"], ports.net],
    [["power", "port", "path"], power["port"]],
  ] as const;
  const known: readonly string[] = TWIN_PORTS;
  for (const [path, port] of named) {
    if (typeof port !== "object" || port === null) continue;
    const name = "path" in port ? String(port.path) : undefined;
    if (provider === "twin" && (name === undefined || !known.includes(name))) {
      complain(path, `must name a port of the simulated board: ${TWIN_PORTS.join(", ")}.`);
    }
    if (provider !== "twin" && name !== undefined && known.includes(name)) {
      complain(path, "names a port of the simulated board; this one is hardware.");
    }
  }
  checkFirmwareBoards(profile, complain);
  checkSmpPort(profile, complain);
  if (provider !== "hardware" && provider !== "twin" && (ports.app.framing ?? "console") !== "console")
    complain(["ports", "app", "framing"], "must be console: the emulated firmware was built with frames.");
  checkTwinFraming(profile, complain);
  if (provider !== "twin") {
    if (twin !== undefined) complain(["twin"], 'is only for provider "twin".');
    return;
  }
  if (power.driver !== "lcus") complain(["power", "driver"], "must be lcus: the simulated relay is an LCUS board.");
}

/** A twin in process talks as it is talked to; as a program it may be built otherwise than its own profile would talk. */
function checkTwinFraming({ ports, twin }: ProfileFields, complain: Complain): void {
  const { framing } = twin?.smp ?? {};
  if (framing === undefined || ports.app.framing === undefined || framing === ports.app.framing) return;
  complain(["twin", "smp", "framing"], `must be ports.app.framing (${ports.app.framing}), or be left out.`);
}

/** A button needs somebody who presses it, and a channel that is not the supply's. */
function checkRecovery({ provider, bootloader, power, ports, recovery }: ProfileFields, complain: Complain): void {
  // What the host asks while images are checked would keep the board in recovery: only its log says when it is past.
  const framing = (ports.smp ?? ports.app).framing ?? "console";
  if (bootloader.recovery.includes("wait") && ports.smp === undefined && !framingRow(framing).carriesLog)
    complain(["bootloader", "recovery"], `must not have wait where the port carries no log (framing: ${framing}).`);
  checkRecoveryOptions({ bootloader, recovery }, framing, complain);
  if (recovery === undefined) return;
  const { enter, press } = recovery;
  if (!bootloader.recovery.includes(enter)) {
    complain(["recovery", "enter"], `must be among bootloader.recovery (${bootloader.recovery.join(", ") || "none"}).`);
  }
  if (isPressed(enter) !== (press !== undefined)) {
    const text = press === undefined ? "is missing: the switch that presses it." : `has no use with enter: ${enter}.`;
    return complain(["recovery", "press"], text);
  }
  if (press === undefined) return;
  // A debug probe may pull the reset pin for both.
  if (press.driver !== "reset" && samePlace(press, power))
    complain(["recovery", "press"], "is the channel of the board's own supply.");
  const port = identityOf(press["port"]);
  for (const [name, uart] of Object.entries(ports)) {
    if (port !== undefined && port === identityOf(uart)) complain(["recovery", "press", "port"], `is ports.${name}.`);
  }
  if (provider === "twin" && (press.driver !== "lcus" || port !== "twin:relay")) {
    complain(["recovery", "press"], "must be lcus on twin:relay: the simulated board has one relay.");
  }
  if (provider === "qemu" || provider === "emulated")
    complain(["recovery", "press"], "is nothing that the emulated board has.");
}

/** What came into serial recovery with a release of MCUboot. */
function checkRecoveryOptions(
  { bootloader, recovery }: Pick<ProfileFields, "bootloader" | "recovery">,
  framing: Framing,
  complain: Complain,
): void {
  const { recoverySpeaksRaw, recoveryTellsBuffer, recoveryEndsIdle } = generation(bootloader.generation);
  const isNewer = (path: string) =>
    complain(["bootloader", path], `is nothing that generation ${bootloader.generation} has (MCUboot after 2.4).`);
  if (bootloader.recovery_params === true && !recoveryTellsBuffer) isNewer("recovery_params");
  if (bootloader.recovery_inactivity_ms > 0 && !recoveryEndsIdle) isNewer("recovery_inactivity_ms");
  if (recovery !== undefined && framing !== "console" && !recoverySpeaksRaw)
    complain(
      ["recovery"],
      `needs frames (framing: console): serial recovery of generation ${bootloader.generation} knows no other.`,
    );
}

/** The same switch, by all fields but those that say how the board hangs on it. */
function samePlace(press: Readonly<Record<string, unknown>>, power: Readonly<Record<string, unknown>>): boolean {
  const own = Object.entries(press).filter(([field]) => field !== "contact");
  return own.every(([field, value]) => JSON.stringify(value) === JSON.stringify(power[field]));
}

/** Boards of one port and a switch of their own, which need to know their firmware: a section of the provider's name. */
const WITH_FIRMWARE = [
  { provider: "qemu", port: QEMU_UART, driver: QEMU_POWER, whose: "QEMU's" },
  { provider: "emulated", port: EMULATED_UART, driver: EMULATED_POWER, whose: "the emulator's" },
] as const;

/** The network core's UART of a chip that has one. */
function isNetworkUart({ ports: { net }, emulated }: ProfileFields): boolean {
  const isIt = net !== undefined && "path" in net && net.path === EMULATED_NETWORK_UART;
  return isIt && emulated !== undefined && emulatedChip(emulated.chip).network;
}

function checkFirmwareBoards(profile: ProfileFields, complain: Complain): void {
  const { app, net } = profile.ports;
  for (const { provider, port, driver, whose } of WITH_FIRMWARE) {
    const isIt = profile.provider === provider;
    const only = `is only for provider "${provider}".`;
    if (isIt !== (profile[provider] !== undefined)) complain([provider], isIt ? "is missing." : only);
    const isUart = "path" in app && app.path === port;
    if (isIt && !isUart) complain(["ports", "app", "path"], `must be ${port}: the emulated board has no other.`);
    if (!isIt && isUart) complain(["ports", "app", "path"], only);
    if (isIt && net !== undefined && !isNetworkUart(profile)) {
      complain(["ports", "net"], "is nothing that the emulated board has.");
    }
    if (isIt === (profile.power.driver === driver)) continue;
    complain(["power", "driver"], isIt ? `must be ${driver}: power of an emulated board is ${whose}.` : only);
  }
}
