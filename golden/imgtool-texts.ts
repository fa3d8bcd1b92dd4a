/** imgtool's texts, made comparable with ours. */

/** From "Error:" on, blanks and line ends folded, our program's name put for imgtool's. */
export function errorText(stderr: string): string {
  const start = stderr.indexOf("Error:");
  return (start < 0 ? stderr : stderr.slice(start))
    .replaceAll("imgtool.py", "hil image")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** True when `found` is `expected`; the placeholders that imgtool forgets to fill in stand for anything. */
export function sameText(found: string, expected: string): boolean {
  const pattern = expected
    .split(/\{[A-Za-z_]+(?::04x)?\}/)
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join(".+");
  return new RegExp(`^${pattern}$`).test(found);
}

/** Where `hil image` means to differ from imgtool, and why. `exit` and `written` are what it does instead. */
export const DIVERGENCES: Readonly<Record<string, { exit: number; written: boolean; why: string }>> = {
  version: { exit: 0, written: false, why: "the vectors are of imgtool 2.4.0; 2.5.0 is what is followed, and said" },
  "enc-kw-b64": { exit: 0, written: true, why: "a base64 wrapping key works here (AES-KW); imgtool crashes" },
  "key-pw-ecdsa-p256.pem": { exit: 2, written: false, why: "the passphrase comes from the environment, no prompt" },
  "getpub-password": { exit: 2, written: false, why: "the passphrase comes from the environment, no prompt" },
  "keygen-no-type": { exit: 2, written: false, why: "the type is asked for as an option, no prompt" },
  "pure-sign-rsa2048": { exit: 2, written: false, why: "imgtool's text names a Python class" },
  "getpriv-p384-minimal-openssl": { exit: 2, written: false, why: "imgtool's text asks for a bug report" },
};

/** Cases of the nRF Connect SDK's fork that are its own output or its lack of an option. */
export const FORK_ONLY: Readonly<Record<string, string>> = {
  "ncs-version": "the fork's version number is not ours to print",
  "ncs-test-option": "--test exists here, as in mainline; the fork lacks it",
};
