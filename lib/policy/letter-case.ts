/**
 * Whether a text starts with another, which is in lower case; letters of ASCII match in either case. Makes no copy of the text, and
 * looks at the end of the prefix first, where paths of one application differ.
 */
export function startsWithLower(text: string, prefix: string): boolean {
  if (text.length < prefix.length) return false;
  for (let index = prefix.length - 1; index >= 0; index -= 1) {
    const code = text.charCodeAt(index);
    if ((code >= 65 && code <= 90 ? code + 32 : code) !== prefix.charCodeAt(index)) return false;
  }
  return true;
}
