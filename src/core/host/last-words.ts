/** What is still to be said, synchronously, when the process ends before its work does. */
const words = new Set<() => void>();

/**
 * Has something said when the process ends by itself: a second Ctrl-C, an error that nobody caught. Nothing helps
 * against `kill -9`.
 * @returns a function that takes it back, for work that ended as it should.
 */
export function lastWords(say: () => void): () => void {
  if (words.size === 0) process.on("exit", sayAll);
  words.add(say);
  return () => {
    words.delete(say);
    if (words.size === 0) process.off("exit", sayAll);
  };
}

function sayAll(): void {
  for (const say of words) {
    try {
      say();
    } catch {
      // Nobody is left to be told, and the others want to speak, too.
    }
  }
}
