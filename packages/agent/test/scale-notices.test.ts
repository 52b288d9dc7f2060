import { Engine } from '@weir/calc';
import { enforcementTarget, engineProfiles } from '@weir/model';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Notice } from '../src/status/notice.ts';
import { ScaleNotices } from '../src/status/scale-notices.ts';

const logged: string[] = [];
const log = pino({ level: 'error' }, { write: (line) => void logged.push(line) });

beforeEach(() => void logged.splice(0));

function told(profile: keyof typeof engineProfiles, counts: { readonly nodes?: number; readonly pods?: number }) {
  const board = new Set<Notice>();
  const engine = new Engine({ node: 'n1', target: enforcementTarget(profile) });
  const notices = new ScaleNotices({
    profile: engineProfiles[profile],
    engine,
    log,
    board: { announce: (notice) => board.add(notice), withdraw: (notice) => board.delete(notice) },
  });
  for (let i = 0; i < (counts.nodes ?? 0); i++) engine.upsertNode({ metadata: { name: `n${i}` } });
  for (let i = 0; i < (counts.pods ?? 0); i++) engine.upsertPod({ metadata: { namespace: 'x', name: `p${i}` } });
  notices.check();
  notices.check();
  const messages = (): string[] => [...board].map(({ message }) => message);
  const exceeded = (): unknown =>
    notices.metrics().flatMap((family) => (family.name.endsWith('exceeded') && 'samples' in family ? family.samples : []));
  return { engine, notices, messages, exceeded };
}

describe('a cluster larger than the engine’s documentation allows', () => {
  it('with 251 nodes is told of once as azure, as an error of the log and in a metric too, and the notice goes when a node goes', () => {
    const { engine, notices, messages, exceeded } = told('azure', { nodes: 251 });
    expect(messages()).toEqual([expect.stringContaining('more than 250 nodes, which is the documented limit of the engine azure')]);
    expect(logged).toEqual([expect.stringContaining('more than 250 nodes')]);
    expect(exceeded()).toEqual([
      { labels: { what: 'nodes' }, value: 1 },
      { labels: { what: 'pods' }, value: 0 },
    ]);
    engine.deleteNode('n7');
    notices.check();
    expect(messages()).toEqual([]);
  });

  it('with 20 001 pods is told of as azure', () => {
    expect(told('azure', { pods: 20_001 }).messages()).toEqual([expect.stringContaining('more than 20000 pods')]);
  });

  it('is not told of at the limit, nor as an engine without limits', () => {
    expect(told('azure', { nodes: 250, pods: 20_000 }).messages()).toEqual([]);
    expect(told('cilium', { nodes: 251 }).messages()).toEqual([]);
    expect(told('cilium', { nodes: 251 }).exceeded()).toEqual([]);
  });
});
