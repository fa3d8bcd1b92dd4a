import { useEffect, useRef, useState } from "preact/hooks";
import type { LiveState } from "./live-state.ts";
import { duration, grouped, rate } from "./text.ts";

/** What the run does at this moment: what and since when, the upload, the expected end, the last lines of the UART. */
export function Now({ state, isLost }: { state: LiveState; isLost: boolean }) {
  const nowUs = useBenchClock(state);
  const { status, tail } = state;
  const { doing, sinceUs, expectedUs, leftUs, cutsDone, cutsPlanned, failed } = status;
  const sinceText = duration(Math.max(0, nowUs - sinceUs));
  const left = leftUs === undefined ? undefined : Math.max(0, leftUs - (nowUs - status.atUs));
  return (
    <section aria-labelledby="now" class="now">
      <h2 id="now">Now</h2>
      {isLost && (
        <p class="failed" role="status">
          The connection is lost: the page tries again. If hil has ended, its record is whole.
        </p>
      )}
      <dl class="facts">
        <div>
          <dt>phase</dt>
          <dd>
            {doing}, {sinceText}
            {expectedUs === undefined ? "" : ` of about ${duration(expectedUs)}`}
          </dd>
        </div>
        <div>
          <dt>cuts</dt>
          <dd>
            {cutsDone} of {cutsPlanned === 0 ? "?" : cutsPlanned}
            {failed > 0 && <span class="failed">, {failed} failed</span>}
          </dd>
        </div>
        <div>
          <dt>ends</dt>
          <dd>{left === undefined ? "not known yet" : `in about ${duration(left)}`}</dd>
        </div>
      </dl>
      <Bars status={status} />
      <Tail lines={tail} />
    </section>
  );
}

/** How far the upload is, and the cuts. */
export function Bars({ status: { upload, cutsDone, cutsPlanned } }: Pick<LiveState, "status">) {
  return (
    <>
      {upload !== undefined && (
        <p class="upload">
          <label>
            upload {upload.number}
            {upload.of === undefined ? "" : ` of about ${upload.of}`}{" "}
            <progress max={Math.max(1, upload.totalBytes)} value={upload.sentBytes} />
          </label>{" "}
          {grouped(upload.sentBytes)} of {grouped(upload.totalBytes)} B, {rate(upload.bytesPerS)}
          {upload.leftUs === undefined ? "" : `, ${duration(upload.leftUs)} left`}
        </p>
      )}
      {cutsPlanned > 0 && (
        <p>
          <label>
            cuts <progress max={cutsPlanned} value={cutsDone} />
          </label>
        </p>
      )}
    </>
  );
}

/** The bench's clock goes on between two events; what it was at the last one is known. */
export function useBenchClock({ status, heardMs, isOver }: LiveState): number {
  const [nowMs, setNowMs] = useState(() => performance.now());
  useEffect(() => {
    if (isOver) return undefined;
    const timer = setInterval(() => setNowMs(performance.now()), 500);
    return () => clearInterval(timer);
  }, [isOver]);
  return isOver ? status.atUs : status.atUs + Math.max(0, nowMs - heardMs) * 1000;
}

/** The end of it shows, as long as nobody scrolls away from it. */
function Tail({ lines }: { lines: readonly string[] }) {
  const place = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  useEffect(() => {
    const box = place.current;
    if (box !== null && follows.current) box.scrollTop = box.scrollHeight;
  }, [lines]);
  const scrolled = () => {
    const box = place.current;
    if (box !== null) follows.current = box.scrollHeight - box.scrollTop - box.clientHeight < 20;
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard
    <pre class="log tail" ref={place} onScroll={scrolled} tabIndex={0} role="log" aria-live="off" aria-label="UART">
      {lines.length === 0 ? "nothing on the UART yet" : lines.join("\n")}
    </pre>
  );
}
