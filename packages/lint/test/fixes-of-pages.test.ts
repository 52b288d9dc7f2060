/** Every fix of the examples of every page: it changes the object of its finding alone, and loses no comment beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifests } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { applyFixes, type Finding } from '../src/index.ts';
import { type LintTextOptions, lintAll } from './lint-text.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'docs', 'lint');
const pages = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md');

/** The examples with a comment at the end of every line. */
function commented(page: string): readonly string[] {
  return [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) =>
    text
      .split('\n')
      .map((line, at) => (line === '' || line === '---' ? line : `${line} # note ${at + 1};`))
      .join('\n'),
  );
}

function notesIn(text: string): readonly number[] {
  return [...text.matchAll(/# note (\d+);/g)].map(([, at]) => Number(at));
}

/** The objects by kind and name, but for the one of a finding. */
function otherObjects(text: string, { object }: Finding): readonly unknown[] {
  const { documents } = readManifests([{ file: 'policies.yaml', text }]);
  return documents
    .map((document) => document.object)
    .filter(
      ({ kind = '', metadata: { namespace = 'default', name = '' } }) =>
        ![`${kind} ${namespace}/${name}`, `${kind} ${name}`].includes(object ?? ''),
    );
}

/** Makes each fix of a text by itself; gives how many there are. */
function checkFixes(text: string, options: LintTextOptions): number {
  const fixable = lintAll(text, options).filter(({ fix }) => fix !== undefined);
  for (const finding of fixable) {
    const fixed = applyFixes(new Map([['policies.yaml', text]]), [finding], 'all').texts.get('policies.yaml') ?? '';
    const kept = new Set(notesIn(fixed));
    const isInside = (at: number): boolean => finding.fix?.edits.some(({ line, endLine }) => line <= at && at <= endLine) === true;
    expect(notesIn(text).filter((at) => !kept.has(at) && !isInside(at))).toEqual([]);
    expect(otherObjects(fixed, finding)).toEqual(otherObjects(text, finding));
    const isSame = ({ rule, field, message }: Finding): boolean =>
      rule === finding.rule && field === finding.field && message === finding.message;
    expect(lintAll(fixed, options).filter(isSame)).toEqual([]);
  }
  return fixable.length;
}

describe('the fixes of the examples', () => {
  it('change the object of their finding alone, and keep what is beside it', () => {
    let count = 0;
    for (const name of pages) {
      const page = readFileSync(join(folder, name), 'utf8');
      const [, options = '{}'] = /<!-- lint: (\{.*\}) -->/.exec(page) ?? [];
      for (const text of commented(page)) count += checkFixes(text, JSON.parse(options) as LintTextOptions);
    }
    expect(count).toBeGreaterThan(8);
  });
});
