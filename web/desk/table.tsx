import type { ComponentChildren } from "preact";
import { Heads, Wide } from "../parts.tsx";

/** What a state looks like; its word says it, too. */
const TONES: Readonly<Record<string, string>> = {
  free: "upgraded",
  passed: "upgraded",
  running: "resumed",
  given: "resumed",
  reserved: "kept",
  waiting: "other",
  busy: "other",
  cancelled: "reverted",
  interrupted: "reverted",
  refused: "reverted",
};

interface Row {
  readonly key: string;
  readonly cells: readonly string[];
  readonly state?: string;
  /** Where its name leads. */
  readonly href?: string | undefined;
}

interface Props<R extends Row> {
  readonly label: string;
  readonly heads: readonly string[];
  readonly rows: readonly R[];
  /** What can be done with a row. */
  readonly actions?: ((row: R) => ComponentChildren) | undefined;
}

/** Rows of words, the first cell their name; a state is in the second one, where rows have one. */
export function WordTable<R extends Row>({ label, heads, rows, actions }: Props<R>) {
  return (
    <Wide label={label}>
      <table class="words">
        <Heads names={actions === undefined ? heads : [...heads, "do"]} />
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              {row.cells.map((cell, at) =>
                at === 0 ? (
                  <th scope="row" key={at}>
                    {row.href === undefined ? cell : <a href={row.href}>{cell}</a>}
                  </th>
                ) : (
                  <td
                    key={at}
                    class={at === 1 && row.state !== undefined ? `state ${TONES[row.state] ?? "failed"}` : ""}
                  >
                    {cell}
                  </td>
                ),
              )}
              {actions !== undefined && <td class="do">{actions(row)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
