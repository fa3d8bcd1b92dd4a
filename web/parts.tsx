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
