/** `key[=value]` pairs, as `--tags` and labels take them. */

/** `a=b c` is `{a: 'b', c: ''}`; one empty text clears. */
export function pairsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {};
  for (const text of texts) {
    if (text === '') continue;
    const at = text.indexOf('=');
    if (at < 0) pairs[text] = '';
    else pairs[text.slice(0, at)] = text.slice(at + 1);
  }
  return pairs;
}
