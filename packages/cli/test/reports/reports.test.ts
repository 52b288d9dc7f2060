import { SaxesParser } from 'saxes';
import { Parser as TapParser } from 'tap-parser';
import { describe, expect, it } from 'vitest';
import { renderJunit } from '../../src/reports/junit.ts';
import type { ReportedSuite } from '../../src/reports/report.ts';
import { renderTap } from '../../src/reports/tap.ts';

const nasty = 'a <b> & "c" \'d\' #1 \\ ]]> \u0000 \u0008 \uD800 \uFFFE 😀 → ü\r\nnext\tline';

const suites: readonly ReportedSuite[] = [
  {
    name: 'shop.weir-test.yaml',
    cases: [
      { name: 'web reaches db', group: 'shop', file: 'shop.weir-test.yaml', line: 3, seconds: 0.25, outcome: { kind: 'passed' } },
      {
        name: nasty,
        group: nasty,
        file: nasty,
        line: 9,
        outcome: { kind: 'failed', message: nasty, detail: `deny: shop/a → shop/b\n${nasty}\n\n  - more\n` },
      },
      { name: 'nobody', group: 'shop', outcome: { kind: 'error', message: 'no pod matches' } },
      { name: 'later', group: 'shop', outcome: { kind: 'skipped', message: 'needs a kernel # here' } },
    ],
  },
  { name: 'empty', cases: [] },
];

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** Reads a document, or throws where it is not well-formed. */
function readXml(xml: string): Element {
  const parser = new SaxesParser();
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element: Element = { name, attributes, children: [], text: '' };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(xml).close();
  return root.children[0] ?? root;
}

const readable = ['\u0000', '\u0008', '\uD800', '\uFFFE'].reduce(
  (text, sign) => text.replace(`${sign} `, '\uFFFD '),
  nasty.replaceAll('\r\n', '\n'),
);

describe('reports as JUnit XML', () => {
  const document = readXml(renderJunit('weir test', suites));
  const [suite, empty] = document.children;

  it('count what passed, failed, had no answer and was left out', () => {
    const counts = { tests: '4', failures: '1', errors: '1', skipped: '1', time: '0.250' };
    expect(document).toMatchObject({ name: 'testsuites', attributes: { name: 'weir test', ...counts } });
    expect(suite).toMatchObject({ name: 'testsuite', attributes: { name: 'shop.weir-test.yaml', ...counts } });
    expect(empty).toMatchObject({ name: 'testsuite', attributes: { tests: '0' }, children: [] });
  });

  it('say of each case where it stands and what came of it', () => {
    const [passed, , error, skipped] = suite?.children ?? [];
    const place = { name: 'web reaches db', classname: 'shop', file: 'shop.weir-test.yaml', line: '3', time: '0.250' };
    expect(passed).toMatchObject({ name: 'testcase', attributes: place, children: [] });
    expect(error?.children).toMatchObject([{ name: 'error', attributes: { message: 'no pod matches' } }]);
    expect(skipped?.children).toMatchObject([{ name: 'skipped', attributes: { message: 'needs a kernel # here' } }]);
  });

  it('give back every text that XML can hold, and a mark for what it cannot', () => {
    const failed = suite?.children[1];
    expect(failed?.attributes).toMatchObject({ name: readable, classname: readable, file: readable });
    expect(failed?.children).toMatchObject([{ name: 'failure', attributes: { message: readable } }]);
    expect(failed?.children[0]?.text).toBe(`deny: shop/a → shop/b\n${readable}\n\n  - more\n`);
  });
});

interface TapCase {
  readonly ok: boolean;
  readonly name: string;
  readonly skip?: string | boolean;
  readonly diag?: { readonly message: string; readonly at?: unknown; readonly detail?: string };
}

/** Reads a document; `ok` is whether it is one and everything in it passed. */
function readTap(tap: string): { readonly ok: boolean; readonly failures: number; readonly cases: readonly TapCase[] } {
  const cases: TapCase[] = [];
  const parser = new TapParser({ strict: true });
  parser.on('assert', (each) => cases.push(each as unknown as TapCase));
  parser.end(tap);
  // Lines that are no TAP are failures of the document itself when it is read strictly.
  const complaints = parser.failures.filter((each) => each.tapError !== null);
  expect(complaints).toEqual([]);
  return { ok: parser.ok, failures: parser.fail, cases };
}

describe('reports as TAP', () => {
  const { ok, failures, cases } = readTap(renderTap(suites));

  it('are read strictly without a complaint, and fail as a whole when a case does', () => {
    expect({ ok, failures }).toEqual({ ok: false, failures: 2 });
    expect(cases.map((each) => each.ok)).toEqual([true, false, false, true]);
    expect(readTap(renderTap([]))).toMatchObject({ ok: true, cases: [] });
  });

  it('keep names and reasons whatever signs are in them', () => {
    const name = nasty
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/\p{Cc}/gu, '\uFFFD');
    expect(cases[1]?.name).toBe(name);
    expect(cases[1]?.diag).toMatchObject({ message: nasty, at: { line: 9 } });
    expect(cases[2]?.diag?.message).toBe('no pod matches');
    expect(cases[3]?.skip).toBe('needs a kernel # here');
  });
});
