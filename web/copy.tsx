import { useState } from "preact/hooks";

/** A command, and a button that copies it. */
export function Copy({ text }: { text: string }) {
  const [said, setSaid] = useState("copy");
  const copy = () => {
    // A page from disk may have no clipboard: then the command is there to be marked.
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
    copied.then(
      () => setSaid("copied"),
      () => setSaid("mark and copy"),
    );
  };
  return (
    <p class="command">
      <code>{text}</code>{" "}
      <button type="button" onClick={copy} aria-live="polite">
        {said}
      </button>
    </p>
  );
}
