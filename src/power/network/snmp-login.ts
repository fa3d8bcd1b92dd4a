import { createCipheriv } from "node:crypto";
import { z } from "zod";
import { ConfigurationError } from "../../core/index.ts";
import { type PowerBench, secretFrom, secretOf, secretOption } from "../driver/driver.ts";

/** What signs a message of SNMP 3; the names are net-snmp's. */
export const AUTH_PROTOCOLS = [
  { name: "md5", source: "RFC 3414, 6" },
  { name: "sha", source: "RFC 3414, 7 (SHA-1)" },
  { name: "sha224", source: "RFC 7860, 4" },
  { name: "sha256", source: "RFC 7860, 4" },
  { name: "sha384", source: "RFC 7860, 4" },
  { name: "sha512", source: "RFC 7860, 4" },
] as const;

/** What encrypts one. */
export const PRIV_PROTOCOLS = [
  { name: "des", source: "RFC 3414, 8" },
  { name: "aes", source: "RFC 3826 (128 bits)" },
  { name: "aes256b", source: "draft-blumenthal-aes-usm-04" },
  { name: "aes256r", source: "draft-reeder-snmpv3-usm-3desede-00, as Cisco's agents have it" },
] as const;

type AuthProtocol = (typeof AUTH_PROTOCOLS)[number]["name"];
type PrivProtocol = (typeof PRIV_PROTOCOLS)[number]["name"];

/** What a PDU comes with. */
const FACTORY_COMMUNITY = "private";
/** Shorter ones are refused by agents and by every other manager. Source: RFC 3414, 11.2. */
const PASSPHRASE_MIN = 8;

function passphraseOption<const T extends readonly [string, ...string[]]>(protocols: T) {
  return z
    .strictObject({
      protocol: z.enum(protocols),
      passphrase_env: secretOption.optional(),
      passphrase_file: z
        .string()
        .min(1)
        .max(4_096)
        .optional()
        .describe("file that holds it, and nothing else; relative to the profile"),
    })
    .refine(({ passphrase_env: env, passphrase_file: file }) => (env === undefined) !== (file === undefined), {
      error: "say either passphrase_env or passphrase_file",
    });
}

const names = <T extends string>(rows: readonly [{ readonly name: T }, ...{ readonly name: T }[]]): [T, ...T[]] => {
  const [first, ...rest] = rows;
  return [first.name, ...rest.map(({ name }) => name)];
};

/** Who asks, as options of a profile: a community for SNMP 1 and 2c, a user for SNMP 3. */
export const snmpLoginOptions = {
  version: z.enum(["1", "2c", "3"]).default("1"),
  community_env: secretOption
    .optional()
    .describe(`variable with the community of versions 1 and 2c; left out, "${FACTORY_COMMUNITY}"`),
  user: z
    .strictObject({
      name: z.string().min(1).max(32),
      auth: passphraseOption(names<AuthProtocol>([...AUTH_PROTOCOLS])).optional(),
      priv: passphraseOption(names<PrivProtocol>([...PRIV_PROTOCOLS])).optional(),
    })
    .refine(({ auth, priv }) => auth !== undefined || priv === undefined, { error: "priv needs auth" })
    .optional()
    .describe("user of version 3; without auth its messages are not signed, without priv they are readable"),
};

const loginSchema = z.object(snmpLoginOptions);

/** A login with its secrets: never printed, never recorded. */
export type SnmpLogin =
  | { readonly version: "1" | "2c"; readonly community: string }
  | {
      readonly version: "3";
      readonly user: string;
      readonly auth?: { readonly protocol: AuthProtocol; readonly passphrase: string } | undefined;
      readonly priv?: { readonly protocol: PrivProtocol; readonly passphrase: string } | undefined;
    };

/**
 * The login that a profile's options name.
 * @throws ConfigurationError when options do not fit the version, a secret is not there or too short, or this Node's
 *   OpenSSL lacks DES.
 */
export async function snmpLoginOf(options: z.output<typeof loginSchema>, bench: PowerBench): Promise<SnmpLogin> {
  const { version, community_env, user } = options;
  if (version !== "3") {
    if (user)
      throw new ConfigurationError(`snmp-pdu: a user is for SNMP 3, and version says ${version}.`, 'Say version: "3".');
    const community = community_env === undefined ? FACTORY_COMMUNITY : secretOf(bench, community_env);
    return { version, community };
  }
  if (!user)
    throw new ConfigurationError("snmp-pdu: SNMP 3 needs a user.", "Name it in the profile: user: { name: … }.");
  if (community_env !== undefined) {
    throw new ConfigurationError("snmp-pdu: SNMP 3 has no community.", "Take community_env out; user says who asks.");
  }
  if (user.priv?.protocol === "des") refuseWithoutDes();
  const [auth, priv] = [await opened(user.auth, "auth", bench), await opened(user.priv, "priv", bench)];
  return { version, user: user.name, auth, priv };
}

async function opened<P extends string>(
  option:
    | {
        readonly protocol: P;
        readonly passphrase_env?: string | undefined;
        readonly passphrase_file?: string | undefined;
      }
    | undefined,
  what: string,
  bench: PowerBench,
): Promise<{ readonly protocol: P; readonly passphrase: string } | undefined> {
  if (!option) return undefined;
  const { protocol, passphrase_env: env, passphrase_file: file } = option;
  const passphrase = await secretFrom(bench, { env, file });
  if (Buffer.byteLength(passphrase) >= PASSPHRASE_MIN) return { protocol, passphrase };
  throw new ConfigurationError(
    `snmp-pdu: the passphrase of ${what} is shorter than ${PASSPHRASE_MIN} bytes, which SNMP 3 does not allow.`,
    `Check ${env ?? file ?? "it"}.`,
  );
}

/** OpenSSL 3 keeps DES among its legacy ciphers, which Node loads only when it is told to. */
function refuseWithoutDes(): void {
  try {
    createCipheriv("des-cbc", new Uint8Array(8), new Uint8Array(8));
  } catch (cause) {
    throw new ConfigurationError(
      "snmp-pdu: priv.protocol is des, which OpenSSL in this Node does not offer.",
      "Set the PDU to AES and say aes; else start hil with NODE_OPTIONS=--openssl-legacy-provider.",
      { cause },
    );
  }
}
