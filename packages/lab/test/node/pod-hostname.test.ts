import type { PodSpec } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { HostnameError, podHostname } from '../../src/node/pod-hostname.ts';

const around = { node: 'node1', domain: 'cluster.local' };
const named = (spec: Partial<PodSpec>, name = 'p') =>
  podHostname({ metadata: { name, namespace: 'n' }, spec: { containers: [], ...spec } }, around);

describe('a pod is called', () => {
  it.each([
    ['by its own name', {}, 'p', ['p']],
    ['by its hostname', { hostname: 'h' }, 'h', ['h']],
    ['by its hostname, with the full name among its hosts', { hostname: 'h', subdomain: 's' }, 'h', ['h.s.n.svc.cluster.local', 'h']],
    [
      'by its full name when it says so',
      { subdomain: 's', setHostnameAsFQDN: true },
      'p.s.n.svc.cluster.local',
      ['p.s.n.svc.cluster.local', 'p'],
    ],
    ['by its own name when there is no full one', { setHostnameAsFQDN: true }, 'p', ['p']],
    ['by the name that takes the place of all others', { hostname: 'h', subdomain: 's', hostnameOverride: 'a.b' }, 'a.b', ['a.b']],
    ['as its node in the network of the node', { hostNetwork: true, hostname: 'h' }, 'node1', ['node1']],
  ])('%s', (_how, spec, hostname, names) => {
    expect(named(spec)).toEqual({ hostname, names });
  });

  it('by a name that the kernel has room for, or not at all', () => {
    const long = 'x'.repeat(70);
    expect(named({}, long).hostname).toBe('x'.repeat(63));
    expect(() => named({ subdomain: 's', setHostnameAsFQDN: true }, long)).toThrow(HostnameError);
    expect(() => named({ subdomain: 's', setHostnameAsFQDN: true }, long)).toThrow(
      `FQDN ${'x'.repeat(63)}.s.n.svc.cluster.local is too long (64 characters is the max, 85 characters requested)`,
    );
  });
});
