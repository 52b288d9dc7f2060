/** Logs in SARIF against the schema of the standard, and what they say of places, fixes and findings that may stay. */
import schema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json' with { type: 'json' };
import type { Finding } from '@weir/lint';
import AjvDraft04 from 'ajv-draft-04';
import { describe, expect, it } from 'vitest';
import { lintSarif, sarifResultsMax } from '../../src/reports/lint-report.ts';
import type { FindingsReport, ReportedFinding } from '../../src/reports/reported-finding.ts';
import { sarifLog } from '../../src/reports/sarif.ts';

// One pattern of the schema is none for expressions with the flag `u`; formats of addresses are looked at below.
const isSarif = new AjvDraft04.default({ strict: false, unicodeRegExp: false, validateFormats: false }).compile(schema);

const rules = [
  {
    id: 'redundant-rule',
    title: 'a rule that changes nothing',
    severity: 'warning',
    page: 'https://example.org/redundant-rule.md',
    help: '# redundant-rule',
  },
  { id: 'dangling-selector', title: 'a selector that matches no pod', description: 'Long text.', severity: 'error' },
] as const;

const plain: ReportedFinding = { rule: 'redundant-rule', severity: 'warning', message: 'it is redundant' };

const full: ReportedFinding = {
  rule: 'dangling-selector',
  severity: 'error',
  message: 'no pod has the label app=fronted',
  action: 'write app=frontend',
  object: 'NetworkPolicy shop/web',
  field: 'spec.podSelector',
  place: { file: 'deploy/a b.yaml', line: 8, column: 5, endLine: 8, endColumn: 20 },
  related: [
    { message: 'the pod that may be meant', object: 'Pod shop/frontend', place: { file: '/srv/app/pods.yaml', line: 3 } },
    { message: 'another one, of the cluster', object: 'Pod shop/other' },
  ],
  fix: {
    description: 'Write app=frontend',
    edits: [
      { file: 'deploy/a b.yaml', line: 8, column: 12, endLine: 8, endColumn: 19, text: 'frontend' },
      { file: 'deploy/a b.yaml', line: 9, column: 1, endLine: 10, endColumn: 1, text: '' },
    ],
  },
  ignored: { by: 'comment', reason: 'pods come from another repository' },
};

function report(...findings: readonly ReportedFinding[]): FindingsReport {
  return { version: '1.2.3', rules, findings };
}

