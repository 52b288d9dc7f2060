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
  const head = `### Network policies: connections\n\n${summarizeDiff(diff)}\n${renderNotices(diff)}`;
  const lines = filled.map(([, rows]) => rows.map(renderRow));
  const budgets = sharesOf(sizeMax - head.length - filled.length * 500, lines.map(sizeOf));
  const parts = filled.map(([title], i) => renderTable(title, lines[i] ?? [], budgets[i] ?? 0));
  return [head, ...parts].join('\n');
}

/** So many notices are written out, and so many characters of each. */
const noticesMax = 20;
const noticeMax = 300;

/** What was left out of the comparison stands where it cannot be missed: an answer about half of the manifests looks like one about all. */
function renderNotices({ notices: { before, after } }: DiffJson): string {
  const told = [
    ...after.map((text) => `${before.includes(text) ? 'both sides' : 'new side'}: ${text}`),
    ...before.filter((text) => !after.includes(text)).map((text) => `old side: ${text}`),
  ];
  if (told.length === 0) return '';
  const lines = told
    .slice(0, noticesMax)
    .map((line) => `> - ${escapeText(line.length > noticeMax ? `${line.slice(0, noticeMax)}…` : line)}\n`);
  const rest = told.length > noticesMax ? `> - …and ${told.length - noticesMax} more\n` : '';
  return `\n> [!WARNING]\n> The comparison may be incomplete:\n>\n${lines.join('')}${rest}`;
}

function sizeOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

/** What each part may have of a whole: small ones all that they need, large ones equal shares of what is left. */
function sharesOf(whole: number, sizes: readonly number[]): readonly number[] {
  const shares = sizes.map(() => 0);
  let left = whole;
  const bySize = [...sizes.entries()].sort(([, a], [, b]) => a - b);
  for (const [at, [part, size]] of bySize.entries()) {
    shares[part] = Math.min(size, Math.floor(left / (bySize.length - at)));
    left -= shares[part] ?? 0;
  }
  return shares;
}

/** So many workloads are named in a title. */
const namedMax = 5;

function names(all: readonly string[]): string {
  const rest = all.length - namedMax;
  return all.slice(0, namedMax).map(code).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function renderTable(title: string, rows: readonly string[], budget: number): string {
  const lines: string[] = [];
  let size = 0;
  for (const line of rows) {
    if (size + line.length + 1 > budget) break;
    size += line.length + 1;
    lines.push(line);
  }
  const rest = rows.length - lines.length;
  const omitted = rest > 0 ? `\n…and ${rest} more row${rest === 1 ? '' : 's'} that ${rest === 1 ? 'does' : 'do'} not fit here.\n` : '';
  const table = lines.length === 0 ? '' : `| From | To | Change | Because |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n`;
  return `<details><summary>${title} (${rows.length})</summary>\n\n${table}${omitted}\n</details>\n`;
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
