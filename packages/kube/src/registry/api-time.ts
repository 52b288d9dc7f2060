/**
 * Times as the API reads and writes them: RFC 3339, told in UTC. `Time` has whole seconds and drops what is finer;
 * `MicroTime` has six digits and wants them.
 */

/** A time as it is told, or why it is none, as Go's `time.Parse` words it. */
export type ReadTime = { readonly kind: 'time'; readonly text: string } | { readonly kind: 'refused'; readonly message: string };

/** How fine a time is. */
export type TimePrecision = 'seconds' | 'microseconds';

interface Element {
  /** As Go's layouts write it. */
  readonly layout: string;
  readonly pattern: RegExp;
  readonly name?: string;
  readonly range?: readonly [min: number, max: number];
}

const fraction: Element = { layout: '.000000', pattern: /^\.\d{6}(?!\d)/ };
const date: readonly Element[] = [
  { layout: '2006', pattern: /^\d{4}/ },
  { layout: '-', pattern: /^-/ },
  { layout: '01', pattern: /^\d{2}/, name: 'month', range: [1, 12] },
  { layout: '-', pattern: /^-/ },
  { layout: '02', pattern: /^\d{2}/, name: 'day', range: [1, 31] },
  { layout: 'T', pattern: /^T/ },
  { layout: '15', pattern: /^\d{2}/, name: 'hour', range: [0, 23] },
  { layout: ':', pattern: /^:/ },
  { layout: '04', pattern: /^\d{2}/, name: 'minute', range: [0, 59] },
  { layout: ':', pattern: /^:/ },
];
const zone: Element = { layout: 'Z07:00', pattern: /^(?:Z|[+-]\d{2}:\d{2})/ };
const elements: Readonly<Record<TimePrecision, readonly Element[]>> = {
  // Go takes a fraction after seconds also where its layout has none.
  seconds: [...date, { layout: '05', pattern: /^\d{2}(?:[.,]\d+)?/, name: 'second', range: [0, 59] }, zone],
  microseconds: [...date, { layout: '05', pattern: /^\d{2}/, name: 'second', range: [0, 59] }, fraction, zone],
};

/** What most times look like: they are told as they came. */
const usual: Readonly<Record<TimePrecision, RegExp>> = {
  seconds: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  microseconds: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
};

/** Reads a time. */
export function readApiTime(text: string, precision: TimePrecision): ReadTime {
  const second = text.slice(0, 19);
  if (usual[precision].test(text) && isOnCalendar(second)) return { kind: 'time', text };
  const problem = problemOf(text, elements[precision]);
  if (problem !== undefined) return refused(text, problem);
  if (!isOnCalendar(second)) return refused(text, ': day out of range');
  const [, digits = ''] = /^[.,](\d+)/.exec(text.slice(19)) ?? [];
  const [offset = 'Z'] = /(?:Z|[+-]\d{2}:\d{2})$/.exec(text) ?? [];
  const utc = utcSecond(second, offset);
  if (utc === undefined) return refused(text, ': time zone offset hour out of range');
  return { kind: 'time', text: precision === 'seconds' ? `${utc}Z` : `${utc}.${digits}Z` };
}

function refused(text: string, problem: string): ReadTime {
  return { kind: 'refused', message: `parsing time ${JSON.stringify(text)}${problem}` };
}

/** The end of Go's sentence about a text that is not of the layout. */
function problemOf(text: string, layout: readonly Element[]): string | undefined {
  const written = layout.map((element) => element.layout).join('');
  let rest = text;
  for (const { layout: element, pattern, name, range } of layout) {
    const [found] = pattern.exec(rest) ?? [];
    if (found === undefined) return ` as ${JSON.stringify(written)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`;
    const value = Number(found.slice(0, 2));
    if (range !== undefined && (value < range[0] || value > range[1])) return `: ${name} out of range`;
    rest = rest.slice(found.length);
  }
  return rest === '' ? undefined : `: extra text: ${JSON.stringify(rest)}`;
}

/** Whether a day is one of its month: `Date` goes on into the next one. */
function isOnCalendar(second: string): boolean {
  const ms = Date.parse(`${second}Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19) === second;
}

/** The second in UTC; undefined for an offset that no place has, or a year that cannot be written. */
function utcSecond(second: string, offset: string): string | undefined {
  if (offset === 'Z') return second;
  const ms = Date.parse(`${second}${offset}`);
  if (Number.isNaN(ms)) return undefined;
  const utc = new Date(ms).toISOString();
  return /^\d{4}-/.test(utc) ? utc.slice(0, 19) : undefined;
}
