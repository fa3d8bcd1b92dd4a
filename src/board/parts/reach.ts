import { isIP } from "node:net";
import { dirname, resolve } from "node:path";
import { resolveFrom } from "../../core/index.ts";
import { networkPort } from "../../serial/index.ts";
import { cachedFile } from "../lease/cached-file.ts";
import { ARGV_OPTIONS } from "../profile/kept-text.ts";
import { isKeyEverywhere, type LoadedProfile } from "../profile/profile.ts";
import { switchesOf } from "../profile/recovery-schema.ts";

/** What a profile makes this program touch besides serial ports: for whoever has to decide whether to trust it. */
export interface Reach {
  /** Programs that are started, as the profile names them. */
  readonly programs: readonly string[];
  /** Hosts that are talked to, without what a secret could stand in. */
  readonly addresses: readonly string[];
  /** Environment variables that are read and sent to a switch. */
  readonly variables: readonly string[];
  /** Files that are read, with their folders. */
  readonly files: readonly string[];
}

/** QEMU as the package names it: a profile that names another program wants to run that. */
const QEMU = "qemu-system-arm";
/** Programs of drivers and flashers whose options leave them out. */
const OWN_PROGRAMS: Readonly<Record<string, string>> = { uhubctl: "uhubctl", gpio: "gpioset", ykush: "ykushcmd" };

/** What the profile reaches. @param more files that a scenario names besides. */
export function reachOf({ profile, file, keyNames }: LoadedProfile, more: readonly string[] = []): Reach {
  const { flasher, qemu, emulated, keys } = profile;
  const programs: string[] = [];
  const addresses: string[] = [];
  const variables: string[] = [];
  const named: string[] = [];
  const walk = (value: unknown, name: string): void => {
    if (Array.isArray(value) && ARGV_OPTIONS.includes(name)) programs.push(String(value[0]));
    else if (typeof value === "object" && value !== null) {
      const isSecrets = name.endsWith("_env");
      for (const [key, inner] of Object.entries(value)) {
        if (isSecrets && typeof inner === "string") variables.push(inner);
        else walk(inner, key);
      }
    } else if (typeof value === "string") {
      if (name.endsWith("_env")) variables.push(value);
      else if (name.endsWith("_file")) named.push(value);
      else if (name === "program" || name === "executable") programs.push(value);
      else if (name === "host") addresses.push(value);
      else if (/^https?:\/\//.test(value)) addresses.push(originOf(value));
    }
  };
  for (const { driver, options } of switchesOf(profile)) {
    walk(options, "power");
    const own = options["program"] === undefined ? OWN_PROGRAMS[driver] : undefined;
    if (own !== undefined) programs.push(own);
    if (driver === "reset" && options["program"] === undefined) programs.push(String(options["tool"]));
  }
  for (const port of [...Object.values(profile.ports), ...switchesOf(profile).map(({ options }) => options["port"])]) {
    const path = typeof port === "object" && port !== null && "path" in port ? String(port.path) : "";
    const address = networkPort(path);
    if (address !== undefined) addresses.push(path);
  }
  walk(flasher, "flasher");
  if (flasher !== undefined && flasher.tool !== "command" && flasher.executable === undefined)
    programs.push(flasher.tool);
  if (qemu !== undefined) programs.push(qemu.program);
  const baseline = flasher?.baseline;
  const files = [...named, baseline?.app, baseline?.net].flatMap((name) =>
    name === undefined ? [] : [resolveFrom(file, name)],
  );
  for (const image of emulatedFiles(emulated)) files.push(cachedFile(file, image));
  if (qemu !== undefined) files.push(cachedFile(file, qemu.image));
  for (const [name, path] of [
    [keyNames.signing, keys.signingFile],
    ...keyNames.verifying.map((name, index) => [name, keys.verifyingFiles[index]] as const),
    [keyNames.encryption, keys.encryptionFile],
  ] as const) {
    if (name !== undefined && path !== undefined && !isKeyEverywhere(name)) files.push(path);
  }
  return {
    programs: once(programs),
    addresses: once(addresses),
    variables: once(variables),
    files: once([...files, ...more]),
  };
}

/** What an emulated board's section names. */
function emulatedFiles(section: LoadedProfile["profile"]["emulated"]): readonly string[] {
  return [...(section?.firmware ?? []), ...(section?.networkFirmware ?? []), ...(section?.elf ?? [])];
}

/**
 * The same for a profile out of a received record: the emulator by its usual name is no stranger's program, and what
 * lies in the cache was fetched by this user.
 * @param own files that it names and that are known to be the recorded ones: keys.
 */
export function foreignReach(board: LoadedProfile, own: readonly string[] = []): readonly string[] {
  const { programs, addresses, variables, files } = reachOf(board);
  const { qemu, emulated } = board.profile;
  const named = [qemu?.image ?? "", ...emulatedFiles(emulated)];
  const fetched = named.filter((name) => name.startsWith("cache:")).map((name) => cachedFile(board.file, name));
  const ours = [...own, ...fetched];
  return [
    ...files.filter((path) => !ours.includes(path)).map((path) => `reads ${path}`),
    ...programs.filter((name) => name !== QEMU).map((name) => `runs ${name} (in ${dirname(resolve(board.file))})`),
    ...addresses.map((address) => `talks to ${address}`),
    ...variables.map((name) => `reads ${name} of the environment`),
  ];
}

function once(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}

function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch {
    return "an address";
  }
}

/**
 * Addresses to which a password goes readable by everybody on the way: plain HTTP to a host that is not on a private
 * network by its address (RFC 1918, 4193, 3927, loopback) or its name (no dot, or a domain kept for homes and labs).
 */
export function readablePasswords(board: LoadedProfile): readonly string[] {
  const { addresses, variables } = reachOf(board);
  if (variables.length === 0) return [];
  return addresses.filter((address) => address.startsWith("http://") && !isPrivateHost(new URL(address).hostname));
}

/** The same as sentences: what every command that opens the switch says first. */
export function passwordWarnings(board: LoadedProfile): readonly string[] {
  return readablePasswords(board).map(
    (address) => `${board.profile.name} sends a password to ${address} in clear, and that is no private network.`,
  );
}

const PRIVATE_ADDRESSES =
  /^(?:10\.|127\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|\[(?:::1\]|f[cd]|fe[89ab]))/i;
/** Source: RFC 6762 (local), RFC 8375 (home.arpa), RFC 9476 and ICANN 2024 (internal); the rest is custom. */
const PRIVATE_NAMES = /(?:^|\.)(?:localhost|local|lan|home|internal|intranet|localdomain|home\.arpa)$/i;

function isPrivateHost(host: string): boolean {
  if (host.startsWith("[") || isIP(host) !== 0) return PRIVATE_ADDRESSES.test(host);
  return !host.includes(".") || PRIVATE_NAMES.test(host);
}
