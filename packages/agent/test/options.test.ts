/** What an agent can be told. */
import { describe, expect, it } from 'vitest';
import { type AgentOptions, AgentOptionsError, resolveAgentOptions } from '../src/options.ts';

const good: AgentOptions = { node: 'n1', kubeconfig: '/k' };

describe('options of an agent', () => {
  it('have defaults', () => {
    expect(resolveAgentOptions(good)).toMatchObject({
      gateSocket: '/run/weir/agent.sock',
      stateDirectory: '/var/lib/weir/agent',
      podInterfaces: ['weir'],
      profile: 'kubernetes',
      resyncSeconds: 30,
      logLevel: 'info',
    });
  });

  it.each<[string, Partial<AgentOptions>, RegExp]>([
    ['a node name that is none', { node: 'N_1' }, /--node: 'N_1'/],
    ['no kubeconfig', { kubeconfig: '' }, /--kubeconfig/],
    ['a socket path that is too long in bytes', { gateSocket: `/${'é'.repeat(60)}` }, /121 bytes/],
    ['no socket path', { gateSocket: '' }, /--gate-socket/],
    ['no state directory', { stateDirectory: '' }, /--state-directory/],
    ['no prefix of pod links: nothing would be closed', { podInterfaces: [] }, /--pod-interfaces/],
    ['an empty prefix: everything would be closed', { podInterfaces: [''] }, /--pod-interfaces/],
    ['a prefix that is too long', { podInterfaces: ['a'.repeat(15)] }, /--pod-interfaces/],
    ['a profile that is not enforced', { profile: 'azure' }, /does not enforce the behaviour of 'azure'/],
    ['a comparison every moment', { resyncSeconds: 0 }, /--resync-seconds/],
    ['a time that a timer cannot hold', { resyncSeconds: 10_000_000 }, /--resync-seconds/],
    ['a time that is no number', { resyncSeconds: Number.NaN }, /--resync-seconds/],
  ])('refuse %s', (_, change, problem) => {
    expect(() => resolveAgentOptions({ ...good, ...change })).toThrow(problem);
  });

  it('name everything that is wrong at once', () => {
    try {
      resolveAgentOptions({ node: '', kubeconfig: '', profile: 'cilium', resyncSeconds: -1 });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(AgentOptionsError);
      expect((error as AgentOptionsError).problems).toHaveLength(4);
    }
  });
});
