import type { LoadedProfile } from "../../board/index.ts";
import type { ImageFile, SlotSeen, TrailerSeen } from "./evidence.ts";

/** What one file was read as. */
export type Piece = { readonly name: string } & (
  | { readonly kind: "log"; readonly text: string }
  | { readonly kind: "list"; readonly slots: readonly SlotSeen[] }
  | { readonly kind: "images"; readonly read: string; readonly files: readonly ImageFile[] }
  | {
      readonly kind: "dump";
      readonly read: string;
      readonly slots?: readonly SlotSeen[];
      readonly trailers: readonly TrailerSeen[];
    }
  | { readonly kind: "profile"; readonly read: string; readonly loaded: LoadedProfile }
  | { readonly kind: "opaque"; readonly read: string }
);

/** What is believed of the board while files are read: layout and keys. */
export interface Belief {
  readonly loaded: LoadedProfile;
  /** Named by who asked, or found in a build or a record: not the default. */
  readonly told: boolean;
}
