/** The picture of who reaches whom that a node's state stands for. */
import { expect, it } from 'vitest';
import { addressPairs } from '../src/index.ts';
import { Follower } from './follower.ts';
import { namespaceOf, podOf, policyOf } from './objects.ts';

it('tells allowed and denied pairs, with the ports where only some are allowed', () => {
  const follower = new Follower();
  const role = (name: string) => ({ podSelector: { matchLabels: { role: name } } });
  const tcp = (port: number) => ({ protocol: 'TCP' as const, port });
  follower.go({
    namespaces: [namespaceOf('x')],
    pods: [
      podOf('x/server', { node: 'n1', ip: '10.0.1.1', labels: { role: 'server' } }),
      podOf('x/web', { node: 'n1', ip: '10.0.1.2', labels: { role: 'web' } }),
      podOf('x/stranger', { node: 'n1', ip: '10.0.1.3', labels: { role: 'stranger' } }),
      podOf('x/admin', { node: 'n2', ip: '10.0.2.1', labels: { role: 'admin' } }),
    ],
    policies: [
      policyOf('x/p', {
        ...role('server'),
        policyTypes: ['Ingress'],
        ingress: [{ from: [role('web')], ports: [tcp(80), tcp(81), tcp(443)] }, { from: [role('admin')] }],
      }),
    ],
  });
  const { allowed, denied, leftOut } = addressPairs(follower.engine.emittedState, follower.engine.emitted(), () => false);
  expect(denied).toEqual([{ source: '10.0.1.3', destination: '10.0.1.1' }]);
  expect(allowed).toContainEqual({ source: '10.0.1.2', destination: '10.0.1.1', only: ['TCP 80-81', 'TCP 443'] });
  expect(allowed).toContainEqual({ source: '10.0.2.1', destination: '10.0.1.1' });
  expect(allowed).toContainEqual({ source: '10.0.1.1', destination: '10.0.1.3' });
  expect(leftOut).toBe(0);
});
