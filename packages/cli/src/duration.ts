/** Durations as options take them. */
import { usageError } from './exit-code.ts';

const units: Readonly<Record<string, number>> = { '': 1_000, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `500ms`, `60s`, `2m`, `1h`, or seconds, in milliseconds; a usage error that names `option` when it is none. */
export function parseDuration(text: string, option: string): number {
  const found = /^(\d{1,7}(?:\.\d{1,3})?)(ms|s|m|h|)$/.exec(text);
  const unit = found === null ? undefined : units[found[2] ?? ''];
  if (found === null || unit === undefined) throw usageError(`${option} is a time such as 60s, 500ms or 2m, not '${text}'`);
  return Number(found[1]) * unit;
}
