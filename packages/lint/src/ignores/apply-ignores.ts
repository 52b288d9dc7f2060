/** Marks findings that a comment or the configuration ignores, and says what is wrong with the comments. */
import { groupBy } from '@weir/net';
import type { IgnoreEntry } from '../configuration/configuration.ts';
import type { Finding, IgnoredBy } from '../finding.ts';
import type { IgnoreComment } from './read-ignores.ts';

/** What is ignored, and which rules there are and were asked. */
export interface Ignores {
  readonly comments: readonly IgnoreComment[];
  readonly entries: readonly IgnoreEntry[];
  readonly isRule: (id: string) => boolean;
  /** What was not looked for cannot be missed. */
  readonly wasAsked: (id: string) => boolean;
}

/** The findings, those that are ignored marked, and what is found about comments and entries. */
export function applyIgnores(findings: readonly Finding[], ignores: Ignores): readonly Finding[] {
  const used = new Set<IgnoreComment | IgnoreEntry>();
  const byFile = groupBy(ignores.comments, (one) => one.place.file);
  const marked = findings.map((finding): Finding => {
    const comments = (byFile.get(finding.place?.file ?? '') ?? []).filter((one) => isAbout(one, finding));
    const entry = ignores.entries.find((one) => entryFits(one, finding));
    for (const one of [...comments, ...(entry === undefined ? [] : [entry])]) used.add(one);
    const ignored = ignoredBy(
      comments.find(({ reason }) => reason !== ''),
      entry,
    );
    return ignored === undefined ? finding : { ...finding, ignored };
  });
  return [
    ...marked,
    ...ignores.comments.flatMap((one) => problemsOf(one, used.has(one), ignores)),
    ...ignores.entries.flatMap((one) => unusedEntry(one, used.has(one), ignores)),
  ];
}

function isAbout({ rule, firstLine, lastLine }: IgnoreComment, finding: Finding): boolean {
  const line = finding.place?.line ?? 0;
  return rule === finding.rule && firstLine <= line && line <= lastLine;
}

function entryFits({ rule, object, file }: IgnoreEntry, finding: Finding): boolean {
  if (rule !== '*' && rule !== finding.rule) return false;
  if (object !== undefined && !wildcard(object, /\*+/g, '.*').test(finding.object ?? '')) return false;
  return file === undefined || fileFits(file, finding.place?.file ?? '');
}

/** A pattern without a folder at its beginning means any folder, as in `.gitignore`. */
function fileFits(pattern: string, file: string): boolean {
  const path = file.replaceAll('\\', '/').replace(/^\.\//, '');
  const parts = pattern.split(/(\*\*\/|\*\*|\*)/).map((part) => {
    if (part === '**/') return '(?:.*/)?';
    return part === '**' ? '.*' : part === '*' ? '[^/]*' : escaped(part);
  });
  return new RegExp(`^(?:.*/)?${parts.join('')}$`).test(path);
}

function wildcard(pattern: string, stars: RegExp, any: string): RegExp {
  return new RegExp(`^${pattern.split(stars).map(escaped).join(any)}$`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function ignoredBy(comment: IgnoreComment | undefined, entry: IgnoreEntry | undefined): IgnoredBy | undefined {
  if (comment !== undefined) {
    const { file, line } = comment.place;
    return { reason: comment.reason, by: 'comment', place: { file, line } };
  }
  if (entry === undefined) return undefined;
  const place = entry.place === undefined ? {} : { place: { file: entry.place.file, line: entry.place.line } };
  return { reason: entry.reason, by: 'configuration', ...place };
}

function problemsOf({ rule, reason, place }: IgnoreComment, isUsed: boolean, { isRule, wasAsked }: Ignores): readonly Finding[] {
  const find = (id: string, severity: Finding['severity'], message: string, action: string): Finding => ({
    rule: id,
    severity,
    message,
    action,
    place,
  });
  if (!isRule(rule)) {
    return [find('unknown-ignore', 'warning', `there is no rule ${rule} to ignore`, 'write the id of a rule: weir lint --list-rules')];
  }
  if (reason === '') {
    const action = `write the reason behind a colon: # weir-lint-ignore ${rule}: why this is all right`;
    return [find('ignore-without-reason', 'warning', `${rule} is to be ignored without a reason, so it is reported`, action)];
  }
  if (isUsed || !wasAsked(rule)) return [];
  return [find('unused-ignore', 'info', `${rule} finds nothing here any more`, 'remove the comment')];
}

function unusedEntry(entry: IgnoreEntry, isUsed: boolean, { wasAsked }: Ignores): readonly Finding[] {
  if (isUsed || entry.place === undefined || (entry.rule !== '*' && !wasAsked(entry.rule))) return [];
  const message = `nothing is ignored by this entry of the configuration (${entry.rule})`;
  return [{ rule: 'unused-ignore', severity: 'info', message, action: 'remove the entry', place: entry.place }];
}
