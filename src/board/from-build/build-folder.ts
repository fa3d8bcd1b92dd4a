import { existsSync, readdirSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { z } from "zod";
import { ConfigurationError, loadYaml, readInputText } from "../../core/index.ts";
import { type Devicetree, parseDevicetree } from "./devicetree.ts";
import { DTS_BYTES_MAX } from "./devicetree-tokens.ts";
import { KCONFIG_BYTES_MAX, type Kconfig, parseKconfig } from "./kconfig.ts";

/** Something that a build says, and where it says it: file in the build folder, line, symbol. */
export interface Found<T> {
  readonly value: T;
  readonly from: string;
}

/** What an image of a build is for. */
const ROLES = ["bootloader", "application", "network", "network bootloader", "first stage", "other"] as const;
type Role = (typeof ROLES)[number];

/** One image of a build: its folder, settings and devicetree. */
export interface BuildDomain {
  readonly name: string;
  readonly role: Role;
  /** Its own folder, absolute. */
  readonly folder: string;
  readonly kconfig: Kconfig;
  readonly devicetree: Devicetree;
}

/** What sysbuild, or a build before it, left behind. */
export interface BuildFolder {
  /** Absolute. */
  readonly folder: string;
  readonly bootloader: BuildDomain;
  readonly application: BuildDomain;
  readonly network?: BuildDomain | undefined;
  readonly domains: readonly BuildDomain[];
  /** Sysbuild's own settings (`zephyr/.config` of the folder), where it has such. */
  readonly sysbuild?: Kconfig | undefined;
}

const DOMAINS = z.looseObject({
  default: z.string(),
  build_dir: z.string(),
  domains: z
    .array(z.looseObject({ name: z.string(), build_dir: z.string() }))
    .min(1)
    .max(64),
});
const CONFIG = join("zephyr", ".config");
const HEADER_BYTES_MAX = 65_536;

/**
 * Reads the folder of a build: the images in it by what they are for. A folder that was moved since, or comes
 * from another
 * machine, is read as it lies here.
 * @throws ConfigurationError for what is no build folder of a Zephyr project with MCUboot, naming file and line.
 * Source: Zephyr share/sysbuild/cmake/domains.cmake; nRF Connect SDK before 2.7 for child images.
 */
export async function readBuildFolder(folder: string): Promise<BuildFolder> {
  const top = resolve(folder);
  const places = existsSync(join(top, "domains.yaml")) ? await listed(top) : childImages(top);
  const domains = places.map((place) => domainOf(place, top));
  const bootloader = one(domains, "bootloader", top);
  const application = one(domains, "application", top);
  const own = join(top, CONFIG);
  const isSysbuilds = existsSync(own) && !domains.some((domain) => domain.folder === top);
  return {
    folder: top,
    bootloader,
    application,
    network: domains.find(({ role }) => role === "network"),
    domains,
    ...(isSysbuilds && { sysbuild: kconfigOf(own, top) }),
  };
}

/** A file of a build as messages name it: from the build folder on. */
export function shownPath(file: string, folder: string): string {
  return relative(folder, file).replaceAll("\\", "/") || file;
}

/** The value of a `#define` in a header that the build generated; undefined where header or name is missing. */
export function definedIn(
  domain: BuildDomain,
  header: string,
  name: string,
  folder: string,
): Found<string> | undefined {
  const generated = join(domain.folder, "zephyr", "include", "generated");
  const file = [join(generated, "zephyr", header), join(generated, header)].find((path) => existsSync(path));
  if (file === undefined) return undefined;
  const lines = readInputText(file, HEADER_BYTES_MAX).split("\n");
  const at = lines.findIndex((line) => line.startsWith(`#define ${name} `) || line.startsWith(`#define ${name}\t`));
  const value = /^#define\s+\w+\s+"?([^"\s]+)"?/.exec(lines[at] ?? "")?.[1];
  return value === undefined ? undefined : { value, from: `${shownPath(file, folder)}:${at + 1} ${name}` };
}

/** A symbol of a domain that is set to something: not `n`, not empty. */
export function symbolOf({ kconfig }: { readonly kconfig: Kconfig }, name: string): Found<string> | undefined {
  const symbol = kconfig.symbols.get(name);
  if (symbol === undefined || symbol.value === "n" || symbol.value === "") return undefined;
  return { value: symbol.value, from: symbolPlace(kconfig, name, symbol.line) };
}

/** Where a symbol stands, also one that is not set; without it: that it is not there. */
export function placeOfSymbol({ kconfig }: { readonly kconfig: Kconfig }, name: string): string {
  const symbol = kconfig.symbols.get(name);
  if (symbol === undefined) return `${kconfig.file}: no ${spelled(name)}`;
  const end = symbol.value === "n" ? " is not set" : "";
  return `${symbolPlace(kconfig, name, symbol.line)}${end}`;
}

function symbolPlace(kconfig: Kconfig, name: string, line: number): string {
  return `${kconfig.file}:${line} ${spelled(name)}`;
}

function spelled(name: string): string {
  return name.startsWith("SB_CONFIG_") ? name : `CONFIG_${name}`;
}

interface Place {
  readonly name: string;
  readonly folder: string;
  readonly isDefault: boolean;
}

async function listed(top: string): Promise<readonly Place[]> {
  const { value, wrong } = await loadYaml(join(top, "domains.yaml"), DOMAINS);
  return value.domains.map(({ name, build_dir: spelledFolder }, index) => {
    const inside = insideOf(value.build_dir, spelledFolder);
    const folder = inside === undefined ? undefined : resolve(top, inside);
    if (folder === undefined || (folder !== top && !folder.startsWith(top + sep))) {
      throw wrong(["domains", index, "build_dir"], `lies outside of the build folder (${value.build_dir}).`);
    }
    return { name, folder, isDefault: name === value.default };
  });
}

/** A path below another one, both as a file spells them, from Windows too; undefined for one that is not below it. */
function insideOf(top: string, path: string): string | undefined {
  const [base, full] = [top, path].map((text) => text.replaceAll("\\", "/").replace(/\/+$/, ""));
  if (base === undefined || full === undefined) return undefined;
  if (full === base) return ".";
  return full.startsWith(`${base}/`) ? full.slice(base.length + 1) : undefined;
}

/** Before sysbuild: the application in the folder itself, each child image in a folder of its own. */
function childImages(top: string): readonly Place[] {
  const names = entriesOf(top).filter((name) => name !== "zephyr" && existsSync(join(top, name, CONFIG)));
  const own = existsSync(join(top, CONFIG)) ? [{ name: "application", folder: top, isDefault: true }] : [];
  const places = [...own, ...names.map((name) => ({ name, folder: join(top, name), isDefault: false }))];
  if (places.length > 0) return places;
  throw new ConfigurationError(
    `${top} is no build folder: it has neither domains.yaml nor zephyr/.config.`,
    "Name the folder that `west build` filled (build/), with MCUboot in it: west build --sysbuild.",
  );
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    throw new ConfigurationError(`cannot read the build folder ${folder}.`, "Check the path.", { cause: error });
  }
}

