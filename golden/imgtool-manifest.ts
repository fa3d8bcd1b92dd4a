import { z } from "zod";

const command = z.array(z.string());

/** What a run of imgtool printed; null where the vectors leave the text out. */
const run = z.object({
  command,
  exit: z.number(),
  stdout: z.string().nullish(),
  stderr: z.string().nullish(),
});

const tlv = z.object({ type: z.number(), offset: z.number(), protected: z.boolean(), hex: z.string() });

const checks = z.object({
  plain_body_sha256: z.string().optional(),
  signed_region_sha256: z.string().optional(),
  image_key_hex: z.string().optional(),
  unwrap_error: z.string().optional(),
  hash_ok: z.boolean().optional(),
  signature_ok: z.boolean().optional(),
  keyhash_ok: z.boolean().optional(),
  pubkey_ok: z.boolean().optional(),
});

const expected = z.object({
  endian: z.enum(["little", "big"]),
  header: z.object({
    magic: z.number(),
    load_addr: z.number(),
    hdr_size: z.number(),
    protect_tlv_size: z.number(),
    img_size: z.number(),
    flags: z.number(),
    flag_names: z.array(z.string()),
  }),
  version: z.string(),
  tlvs: z.array(tlv),
  signed_len: z.number(),
  image_len: z.number(),
  checks,
  trailer: z
    .object({
      magic_hex: z.string(),
      max_align: z.number(),
      image_ok: z.number(),
      copy_done: z.number(),
      swap_info: z.number(),
      swap_size: z.number(),
    })
    .optional(),
});

const random = z.object({
  image_key_hex: z.string().optional(),
  ephemeral_priv_hex: z.string().optional(),
  oaep_seed_hex: z.string().optional(),
  pss_salt_hex: z.string().optional(),
});

const vector = z.object({
  name: z.string(),
  file: z.string(),
  payload: z.string(),
  command: command.nullable(),
  kek: z.string().optional(),
  options: z
    .object({
      header_size: z.number(),
      version: z.string(),
      key: z.string().nullable(),
      encrypt_keylen: z.number(),
      clear: z.boolean(),
    })
    .optional(),
  stdout: z.string().optional(),
  expected: expected.optional(),
  extra_files: z.record(z.string(), z.string()).optional(),
  random: random.optional(),
  verify: z.array(run).optional(),
  one_byte_less: run.optional(),
});

const negative = z.object({
  name: z.string(),
  file: z.string(),
  from: z.string(),
  enc_key: z.string().optional(),
  verify: z.array(run),
  strict: z.object({ parse: z.string(), checks: checks.optional() }),
});

const cliRun = run.extend({
  name: z.string(),
  python_traceback: z.boolean(),
  output_written: z.boolean(),
});

const dump = z.object({
  image: z.string(),
  command,
  exit: z.number(),
  stdout_file: z.string().nullish(),
  outfile: z.string().nullish(),
});

const keyOutput = z.object({ name: z.string(), command, exit: z.number(), stdout_file: z.string() });

const zip = z.object({ file: z.string(), manifest: z.record(z.string(), z.unknown()) });

/** The manifest of a folder of imgtool vectors, as far as the runner reads it. */
export const imgtoolManifest = z.object({
  vectors: z.array(vector),
  negative: z.array(negative).default([]),
  cli: z.array(cliRun).default([]),
  dumpinfo: z.array(dump).default([]),
  key_outputs: z.array(keyOutput).default([]),
  dfu_zips: z.array(zip).default([]),
});

export type Vector = z.infer<typeof vector>;
export type Negative = z.infer<typeof negative>;
export type CliCase = z.infer<typeof cliRun>;
export type DumpCase = z.infer<typeof dump>;
export type KeyCase = z.infer<typeof keyOutput>;
export type ZipCase = z.infer<typeof zip>;
export type Checks = z.infer<typeof checks>;
export type RunCase = z.infer<typeof run>;
