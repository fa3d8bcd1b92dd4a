import { patternFault } from "../../core/index.ts";
import { plain } from "./labgrid-parts.ts";

export type Params = Readonly<Record<string, unknown>>;

/** The variable that a draft names for a login's password; the password itself stays behind. */
const PASSWORD_VARIABLE = "HIL_POWER_PASSWORD";

/** A host or an address as an address without a slash at its end. */
export function webAddress(host: unknown): string {
  const named = plain(host).replace(/\/+$/, "");
  return /^https?:\/\//.test(named) ? named : `http://${named}`;
}

/** A profile holds no secrets: of a login in an address only the user's name comes along. */
export function addressWithLogin(url: string): {
  readonly url: string;
  readonly login?: { readonly type: "basic"; readonly user: string; readonly password_env: string };
} {
  const found = /^(https?:\/\/)([^/?#@]*)@(.*)$/s.exec(url);
  if (!found) return { url };
  const [, scheme = "", login = "", rest = ""] = found;
  const user = login.split(":", 1)[0] ?? "";
  return { url: scheme + rest, login: { type: "basic", user: decoded(user), password_env: PASSWORD_VARIABLE } };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * `{name}` and `{name:02d}` replaced as Python's str.format does it; `{{` is a brace.
 * @returns undefined for a field that is none of `values`, or a format that is not known here.
 */
export function filledFormat(template: string, values: Readonly<Record<string, string | number>>): string | undefined {
  let known = true;
  const text = template.replaceAll(
    /\{\{|\}\}|\{(\w*)(?::([^{}]*))?\}|[{}]/g,
    (whole, name: string | undefined, format: string | undefined) => {
      if (whole === "{{" || whole === "}}") return whole.slice(1);
      const value = values[name ?? ""];
      const padding = /^(0?\d*)[ds]?$/.exec(format ?? "")?.[1];
      if (value === undefined || padding === undefined) {
        known = false;
        return "";
      }
      return String(value).padStart(Number(padding || 0), padding.startsWith("0") ? "0" : " ");
    },
  );
  return known ? text : undefined;
}

/** A pattern of Python's that must match a whole answer, for JavaScript; undefined when it does not mean the same. */
export function wholeAnswer(pattern: string): string | undefined {
  const whole = `^(?:${pattern})$`;
  if (/\(\?(?![:=!])|\\[AZz]/.test(pattern) || whole.length > 200) return undefined;
  return patternFault(whole) === undefined ? whole : undefined;
}

/** A text that must be the whole answer, as a pattern. */
export function exactAnswer(text: string): string | undefined {
  return wholeAnswer(text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`));
}