function domainOf({ name, folder, isDefault }: Place, top: string): BuildDomain {
  const kconfig = kconfigOf(join(folder, CONFIG), top);
  const role = roleOf(kconfig, isDefault);
  let devicetree: Devicetree | undefined;
  return {
    name,
    role,
    folder,
    kconfig,
    get devicetree() {
      const file = join(folder, "zephyr", "zephyr.dts");
      devicetree ??= parseDevicetree(textOfFile(file, top, DTS_BYTES_MAX), shownPath(file, top));
      return devicetree;
    },
  };
}

/** By its settings; which name an image has is the project's choice. Source: MCUboot and nRF Connect SDK, Kconfig. */
function roleOf({ symbols }: Kconfig, isDefault: boolean): Role {
  const is = (name: string) => symbols.get(name)?.value === "y";
  const isNetwork = is("SOC_NRF5340_CPUNET") || is("SOC_NRF5340_CPUNET_QKAA");
  if (is("IS_SECURE_BOOTLOADER")) return isNetwork ? "network bootloader" : "first stage";
  if (isNetwork) return "network";
  if (is("MCUBOOT")) return "bootloader";
  return isDefault ? "application" : "other";
}

function kconfigOf(file: string, top: string): Kconfig {
  return parseKconfig(textOfFile(file, top, KCONFIG_BYTES_MAX), shownPath(file, top));
}

function textOfFile(file: string, top: string, bytesMax: number): string {
  try {
    return readInputText(file, bytesMax);
  } catch (error) {
    throw new ConfigurationError(
      `cannot read ${shownPath(file, top)} of the build folder ${top}.`,
      "Was the build finished? Build again, or name the folder that `west build` filled.",
      { cause: error },
    );
  }
}

function one(domains: readonly BuildDomain[], role: Role, top: string): BuildDomain {
  const [first, second] = domains.filter((domain) => domain.role === role);
  const names = domains.map((domain) => `${domain.name} (${domain.role})`).join(", ");
  if (first === undefined) {
    const hint =
      role === "bootloader"
        ? "MCUboot must be built with it: SB_CONFIG_BOOTLOADER_MCUBOOT=y with sysbuild."
        : "Name the build folder of the whole project, not the one of MCUboot.";
    throw new ConfigurationError(`the build in ${top} has no ${role}: its images are ${names}.`, hint);
  }
  if (second === undefined) return first;
  throw new ConfigurationError(`the build in ${top} has two images that are its ${role}: ${names}.`);
}
