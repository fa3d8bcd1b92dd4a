import type { JudgedRow, PageSlot, RunPage } from "../src/report/page/run-page.ts";
import { Copy } from "./copy.tsx";
import { lookOf } from "./endings.ts";
import { Heads, Reason } from "./parts.tsx";
import { duration } from "./text.ts";
import { TimeAxis } from "./time-axis.tsx";
import type { ShownDetail, ShownRun } from "./unpack.ts";
import { useDetail } from "./use-detail.ts";

interface Props {
  readonly run: ShownRun;
  readonly row: number;
  readonly show: (row: number | undefined) => void;
}

/** One verdict opened: what happened around it on one time axis, the slots, and what was allowed. */
export function OneVerdict({ run, row: at, show }: Props) {
  const row = run.judged[at];
  const detail = useDetail(run, at);
  if (row === undefined) return null;
  const text = (number: number | undefined) => (number === undefined ? "" : (run.texts[number] ?? ""));
  const { mark, tone } = lookOf(text(row.ending), row.pass);
  return (
    <section aria-labelledby="one-verdict" class="one">
      <h2 id="one-verdict">
        <span class={tone}>{mark}</span> {row.check}: {row.pass ? text(row.ending) : `failed, ${text(row.ending)}`}
      </h2>
      <p>
        {text(row.from)} to {text(row.to)}
        {row.where === undefined ? "" : `; ${text(row.where)}`}
        {row.phase === undefined ? "" : `; phase ${text(row.phase)}`}; {row.boots} {row.boots === 1 ? "boot" : "boots"}
        <button type="button" class="close" onClick={() => show(undefined)}>
          close
        </button>
      </p>
      <Reason expected={text(row.expected)} found={text(row.found)} because={text(row.because)} />
      {row.cut !== undefined && <CutTimes row={row} run={run} />}
      {detail === undefined ? <p class="quiet">A moment …</p> : <Detail run={run} row={row} detail={detail} />}
      {row.cut !== undefined && <Copy text={`npx hil replay ${run.folder} --cut ${row.cut.index} --trace`} />}
    </section>
  );
}

/** What happened around it, the slots before and after, and what was allowed. */
function Detail({ run, row, detail }: { run: RunPage; row: JudgedRow; detail: ShownDetail }) {
  const text = (number: number | undefined) => (number === undefined ? "" : (detail.texts[number] ?? ""));
  return (
    <>
      {detail.lane === undefined ? (
        <p class="quiet">The lines around this verdict were left out to keep the page small. They are in the record.</p>
      ) : (
        <TimeAxis run={run} row={row} lane={detail.lane} texts={detail.texts} />
      )}
      <div class="beside">
        <Slots name="slots before" slots={detail.before} text={text} />
        <Slots name="slots after" slots={detail.slots} text={text} />
      </div>
      <table>
        <caption>What MCUboot may do after this cut</caption>
        <Heads names={["ending", "expects", "because"]} />
        <tbody>
          {detail.allowed.map(([ending, expects, because], index) => (
            <tr key={index}>
              <td>{text(ending)}</td>
              <td>{text(expects)}</td>
              <td>{text(because)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

/** Planned, sent, gone: on a board three different moments. */
function CutTimes({ row, run }: { row: JudgedRow; run: RunPage }) {
  const { cut } = row;
  if (cut === undefined) return null;
  const since = (us: number | undefined) => (us === undefined ? "not seen" : duration(us - cut.resetUs));
  const rows: readonly (readonly [string, string])[] = [
    ["planned", run.texts[cut.planned] ?? ""],
    ["off sent", since(cut.offUs)],
    [
      "power gone",
      `${since(cut.cutUs)}${run.calibration === undefined ? "" : ` ± ${duration(run.calibration.uncertaintyUs)}`}`,
    ],
    ["last byte before", since(cut.lastByteUs)],
    ["on sent", since(cut.onUs)],
    ["first byte after", since(cut.firstByteUs)],
  ];
  return (
    <details>
      <summary>
        power gone {since(cut.cutUs)} after the reset was answered
        {cut.intoSwapUs === undefined ? "" : `, ${duration(cut.intoSwapUs)} into the swap`}
      </summary>
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Slots({
  name,
  slots,
  text,
}: {
  name: string;
  slots: readonly PageSlot[];
  text: (number: number | undefined) => string;
}) {
  return (
    <table>
      <caption>{name}</caption>
      <Heads names={["slot", "version", "flags", "hash"]} />
      <tbody>
        {slots.map((slot) => (
          <tr key={`${slot.image} ${slot.slot}`}>
            <td>
              {slot.image === 0 ? "" : `image ${slot.image}, `}
              {slot.slot}
            </td>
            <td>{text(slot.version)}</td>
            <td>{text(slot.flags)}</td>
            <td class="hash">{text(slot.hash).slice(0, 16)}</td>
          </tr>
        ))}
        {slots.length === 0 && (
          <tr>
            <td colSpan={4} class="quiet">
              not listed
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
