/** A text as text of HTML or SVG, in an element or an attribute: no mark of it is one. */
export function markup(text: string): string {
  return text.replaceAll(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
