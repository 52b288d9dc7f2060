/** A difference as Markdown for a comment on a pull request: the summary first, tables that fold, never more than a comment holds. */
import type { ChangedConnectionJson, ConnectionChange, DiffJson } from './diff-json.ts';
import { describeChange, summarizeDiff } from './render-diff.ts';

/** GitHub takes 65 536 characters; some are left to whoever adds to the comment. */
const sizeMax = 60_000;

const titles: Readonly<Record<ConnectionChange, string>> = {
  added: '🟠 Added connections',
  widened: '🟠 Widened connections',
  changed: '🟠 Connections with more of some traffic and less of other',
  uncertain: '⚪ Connections that may change',
  narrowed: '🟢 Narrowed connections',
  removed: '🟢 Removed connections',
};

/** The whole comment; rows that do not fit are counted. */
export function diffToMarkdown(diff: DiffJson): string {
  const { connections, workloads } = diff;
  const sections: (readonly [string, readonly ChangedConnectionJson[]])[] = [
    ...(Object.keys(titles) as ConnectionChange[]).map(
      (change) => [titles[change], connections.filter((one) => one.change === change)] as const,
    ),
    [`🆕 Connections of new workloads: ${names(workloads.added)}`, workloads.connectionsAdded],
    [`🗑️ Connections of workloads that are gone: ${names(workloads.removed)}`, workloads.connectionsRemoved],
  ];
  const filled = sections.filter(([, rows]) => rows.length > 0);
  const head = `### Network policies: connections\n\n${summarizeDiff(diff)}\n`;
  let left = sizeMax - head.length - filled.length * 500;
  const parts = filled.map(([title, rows]) => {
    const { text, size } = renderTable(title, rows, left);
    left -= size;
    return text;
  });
  return [head, ...parts].join('\n');
}

/** So many workloads are named in a title. */
const namedMax = 5;

function names(all: readonly string[]): string {
  const rest = all.length - namedMax;
  return all.slice(0, namedMax).map(code).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function renderTable(
  title: string,
  rows: readonly ChangedConnectionJson[],
  budget: number,
): { readonly text: string; readonly size: number } {
  const lines: string[] = [];
  let size = 0;
  for (const row of rows) {
    const line = renderRow(row);
    if (size + line.length > budget) break;
    size += line.length + 1;
    lines.push(line);
  }
  const rest = rows.length - lines.length;
  const omitted = rest > 0 ? `\n…and ${rest} more row${rest === 1 ? '' : 's'} that ${rest === 1 ? 'does' : 'do'} not fit here.\n` : '';
  const table = lines.length === 0 ? '' : `| From | To | Change | Because |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n`;
  return { text: `<details><summary>${title} (${rows.length})</summary>\n\n${table}${omitted}\n</details>\n`, size };
}

function renderRow(connection: ChangedConnectionJson): string {
  const { from, to, causes, families } = connection;
  const over = families.length === 1 && families[0] === 6 ? ' (IPv6)' : '';
  const because = causes.map(({ text }) => escapeText(text)).join('<br>');
  return `| ${escapeText(from)} | ${escapeText(to)}${over} | ${escapeText(describeChange(connection))} | ${because} |`;
}

/** Names come from manifests: none of their characters may end a cell or begin anything else. */
function escapeText(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|~&@]/g, (character) => `&#${character.codePointAt(0) ?? 0};`).replaceAll(/\s+/g, ' ');
}

function code(text: string): string {
  return `<code>${escapeText(text)}</code>`;
}
