/**
 * Patterns of schemas as regular expressions. The real server reads them with RE2, whose syntax differs from
 * JavaScript's in a few spellings; what JavaScript has beyond RE2 (looking around, back references) is refused.
 */

const translations: readonly (readonly [RegExp, string])[] = [
  [/\(\?P</g, '(?<'],
  [/\\A/g, '^'],
  [/\\z/g, '$'],
  [/\[\[:alpha:\]\]/g, '[A-Za-z]'],
  [/\[\[:digit:\]\]/g, '[0-9]'],
  [/\[\[:alnum:\]\]/g, '[A-Za-z0-9]'],
  [/\[\[:space:\]\]/g, '\\s'],
  [/\\p([LMNPSZC])(?![a-z{])/g, '\\p{$1}'],
];

/** The compiled pattern, or what is wrong with it. */
export function compilePattern(pattern: string): RegExp | string {
  if (/\(\?<?[=!]/.test(pattern))
    return `error parsing regexp: invalid or unsupported Perl syntax: \`${/\(\?<?[=!]/.exec(pattern)?.[0] ?? ''}\``;
  if (/(^|[^\\])(\\\\)*\\[1-9]/.test(pattern)) return 'error parsing regexp: invalid escape sequence';
  const flags = /^\(\?([ims]+)\)/.exec(pattern);
  let text = flags === null ? pattern : pattern.slice(flags[0].length);
  for (const [from, to] of translations) text = text.replace(from, to);
  const wanted = flags?.[1] ?? '';
  try {
    return new RegExp(text, wanted);
  } catch (error) {
    return `error parsing regexp: ${error instanceof Error ? error.message : String(error)}`;
  }
}
