/** The JSON of the MCUboot vectors, as far as the runner reads it. Schema: README.md of the vectors. */

export interface VectorManifest {
  readonly configs: readonly ManifestConfig[];
  readonly images: readonly VectorImage[];
}

export interface ManifestConfig {
  readonly id: string;
  readonly file: string;
}

export interface VectorImage {
  readonly id: string;
  readonly file: string;
  readonly version: string;
  readonly hdr_size: number;
  readonly body_size: number;
  readonly body_is_plaintext_in_file: boolean;
  readonly aes_key: string | null;
}

export interface VectorArea {
  readonly name: string;
  readonly id: number;
  readonly off: number;
  readonly size: number;
}

export interface VectorConfig {
  readonly id: string;
  readonly mode: string;
  readonly crypto: string;
  readonly sign_key: string;
  readonly enc_key: string | null;
  readonly swap_save_enctlv: boolean;
  readonly images: number;
  readonly validate_primary_slot: boolean;
  readonly overwrite_only_fast: boolean;
  readonly direct_xip_revert?: boolean;
  readonly downgrade_prevention?: boolean;
  readonly bootstrap?: boolean;
  readonly version_cmp_uses_build_number?: boolean;
  readonly generation?: string;
  readonly geometry: {
    readonly flash_size: number;
    readonly sector: number;
    readonly write_align: number;
    readonly max_align: 8 | 16 | 32;
    readonly max_img_sectors: number;
    readonly areas: readonly VectorArea[];
  };
  readonly trailer_size: number;
  readonly status_offset_primary: number;
  readonly max_image_size: number | null;
}

export interface VectorFile {
  readonly config: VectorConfig;
  readonly images: readonly VectorImage[];
  readonly cases?: readonly VectorCase[];
  readonly scripts?: readonly VectorScript[];
}

export interface InitialFlash {
  readonly place: readonly { readonly area: string; readonly off: number; readonly image: string }[];
  readonly poke?: readonly { readonly area: string; readonly off: number; readonly hex: string }[];
  readonly flash_sha256: string;
}

export interface VectorCase {
  readonly name: string;
  readonly initial: InitialFlash;
  readonly leak_watch: readonly string[];
  readonly steps: readonly VectorStep[];
  readonly sweeps?: readonly VectorSweep[];
  readonly multi_cuts?: readonly VectorMultiCuts[];
}

export type TornName = "clean" | "head" | "tail" | "bits";

export type VectorStep = {
  readonly expect: VectorExpect;
} & (
  | { readonly op: "boot"; readonly cut?: number; readonly torn?: TornName }
  | { readonly op: "set_pending"; readonly image: number; readonly permanent: boolean }
  | { readonly op: "confirm"; readonly image: number }
  | { readonly op: "upload"; readonly area: string; readonly off: number; readonly image: string }
  | { readonly op: "erase_area"; readonly area: string }
  | { readonly op: "poke"; readonly area: string; readonly off: number; readonly hex: string }
);

/** Everything that a step is compared by; absent means not compared. */
export type VectorExpect = Readonly<Record<string, unknown>>;

/** After a boot: result, operations, first 16 hex digits of the flash's hash, leak bits. */
export type BootedRow = readonly [string, number, string, number];

export interface VectorSweep {
  readonly step: number;
  readonly torn: TornName;
  readonly k_step: number;
  readonly boots_after: number;
  readonly rows: readonly (readonly [number, string, number, ...BootedRow[]])[];
}

export interface VectorMultiCuts {
  readonly step: number;
  readonly rows: readonly {
    readonly cuts: readonly (readonly [number, TornName, string, string, number])[];
    readonly after: readonly BootedRow[];
  }[];
}

export interface VectorScript {
  readonly name: string;
  readonly initial: InitialFlash;
  readonly seq: readonly (readonly (string | number | boolean | null)[])[];
}
