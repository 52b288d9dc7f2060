/** Every rule has a page, whose examples do what the page says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listRules } from '../src/index.ts';
import { type LintTextOptions, lintText } from './lint-text.ts';
import { renderIndex } from './rule-index.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'docs', 'lint');
const pages = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** The blocks of YAML below a heading. */
function examples(page: string, heading: string): readonly string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text);
}

/** What the linter has to know that a manifest cannot say: `<!-- lint: {"profile": "azure"} -->`. */
function reading(page: string): LintTextOptions {
  const [, text = '{}'] = /<!-- lint: (\{.*\}) -->/.exec(page) ?? [];
  return JSON.parse(text) as LintTextOptions;
}

/** The rules that find something in an example. Hints of other rules are beside what it shows: a pod that nothing protects, say. */
function rulesIn(text: string, id: string, page: string): readonly string[] {
  const findings = lintText(text, reading(page)).filter(({ rule, severity }) => rule === id || severity !== 'info');
  return [...new Set(findings.map(({ rule }) => rule))];
}

describe('the pages of rules', () => {
  it('are one for each rule', () => {
    expect(pages.sort()).toEqual(
      listRules()
        .map(({ id }) => `${id}.md`)
        .sort(),
    );
  });

  it('are listed in the index as they are', () => {
    expect(read('README.md')).toBe(renderIndex(listRules()));
  });

  for (const { id, title } of listRules()) {
    describe(id, () => {
      const page = pages.includes(`${id}.md`) ? read(`${id}.md`) : '';

      it('says in its first lines what it finds', () => {
        expect(page.split('\n').slice(0, 3)).toEqual([`# ${id}`, '', `Finds ${title}.`]);
      });

      it('finds its bad examples, and nothing else is wrong in them', () => {
        const bad = examples(page, 'Found');
        expect(bad.length).toBeGreaterThan(0);
        for (const text of bad) expect(rulesIn(text, id, page)).toEqual([id]);
      });

      it('finds nothing in its good examples', () => {
        const good = examples(page, 'Fine');
        expect(good.length).toBeGreaterThan(0);
        for (const text of good) expect(rulesIn(text, id, page)).toEqual([]);
      });
    });
  }
});
