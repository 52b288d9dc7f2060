/** A difference as CSV (RFC 4180): a row for each source and destination of each change. */
import type { ChangedConnectionJson, DiffJson } from './diff-json.ts';

const header = ['change', 'source', 'destination', 'before', 'after', 'gained', 'lost', 'perhaps gained', 'perhaps lost', 'because'];

/** With a header; connections of workloads that are on one side only are `added` or `removed` like all others. */
export function diffToCsv({ connections, workloads }: DiffJson): string {
  const all = [...connections, ...workloads.connectionsAdded, ...workloads.connectionsRemoved];
  return `${[header, ...all.flatMap(rowsOf)].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

function rowsOf(connection: ChangedConnectionJson): string[][] {
  const { change, sources, destinations, before, after, gained, lost, mayBeGained, mayBeLost, causes } = connection;
  const rest = [before, after, gained, lost, mayBeGained, mayBeLost].map(({ protocols, text }) => (protocols.length === 0 ? '' : text));
  const because = causes.map(({ text }) => text).join('; ');
  return sources.flatMap((source) => destinations.map((destination) => [change, source.name, destination.name, ...rest, because]));
}

/** Text that a spreadsheet would take for a formula begins with an apostrophe. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
