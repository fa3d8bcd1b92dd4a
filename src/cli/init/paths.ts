import { dirname, isAbsolute, relative, resolve } from "node:path";
import type { DraftPort, ProfileDraft } from "../../board/index.ts";

/**
 * A draft whose relative paths start where the command was given, for a profile in which they start at the file.
 * @param file the profile, absolute.
 */
export function relocated(draft: ProfileDraft, cwd: string, file: string): ProfileDraft {
  const moved = (path: string) => movedPath(path, cwd, file);
  const port = (given: DraftPort): DraftPort =>
    "path" in given.ref ? { ...given, ref: { path: moved(given.ref.path) } } : given;
  const options = Object.fromEntries(
    Object.entries(draft.power.options).map(([field, value]) => [
      field,
      field === "port" && isPath(value) ? { path: moved(value.path) } : value,
    ]),
  );
  const { keys } = draft;
  return {
    ...draft,
    app: port(draft.app),
    ...(draft.net ? { net: port(draft.net) } : {}),
    power: { ...draft.power, options },
    ...(keys
      ? {
          keys: {
            signing: moved(keys.signing),
            ...(keys.encryption === undefined ? {} : { encryption: moved(keys.encryption) }),
          },
        }
      : {}),
  };
}

function isPath(value: unknown): value is { readonly path: string } {
  return typeof value === "object" && value !== null && "path" in value && typeof value.path === "string";
}

/** A bare name (COM7, builtin:KEY) is no path; a key's file may be one all the same, if it is there. */
function movedPath(path: string, cwd: string, file: string): string {
  const isFile = path.includes("/") || /\.pem$/i.test(path);
  if (!isFile || isAbsolute(path) || path.startsWith("builtin:")) return path;
  const from = relative(dirname(file), resolve(cwd, path));
  return from.startsWith(".") ? from : `./${from}`;
}
