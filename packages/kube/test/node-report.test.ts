import { describe, expect, it } from 'vitest';
import {
  agentLeaseName,
  formatNodeReport,
  makeAgentLease,
  type NodeReport,
  parseNodeReport,
  readAgentLease,
  reportLimits,
} from '../src/index.ts';

const report: NodeReport = {
  state: 'failing',
  problem: 'no memory',
  policyVersion: '123456789012345678901',
  refused: { total: 1, items: [{ namespace: 'a', name: 'p', uid: 'u', inForce: 'closed', reason: 'r' }] },
  quarantined: { total: 9, items: [] },
  selecting: { total: 1, items: [{ uid: 'v', generation: 3, pods: 2, since: '2026-01-01T00:00:00.000Z' }] },
};

describe('the report of a node', () => {
  it('comes back from its Lease as it was', () => {
    const lease = makeAgentLease({ node: 'n1', report, nowMs: 1_767_225_600_123, durationSeconds: 60, nodeUid: 'uid' });
    expect(lease.spec?.renewTime).toBe('2026-01-01T00:00:00.123000Z');
    expect(lease.metadata.ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'uid' }]);
    expect(readAgentLease(lease)).toEqual({ node: 'n1', renewedMs: 1_767_225_600_123, durationMs: 60_000, report });
  });

  it('is not read when it is damaged, too long, or of another version', () => {
    const { state: _, ...stateless } = report;
    const item = { uid: 'v', generation: 3, pods: 2, since: '' };
    const tooLong = { ...report, selecting: { total: 1, items: Array.from({ length: reportLimits.selecting + 1 }, () => item) } };
    for (const value of [7, null, [], {}, stateless, { ...report, state: 'asleep' }, { ...report, refused: [] }, tooLong]) {
      expect(parseNodeReport(JSON.stringify(value))).toBeUndefined();
    }
    expect(parseNodeReport('{')).toBeUndefined();
    expect(parseNodeReport(formatNodeReport(Object.assign({ later: 7 }, report)))?.state).toBe('failing');
  });

  it('is that of the node whose name the Lease has', () => {
    const lease = makeAgentLease({ node: 'n1', report, nowMs: 0, durationSeconds: 60 });
    expect(readAgentLease({ ...lease, metadata: { ...lease.metadata, name: 'weir-agent-n2' } })).toBeUndefined();
    expect(readAgentLease({ metadata: { name: 'weir-agent-n1' } })).toBeUndefined();
    const long = `${'n'.repeat(250)}.x`;
    expect(agentLeaseName(long)).toHaveLength(253);
    expect(readAgentLease(makeAgentLease({ node: long, report, nowMs: 0, durationSeconds: 60 }))?.node).toBe(long);
    expect(readAgentLease({ ...lease, spec: { holderIdentity: 'n1' } })).toMatchObject({ renewedMs: Number.NaN, durationMs: 0 });
  });
});
