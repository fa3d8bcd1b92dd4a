import { useState } from "preact/hooks";
import type { DeskPage } from "../../src/lab/wire/desk-page.ts";
import { useActing } from "./act.tsx";
import { call, part } from "./call.ts";
import { WordTable } from "./table.tsx";

type DeskBoard = DeskPage["boards"][number];

/** Boards as `hil lab boards` has them, and what may be done with them. */
export function Boards({ page }: { page: DeskPage }) {
  const { session } = useActing();
  const [reserving, setReserving] = useState<string | undefined>(undefined);
  const board = page.boards.find(({ key }) => key === reserving);
  const rows = page.boards.map((row) => ({ ...row, href: row.job === null ? undefined : `jobs/${row.job}/` }));
  return (
    <section aria-labelledby="boards">
      <h2 id="boards">Boards</h2>
      {page.boards.length === 0 && (
        <p>
          No boards: <code>hil agent</code> brings those of its host.
        </p>
      )}
      {board !== undefined && <Reserve board={board} close={() => setReserving(undefined)} />}
      <WordTable
        label="Table of boards"
        heads={page.heads.boards}
        rows={rows}
        actions={
          session.may.reserve ? (row) => <Actions board={row} reserve={() => setReserving(row.key)} /> : undefined
        }
      />
    </section>
  );
}

function Actions({ board, reserve }: { board: DeskBoard; reserve: () => void }) {
  const { act } = useActing();
  const { key, cells, isReserved, isAside } = board;
  const [name = ""] = cells;
  const post = (verb: string, done: string) =>
    void act(done, (csrf) => call("POST", `api/boards/${part(key)}/${verb}`, { csrf, body: {} }));
  return (
    <>
      {isAside && (
        <button type="button" onClick={() => post("ok", `${name} is good again`)} aria-label={`ok ${name}`}>
          ok
        </button>
      )}
      <button type="button" onClick={reserve} aria-label={`reserve ${name}`}>
        reserve
      </button>
      {isReserved && (
        <button
          type="button"
          onClick={() => post("unreserve", `${name} is given back`)}
          aria-label={`give back ${name}`}
        >
          give back
        </button>
      )}
    </>
  );
}

const TIMES = [
  ["30m", 1_800],
  ["1h", 3_600],
  ["2h", 7_200],
  ["8h", 28_800],
  ["24h", 86_400],
  ["168h", 604_800],
] as const;

function Reserve({ board, close }: { board: DeskBoard; close: () => void }) {
  const { act } = useActing();
  const [time, setTime] = useState<string>("2h");
  const [why, setWhy] = useState("");
  const [name = ""] = board.cells;
  const seconds = TIMES.find(([word]) => word === time)?.[1] ?? 7_200;
  const reserve = async (event: Event) => {
    event.preventDefault();
    const path = `api/boards/${part(board.key)}/reserve`;
    const body = { seconds, why };
    if (await act(`${name} is reserved for ${time}`, (csrf) => call("POST", path, { csrf, body }))) close();
  };
  return (
    <form class="fields one" onSubmit={(event) => void reserve(event)} aria-label={`reserve ${name}`}>
      <label>
        reserve {name} for
        <select value={time} onChange={({ currentTarget }) => setTime(currentTarget.value)}>
          {TIMES.map(([word]) => (
            <option key={word}>{word}</option>
          ))}
        </select>
      </label>
      <label>
        what for
        {/* biome-ignore lint/a11y/noAutofocus: the form opens because somebody asked for it */}
        <input
          required
          maxLength={200}
          autofocus
          value={why}
          onInput={({ currentTarget }) => setWhy(currentTarget.value)}
        />
      </label>
      <button type="submit">reserve</button>
      <button type="button" onClick={close}>
        leave
      </button>
      <p class="command">
        the same: <code>{`hil lab reserve ${name} ${time} --why "${why}"`}</code>
      </p>
    </form>
  );
}
