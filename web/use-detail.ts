import { useEffect, useState } from "preact/hooks";
import type { ShownDetail, ShownRun } from "./unpack.ts";

/** The detail of a verdict: at once where the page has it, a moment later where it is still to be inflated. */
export function useDetail(run: ShownRun, row: number): ShownDetail | undefined {
  const [found, setFound] = useState<{ readonly row: number; readonly detail: ShownDetail } | undefined>();
  const { detailOf } = run;
  useEffect(() => {
    if (detailOf === undefined) return undefined;
    let isWanted = true;
    void detailOf(row).then((detail) => {
      if (isWanted) setFound({ row, detail });
    });
    return () => {
      isWanted = false;
    };
  }, [detailOf, row]);
  const own = run.judged[row];
  if (detailOf === undefined) return own && { ...own, texts: run.texts };
  return found?.row === row ? found.detail : undefined;
}