interface Result {
  readonly ruleIndex?: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly Record<string, unknown>[];
  readonly relatedLocations?: readonly unknown[];
  readonly fixes?: readonly { readonly artifactChanges: readonly { readonly replacements: readonly unknown[] }[] }[];
  readonly suppressions?: readonly unknown[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
}

function resultsOf(of: FindingsReport, directory = '/srv/app'): readonly Result[] {
  const log = sarifLog(of, directory);
  expect(isSarif(log), JSON.stringify(isSarif.errors)).toBe(true);
  return (log['runs'] as readonly { readonly results: readonly Result[] }[])[0]?.results ?? [];
}

function fingerprintOf(finding: ReportedFinding, directory?: string): string {
  return resultsOf(report(finding), directory)[0]?.partialFingerprints['weirFinding/v1'] ?? '';
}

describe('a SARIF log', () => {
  it('is one by the schema of SARIF 2.1.0, whatever a finding has of places, fixes and reasons', () => {
    const withoutColumns = { ...full, place: { file: 'x.yaml', line: 1 } };
    expect(resultsOf(report(plain, full, withoutColumns, { ...plain, place: { file: 'x.yaml' } }))).toHaveLength(4);
    expect(resultsOf(report())).toEqual([]);
    const log = sarifLog(report(full), '/srv/app');
    expect(isSarif({ ...log, version: '2.0.0' })).toBe(false);
  });

  it('says how bad a finding is, of which rule it is, what is wrong and what to do', () => {
    const [first, second, third] = resultsOf(report(plain, full, { ...plain, severity: 'info', action: 'take it out' }));
    expect(first).toMatchObject({ ruleIndex: 0, level: 'warning', message: { text: 'it is redundant.' }, locations: [] });
    expect(second).toMatchObject({
      ruleIndex: 1,
      level: 'error',
      message: { text: 'no pod has the label app=fronted. Write app=frontend.' },
    });
    expect(third).toMatchObject({ level: 'note', message: { text: 'it is redundant. Take it out.' } });
  });

  it('lists every rule that was asked, with its page', () => {
    const [run] = sarifLog(report(), '/srv/app')['runs'] as readonly { readonly tool: unknown }[];
    expect(run?.tool).toMatchObject({
      driver: {
        name: 'Weir',
        version: '1.2.3',
        rules: [
          {
            id: 'redundant-rule',
            helpUri: 'https://example.org/redundant-rule.md',
            help: { markdown: '# redundant-rule' },
            defaultConfiguration: { level: 'warning' },
          },
          { id: 'dangling-selector', fullDescription: { text: 'Long text.' }, defaultConfiguration: { level: 'error' } },
        ],
      },
    });
  });

  it('names files from the directory of the run, others by their whole address, and none for standard input', () => {
    const placeOf = (file: string): unknown =>
      resultsOf(report({ ...full, place: { file, line: 2 } }))[0]?.locations[0]?.['physicalLocation'];
    const region = { startLine: 2 };
    const inside = { artifactLocation: { uri: 'deploy/a%20b.yaml', uriBaseId: '%SRCROOT%' }, region };
    expect(placeOf('deploy/a b.yaml')).toEqual(inside);
    expect(placeOf('./deploy/a b.yaml')).toEqual(inside);
    expect(placeOf('/srv/app/deploy/a b.yaml')).toEqual(inside);
    expect(placeOf('/etc/x.yaml')).toEqual({ artifactLocation: { uri: 'file:///etc/x.yaml' }, region });
    expect(placeOf('standard input')).toBeUndefined();
    expect(resultsOf(report({ ...full, place: { file: 'standard input', line: 2 } }))[0]?.locations).toEqual([
      { logicalLocations: [{ fullyQualifiedName: 'NetworkPolicy shop/web spec.podSelector' }] },
    ]);
  });

  it('has the fix as replacements by file, what else has a part in it, and why a finding may stay', () => {
    const [result] = resultsOf(report(full));
    expect(result?.fixes?.[0]?.artifactChanges).toMatchObject([
      {
        replacements: [
          { deletedRegion: { startLine: 8, startColumn: 12, endLine: 8, endColumn: 19 }, insertedContent: { text: 'frontend' } },
          { deletedRegion: { startLine: 9, startColumn: 1, endLine: 10, endColumn: 1 } },
        ],
      },
    ]);
    expect(result?.relatedLocations).toMatchObject([
      { id: 0, physicalLocation: { artifactLocation: { uri: 'pods.yaml' }, region: { startLine: 3 } } },
      { id: 1, logicalLocations: [{ fullyQualifiedName: 'Pod shop/other' }] },
    ]);
    expect(result?.suppressions).toEqual([{ kind: 'inSource', justification: 'pods come from another repository' }]);
    const configured = resultsOf(report({ ...full, ignored: { by: 'configuration', reason: 'agreed' } }));
    expect(configured[0]?.suppressions).toEqual([{ kind: 'external', justification: 'agreed' }]);
  });

  it('keeps the fingerprint of a finding while lines move, and tells findings apart by what they are about', () => {
    const first = fingerprintOf(full);
    expect(fingerprintOf({ ...full, place: { file: 'deploy/a b.yaml', line: 99 } })).toBe(first);
    expect(fingerprintOf({ ...full, place: { file: '/srv/other/deploy/a b.yaml', line: 8 } }, '/srv/other')).toBe(first);
    expect(fingerprintOf({ ...full, field: 'spec.ingress[0]' })).not.toBe(first);
    expect(fingerprintOf({ ...full, rule: 'redundant-rule' })).not.toBe(first);
    const moved = (line: number): string => fingerprintOf({ ...plain, message: `decided by a.yaml:${line}:3 before` });
    expect(moved(4)).toBe(moved(40));
    const twice = resultsOf(report(full, full)).map(({ partialFingerprints }) => partialFingerprints['weirFinding/v1']);
    expect(twice[0]).toBe(first);
    expect(twice[1]).not.toBe(first);
  });
});

describe('a log of more findings than GitHub takes', () => {
  it('has the worst of them, in their order, and says how many are left out', () => {
    const finding = (at: number): Finding => ({
      rule: 'redundant-rule',
      severity: at % 2 === 0 ? 'info' : 'warning',
      message: `number ${at}`,
      action: 'look',
    });
    const findings = Array.from({ length: sarifResultsMax + 3 }, (_, at) => finding(at));
    const { log, leftOut } = lintSarif({ checked: { policies: 1, pods: 1 }, findings, rules: [] });
    expect(leftOut).toBe(3);
    const [run] = log['runs'] as { results: { message: { text: string } }[] }[];
    const texts = (run?.results ?? []).map(({ message }) => message.text);
    expect(texts).toHaveLength(sarifResultsMax);
    // The last three hints are those that are left out.
    const last = [sarifResultsMax - 3, sarifResultsMax - 1, sarifResultsMax + 1];
    expect(texts.slice(-3)).toEqual(last.map((at) => `number ${at}. Look.`));
  });
});
