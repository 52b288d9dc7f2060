/** What back ends are let off is counted: nothing, but for the four features that Windows lacks. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { netpolCases } from '@weir/testkit';
import { expect, it } from 'vitest';
import { windowsLimits } from '../packages/lab/test/hns-emulator/windows-limits.ts';
import { windowsLacks } from './semantics/windows-lacks.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

it('only the HNS back end is let off cases of the conformance suite, exactly those of the four features that Windows lacks', () => {
  const callers = execFileSync('git', ['grep', '-l', 'runDataplaneConformance({', '--', '*.netns.test.ts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = callers.trim().split('\n');
  expect(files.length).toBeGreaterThanOrEqual(3);
  const skipping = files.filter((file) => /\bskip\b/.test(readFileSync(`${root}/${file}`, 'utf8')));
  expect(skipping).toEqual(['packages/lab/test/hns-emulator/hns-conformance.netns.test.ts']);
  expect(windowsLimits.map(({ rule }) => rule)).toEqual(['DP7', 'DP8', 'DP9', 'DP10']);
});

it('of the upstream suite only the HNS back end refuses cases: 6 of 48, of the features that Windows lacks', () => {
  const callers = execFileSync('git', ['grep', '-hE', '^describeUpstreamCases\\(', '--', '*.netns.test.ts'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(callers.trim().split('\n').sort()).toEqual([
    'describeUpstreamCases(ebpfBackEnd);',
    'describeUpstreamCases(hnsBackEnd, windowsLacks);',
    'describeUpstreamCases(iptablesBackEnd);',
    'describeUpstreamCases(nftablesBackEnd);',
  ]);
  expect(windowsLacks.map(({ feature, cases }) => [feature, cases.length])).toEqual([
    ['named ports', 1],
    ['SCTP', 3],
    ['negative selectors', 0],
    ['except', 2],
  ]);
  const names = new Set(netpolCases.map(({ name }) => name));
  expect(names.size).toBe(48);
  expect(windowsLacks.flatMap(({ cases }) => cases).filter((name) => !names.has(name))).toEqual([]);
});
