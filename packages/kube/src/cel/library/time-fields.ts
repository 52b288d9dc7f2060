/** Fields of times and durations: year, hour and so on, in UTC or a time zone. */
import { CelError } from '../cel-error.ts';
import type { CelDuration, CelTimestamp, CelValue } from '../values/cel-value.ts';
import { type Overload, overload } from './function-table.ts';

/** Reads a field from a time whose UTC fields are those of the zone. */
const timeFields: Readonly<Record<string, (time: Date) => number>> = {
  getFullYear: (time) => time.getUTCFullYear(),
  getMonth: (time) => time.getUTCMonth(),
  getDayOfMonth: (time) => time.getUTCDate() - 1,
  getDate: (time) => time.getUTCDate(),
  getDayOfWeek: (time) => time.getUTCDay(),
  getDayOfYear: (time) => Math.floor((time.getTime() - Date.UTC(time.getUTCFullYear(), 0, 1)) / 86_400_000),
  getHours: (time) => time.getUTCHours(),
  getMinutes: (time) => time.getUTCMinutes(),
  getSeconds: (time) => time.getUTCSeconds(),
  getMilliseconds: (time) => time.getUTCMilliseconds(),
};

const durationFields: Readonly<Record<string, bigint>> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
};

function shifted(value: CelValue | undefined, zone: string): Date {
  const milliseconds = Number((value as CelTimestamp).nanoseconds / 1_000_000n);
  return new Date(milliseconds + offsetMinutes(zone, milliseconds) * 60_000);
}

/** How far a zone is ahead of UTC: `+02:00`, or a name of the time zone database. */
function offsetMinutes(zone: string, milliseconds: number): number {
  if (zone === '' || zone === 'UTC') return 0;
  const fixed = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone);
  if (fixed !== null) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3]));
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    const name = format.formatToParts(milliseconds).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
    return name === 'GMT' ? 0 : offsetMinutes(name.slice(3), milliseconds);
  } catch {
    throw new CelError(`unknown time zone ${zone}`);
  }
}

/** The functions of times and durations. */
export const timeLibrary: readonly Overload[] = [
  ...Object.entries(timeFields).flatMap(([name, read]) => [
    overload(`timestamp.${name}() int`, ([value]) => BigInt(read(shifted(value, 'UTC')))),
    overload(`timestamp.${name}(string) int`, ([value, zone]) => BigInt(read(shifted(value, zone as string)))),
  ]),
  ...Object.entries(durationFields).map(([name, unit]) =>
    overload(`duration.${name}() int`, ([value]) => (value as CelDuration).nanoseconds / unit),
  ),
  overload('duration.getMilliseconds() int', ([value]) => ((value as CelDuration).nanoseconds / 1_000_000n) % 1000n),
];
