/**
 * The library as others have it: packed, installed in an empty project, imported, type-checked and bundled there. The
 * examples of its page run in that project, and print what the page says.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
let folder = '';
let project = '';

const run = (program: string, args: readonly string[]): string => execFileSync(program, args, { cwd: project, encoding: 'utf8' });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weirt-package-'));
  const tarball = execFileSync(process.execPath, [join(root, 'scripts', 'pack-library.mjs'), folder], { encoding: 'utf8' }).trim();
  project = mkdtempSync(join(folder, 'project-'));
  writeFileSync(join(project, 'package.json'), '{ "name": "shop", "private": true, "type": "module" }');
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball]);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const typed = `import { diff, diffMarkdown, explain, lint, loadSnapshot, matrix, readManifests, runTests } from '@weir/policy';
import type { Answer, DiffJson, LintReportJson, MatrixJson, Question, Snapshot, TestReportJson, VerdictJson } from '@weir/policy';

const { objects, diagnostics } = readManifests([{ file: 'a.yaml', text: '' }]);
const snapshot: Snapshot = loadSnapshot(objects, { engine: 'cilium', podRanges: ['10.244.0.0/16'] });
const question: Question = { source: 'a/b', destination: 'a/c', port: 80 };
const answer: Answer = explain(snapshot, question);
const verdicts: readonly VerdictJson[] = answer.verdicts ?? [];
for (const { verdict, ingress } of verdicts) {
  const word: 'allow' | 'deny' | 'unknown' = verdict;
  console.log(word, ingress.decidedBy?.reason);
}
const changes: DiffJson = diff(snapshot, snapshot);
const text: string = diffMarkdown(changes);
const pairs: MatrixJson = matrix(snapshot, { namespaces: ['shop'] });
const found: LintReportJson = lint(readManifests(''), { engines: ['azure'] });
const report: TestReportJson = runTests(snapshot, { file: 't', text: '' }).report;
console.log(text.length, pairs.connections.length, found.findings[0]?.place?.line, report.tests[0]?.outcome, diagnostics[0]?.position?.line);
// @ts-expect-error an engine that there is not
loadSnapshot(objects, { engine: 'flannel' });
// @ts-expect-error a verdict has no such field
console.log(verdicts[0]?.nothing);
`;

describe('the library as a package', () => {
  it('is one module without imports, with its source map, and depends on nothing', () => {
    const installed = join(project, 'node_modules');
    expect(readdirSync(installed).filter((name) => !name.startsWith('.'))).toEqual(['@weir']);
    expect(readdirSync(join(installed, '@weir'))).toEqual(['policy']);
    const library = join(installed, '@weir', 'policy');
    expect(readdirSync(library).sort()).toEqual(['LICENSE', 'README.md', 'package.json', 'types', 'weir-policy.js', 'weir-policy.js.map']);
    const code = readFileSync(join(library, 'weir-policy.js'), 'utf8');
    expect(/^import\b|\bfrom ?["'][^"']+["'];?$|\bimport\(|\brequire\(|from ?["'`]node:/m.test(code)).toBe(false);
    expect(code.slice(-60)).toMatch(/\n\/\/# sourceMappingURL=weir-policy\.js\.map\s*$/);
    expect(code.length).toBeLessThan(1_500_000);
    const map = JSON.parse(readFileSync(join(library, 'weir-policy.js.map'), 'utf8')) as { sources: string[]; sourcesContent: unknown[] };
    expect(map.sources.filter((source) => source.endsWith('explain.js'))).toHaveLength(1);
    expect(map.sourcesContent.filter((content) => typeof content === 'string')).toHaveLength(map.sources.length);
  });

  it.each([
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('has types that resolve with module %s and moduleResolution %s', (module, resolution) => {
    writeFileSync(join(project, 'typed.ts'), typed);
    const tsc = join(root, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
    const options = ['--strict', '--noEmit', '--exactOptionalPropertyTypes', '--target', 'es2022', '--lib', 'es2022,dom', '--types', ''];
    run(process.execPath, [tsc, ...options, '--module', module, '--moduleResolution', resolution, 'typed.ts']);
  });

  it('goes into the bundle of a page, where it does what it does elsewhere', async () => {
    writeFileSync(
      join(project, 'page.js'),
      "import { readManifests } from '@weir/policy';\nconsole.log(readManifests('kind: [').diagnostics[0].code);\n",
    );
    const bundle = await rolldown({ input: join(project, 'page.js'), platform: 'browser', logLevel: 'silent' });
    await bundle.write({ file: join(project, 'bundled.mjs'), format: 'esm', minify: true });
    await bundle.close();
    expect(readFileSync(join(project, 'bundled.mjs'), 'utf8')).not.toMatch(/^import\b/m);
    expect(run(process.execPath, ['bundled.mjs'])).toBe('yaml-syntax\n');
  });
});

describe('the examples of the page', () => {
  const page = readFileSync(join(root, 'docs', 'library.md'), 'utf8');
  const examples = [...page.matchAll(/```js\n([\s\S]*?)```\n+(?:[^`\n][^\n]*\n+)?```text\n([\s\S]*?)```/g)].map(
    ([, code = '', printed = '']) => ({ code, printed }),
  );

  it('are all run, here or in a browser', () => {
    const languages = [...page.matchAll(/^```(\w+)$/gm)].map(([, language = '']) => language);
    expect(languages.filter((language) => language === 'js')).toHaveLength(examples.length);
    expect(examples.length).toBeGreaterThanOrEqual(5);
    expect(new Set(languages)).toEqual(new Set(['js', 'text', 'html', 'sh']));
  });

  it.each(examples)('print what stands below them: $code', ({ code, printed }) => {
    writeFileSync(join(project, 'example.js'), code);
    expect(run(process.execPath, ['example.js'])).toBe(printed);
  });
});
