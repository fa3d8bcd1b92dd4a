import type { ComponentChildren } from "preact";

/** What may be wider than the screen: it scrolls by itself, by keyboard, too. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="wide" tabIndex={0} role="group" aria-label={label}>
      {children}
    </div>
  );
}

/** The head of a table, a column a name. */
export function Heads({ names }: { names: readonly string[] }) {
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th scope="col" key={name}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** Why a verdict is what it is. */
export function Reason({ expected, found, because }: Readonly<Record<"expected" | "found" | "because", string>>) {
  return (
    <dl class="pairs">
      <dt>expected</dt>
      <dd>{expected}</dd>
      <dt>found</dt>
      <dd>{found}</dd>
      <dt>because</dt>
      <dd>{because}</dd>
    </dl>
  );
}
