import { ConfigurationError, fromHex, utf8 } from "../../../core/index.ts";
import { type Dependency, parseVersion, type Version } from "../../../image/index.ts";

/** Texts of options as imgtool reads them. Each throws ConfigurationError with the reason. */

const INTEGER = /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?0)*|[1-9](?:_?[0-9])*)$/;

/** An integer as Python writes it: decimal, 0x, 0o, 0b, with a sign and single underscores between digits. */
export function parseInteger(text: string): number {
  const trimmed = text.trim();
  if (!INTEGER.test(trimmed)) {
    throw new ConfigurationError(
      `${text} is not a valid integer. Please use code literals prefixed with 0b/0B, 0o/0O, or 0x/0X as necessary.`,
    );
  }
  const digits = trimmed.replace(/^[+-]/, "").replaceAll("_", "").toLowerCase();
  const value = Number(digits);
  return trimmed.startsWith("-") ? 0 - value : value;
}

/** A plain decimal integer. */
export function parseDecimal(text: string): number {
  if (!/^[+-]?\d+$/.test(text.trim())) throw new ConfigurationError(`'${text}' is not a valid integer.`);
  return Number(text);
}

/** One of a few words. */
export function oneOf<const W extends readonly string[]>(...words: W): (text: string) => W[number] {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new ConfigurationError(`'${text}' is not one of ${words.map((known) => `'${known}'`).join(", ")}.`);
  };
}

/** A version; one line end after it is taken off. */
export function parseVersionText(text: string): Version {
  return parseVersion(text.replace(/\n$/, ""));
}

/** `auto` in any case, or an integer. */
export function parseSecurityCounter(text: string): number | "auto" {
  return text.toLowerCase() === "auto" ? "auto" : parseInteger(text);
}

/** The header's own bytes: the least room for it, and what `auto` means (nRF Connect SDK). */
export const HEADER_BYTES_MIN = 32;

/** Header size: at least 32. */
export function parseHeaderSize(text: string): number {
  const bytes = text === "auto" ? HEADER_BYTES_MIN : parseInteger(text);
  if (bytes < HEADER_BYTES_MIN) throw new ConfigurationError("Minimum value for -H/--header-size is 32");
  return bytes;
}

/**
 * Dependencies `(id,version)(id,version)…`, blanks and commas between them as one likes. Numbers may be decimal or 0x…;
 * imgtool takes (0x1,…) for image 0, which no caller wants.
 */
export function parseDependencies(text: string): Dependency[] {
  const images = [...text.matchAll(/\(\s*(0[xX][0-9a-fA-F]+|\d+)/g)].map((match) => Number(match[1]));
  const versions = [...text.matchAll(/,\s*([0-9.+]+)\s*\)/g)].map((match) => match[1] ?? "");
  if (images.length === 0) throw new ConfigurationError(`Image dependency format is invalid: ${text}`);
  if (images.length !== versions.length) {
    throw new ConfigurationError(`There's a mismatch between the number of dependency images and versions in: ${text}`);
  }
  return images.map((image, index) => ({ image, version: parseVersion(versions[index] ?? "") }));
}

/** Value of a custom TLV: bytes in hex after a lower-case 0x, else text. */
export function parseCustomValue(text: string): Uint8Array {
  if (!text.startsWith("0x")) return utf8(text);
  const digits = text.slice(2);
  if (digits.length % 2 !== 0) throw new ConfigurationError("Custom TLV length is odd.");
  if (!/^[0-9a-fA-F]*$/.test(digits)) throw new ConfigurationError(`Custom TLV value ${text} is not hex digits.`);
  return fromHex(digits);
}

/** Suffix of a name in C or Rust. */
export function parseNameSuffix(text: string): string {
  if (/^[A-Za-z0-9_]*$/.test(text)) return text;
  throw new ConfigurationError(
    `'${text}' must contain only [A-Za-z0-9_]; it is appended directly to a C/Rust identifier.`,
  );
}

/** A value that may be any text. */
export function anyText(text: string): string {
  return text;
}
