import { useEffect, useState } from "preact/hooks";
import type { LabPage } from "../../src/report/page/lab-data.ts";
import { Lab } from "../lab.tsx";
import { messageOf } from "./act.tsx";
import { call } from "./call.ts";

/** Nights, trends and benches by the records: as `hil report --lab` has them. */
export function History({ hil, ended }: { hil: string; ended: number }) {
  const [lab, setLab] = useState<LabPage | string | undefined>(undefined);
  useEffect(() => {
    void call("GET", "history.json").then(
      (page) => setLab(page as LabPage),
      (error: unknown) => setLab(messageOf(error)),
    );
  }, [ended]);
  if (lab === undefined) return <p>Reading the records.</p>;
  return typeof lab === "string" ? <p class="failed">{lab}</p> : <Lab lab={lab} hil={hil} />;
}
