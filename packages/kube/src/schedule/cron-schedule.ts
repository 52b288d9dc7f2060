/**
 * The schedules of CronJobs: five fields, or a word such as `@daily`, or `@every 1h30m`.
 *
 * The dialect is that of the reference's parser (robfig/cron v3, `ParseStandard`): no seconds, no years,
 * no `L`, `W` or `#`, Sunday is 0 alone; with both a day of the month and a day of the week, either is enough.
 */
import { Cron } from 'croner';

/** When something is due. */
export interface CronSchedule {
  /** The first time after `afterMs` (milliseconds since the epoch); undefined when there is none. `zone` is a name of the time zone database, or undefined for UTC. */
  nextAfter(afterMs: number, zone: string | undefined): number | undefined;
}

const words: ReadonlySet<string> = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);
const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000 };

/** The schedule, or the sentence that says what is wrong with the text. */
export function parseCronSchedule(text: string): CronSchedule | string {
  if (text.startsWith('@every ')) return parseInterval(text.slice('@every '.length));
  if (text.startsWith('@')) return words.has(text) ? parsePattern(text) : `unrecognized descriptor: ${text}`;
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [i, field] of fields.entries()) {
    const foreign = (i === 4 || i === 2 ? /[LW#]/i : /[LW#?]/i).exec(field.replaceAll(/[a-z]{3}/gi, ''));
    if (foreign !== null) return `failed to parse ${field}: ${foreign[0]} is not supported`;
  }
  if (/7/.test(fields[4] ?? '')) return `end of range (7) above maximum (6): ${fields[4] ?? ''}`;
  return parsePattern(fields.join(' '));
}

function parsePattern(pattern: string): CronSchedule | string {
  try {
    // Made once to see whether it can be read; a zone belongs to a question.
    new Cron(pattern, { paused: true, timezone: 'UTC' }).stop();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return {
    nextAfter: (afterMs, zone) => new Cron(pattern, { paused: true, timezone: zone ?? 'UTC' }).nextRun(new Date(afterMs))?.getTime(),
  };
}

/** `1h30m`, `45s`, …; a second at least. */
function parseInterval(text: string): CronSchedule | string {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([hms])/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) return `failed to parse duration @every ${text}`;
  const total = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? 's'] ?? 0), 0);
  const intervalMs = Math.max(1_000, Math.trunc(total / 1_000) * 1_000);
  return { nextAfter: (afterMs) => Math.trunc(afterMs / 1_000) * 1_000 + intervalMs };
}
