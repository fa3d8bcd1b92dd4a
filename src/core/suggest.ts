/** The known name nearest to a mistyped one, or undefined when none is near (more than a third of it differs). */
export function nearest(wrong: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wrong.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Names to choose from, as a sentence lists them: "a, b, and 26 in faults/". A folder's are counted, not listed. */
export function namesToChoose(names: readonly string[]): string {
  const top = names.filter((name) => !name.includes("/"));
  const inFolders = names.filter((name) => name.includes("/")).map((name) => name.replace(/\/.*/, ""));
  const counted = [...new Set(inFolders)].map(
    (folder) => `and ${inFolders.filter((name) => name === folder).length} in ${folder}/`,
  );
  return [...top, ...counted].join(", ");
}

/** The name nearest to a mistyped one, with its folder, also where the folder was left out. */
export function nearestInFolders(wrong: string, names: readonly string[]): string | undefined {
  const near = nearest(wrong, [...names, ...names.map((name) => name.replace(/^.*\//, ""))]);
  if (near === undefined || names.includes(near)) return near;
  return names.find((name) => name.endsWith(`/${near}`));
}

/** Edits from one to the other: a character put in, left out or replaced, or two neighbours swapped. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const crossed = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swapped = crossed && row > 1 ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(replaced, swapped, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    beforeLast = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
