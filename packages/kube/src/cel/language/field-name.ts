/** Names of fields that are no identifiers of CEL, as Kubernetes escapes them: `__dot__`, `__dash__`, `__namespace__`. */

const escapedSigns: Readonly<Record<string, string>> = { underscores: '__', dot: '.', dash: '-', slash: '/' };

/** The name that an escaped identifier stands for. */
export function unescapeField(text: string): string {
  return text.replace(/__([a-z]+)__/g, (whole, word: string, at: number) => {
    const sign = escapedSigns[word];
    if (sign !== undefined) return sign;
    return at === 0 && whole.length === text.length ? word : whole;
  });
}
