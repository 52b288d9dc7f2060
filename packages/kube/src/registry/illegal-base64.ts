/** Where a text stops being base64, counted as Go's `encoding/base64` counts: padding is required, line breaks are skipped. */

const alphabet = /^[A-Za-z0-9+/]$/;

/** The offset that Go's CorruptInputError names, or undefined for valid base64 (RFC 4648 §4). */
export function illegalBase64At(text: string): number | undefined {
  let filled = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\n' || character === '\r') continue;
    if (character === '=') return illegalPadding(text, at, filled);
    if (!alphabet.test(character)) return at;
    filled = (filled + 1) % 4;
  }
  return filled === 0 ? undefined : text.length - filled;
}

/** `at` is the first `=`, after `filled` characters of a group of four. */
function illegalPadding(text: string, at: number, filled: number): number | undefined {
  if (filled < 2) return at;
  let end = at + 1;
  if (filled === 2) {
    end = afterLineBreaks(text, end);
    if (end === text.length) return text.length;
    if (text.charAt(end) !== '=') return end - 1;
    end++;
  }
  end = afterLineBreaks(text, end);
  return end < text.length ? end : undefined;
}

function afterLineBreaks(text: string, at: number): number {
  let end = at;
  while (text.charAt(end) === '\n' || text.charAt(end) === '\r') end++;
  return end;
}
