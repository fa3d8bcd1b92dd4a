import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { DeskSession } from "../../src/lab/wire/desk-page.ts";
import { Refused } from "./call.ts";

/** Who looks, and how something is done in that name. */
export interface Acting {
  readonly session: DeskSession;
  /** Does something, and says what came of it; resolves to whether it was done. */
  readonly act: (done: string, work: (csrf: string) => Promise<unknown>) => Promise<boolean>;
}

export const ActingContext = createContext<Acting | undefined>(undefined);

export function useActing(): Acting {
  const acting = useContext(ActingContext);
  if (acting === undefined) throw new Error("this part of the page is shown to those who have signed in");
  return acting;
}

export function messageOf(error: unknown): string {
  return error instanceof Refused ? error.message : String(error);
}
