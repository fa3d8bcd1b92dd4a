import { useEffect, useState } from "preact/hooks";

/** Which run and which verdict are open, by their numbers: in the address, so that a link to one cut can be sent. */
export interface Opened {
  readonly run: number | undefined;
  readonly row: number | undefined;
}

/** What the address names, as it changes. */
export function useOpened(): Opened {
  const [open, setOpen] = useState(() => opened(location.hash));
  useEffect(() => {
    const follow = () => setOpen(opened(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return open;
}

function opened(hash: string): Opened {
  const [run, row] = (/^#run-(\d{1,6})(?:-verdict-(\d{1,6}))?$/.exec(hash) ?? []).slice(1).map(numberOf);
  return { run, row };
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}
