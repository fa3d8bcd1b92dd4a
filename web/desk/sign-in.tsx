import { useState } from "preact/hooks";
import type { DeskSession } from "../../src/lab/wire/desk-page.ts";
import { messageOf } from "./act.tsx";
import { call } from "./call.ts";

/** Asks for a token. It is sent once, and becomes a cookie that no script reads. */
export function SignIn({ onIn }: { onIn: (session: DeskSession) => void }) {
  const [token, setToken] = useState("");
  const [fault, setFault] = useState("");
  const sign = async (event: Event) => {
    event.preventDefault();
    setFault("");
    try {
      onIn((await call("POST", "session", { body: { token: token.trim() } })) as DeskSession);
    } catch (error) {
      setFault(messageOf(error));
    }
  };
  return (
    <main class="desk">
      <h1>hil lab</h1>
      <form class="fields" onSubmit={(event) => void sign(event)}>
        <label>
          token
          <input
            type="password"
            autocomplete="current-password"
            required
            value={token}
            onInput={({ currentTarget }) => setToken(currentTarget.value)}
          />
        </label>
        <button type="submit">sign in</button>
      </form>
      <p class="failed" role="alert">
        {fault}
      </p>
      <p class="quiet">
        <code>hil lab token add NAME --role view</code> makes one (view, submit, reserve, admin). That of the lab's own
        user is in its folder: <code>hil-lab/lab.json</code>
      </p>
    </main>
  );
}
