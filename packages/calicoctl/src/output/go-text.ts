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

const cut = '...';

/** Items in a row, cut off with `...` where they are longer than `max` characters. */
export function joined(items: readonly unknown[], separator: string, max: number = Number.POSITIVE_INFINITY): string {
  const whole = items.map(String).join(separator);
  return whole.length > max ? `${whole.slice(0, max - cut.length)}${cut}` : whole;
}
