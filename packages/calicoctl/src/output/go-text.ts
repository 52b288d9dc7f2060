/** Values as Go's fmt prints them in calicoctl's tables. */

/** A pointer to a float: `<nil>`, `100`, `0.5`, `1e+06`. */
export function goFloat(value: unknown): string {
  if (typeof value !== 'number') return '<nil>';
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  // Go writes an exponent from a million on, and below a ten-thousandth.
  if (value === 0 || (power >= -4 && power < 6)) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** A count with at most five digits, as `%.5g` prints it: `65536`, `1.2089e+24`. */
export function goNumber(value: number): string {
  const [digits = '', exponent = '0'] = value.toExponential(4).split('e');
  const power = Number(exponent);
  if (value === 0 || (power >= -4 && power < 5)) return String(Number(value.toPrecision(5)));
  return `${digits.replace(/\.?0+$/, '')}e+${String(power).padStart(2, '0')}`;
}

const cut = '...';

/** Items in a row, cut off with `...` where they are longer than `max` characters. */
export function joined(items: readonly unknown[], separator: string, max: number = Number.POSITIVE_INFINITY): string {
  const whole = items.map(String).join(separator);
  return whole.length > max ? `${whole.slice(0, max - cut.length)}${cut}` : whole;
}

/** A LabelSelector as its generated code prints it. */
export function goLabelSelector(value: unknown): string {
  const { matchLabels = {}, matchExpressions = [] } = (value ?? {}) as {
    readonly matchLabels?: Readonly<Record<string, string>>;
    readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
  };
  const labels = Object.entries(matchLabels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, label]) => `${key}: ${label},`);
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}

/** A text, a number or a truth value as it is; `absent` for everything else, and for an empty text. */
export function goScalar(value: unknown, absent = ''): string {
  if (typeof value === 'string') return value === '' ? absent : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : absent;
}
