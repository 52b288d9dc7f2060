import { expect, test } from 'vitest';
import { engineRelease } from '../src/index.ts';

test.each([
  [30, '3.28.0', '1.16.16'],
  [31, '3.29.0', '1.16.16'],
  [32, '3.29.0', '1.17.9'],
  [33, '3.30.0', '1.17.9'],
  [34, '3.30.0', '1.18.6'],
  [35, '3.30.0', '1.18.6'],
  [36, '3.30.0', '1.18.9'],
  [37, '3.30.0', '1.18.9'],
])('Kubernetes 1.%i has Calico %s and Cilium %s', (minor, calico, cilium) => {
  expect(engineRelease('calico', 'linux', minor)).toEqual({ version: calico, image: `quay.io/calico/node:v${calico}` });
  expect(engineRelease('calico', 'windows', minor)?.image).toBe(`quay.io/calico/node-windows:v${calico}`);
  expect(engineRelease('cilium', 'linux', minor)).toEqual({ version: cilium, image: `quay.io/cilium/cilium:v${cilium}` });
});

test('Azure network policy manager is older on Windows, Cilium does not run there, and the specification is no product', () => {
  expect(engineRelease('azure', 'linux', 35)?.image).toBe('mcr.microsoft.com/containernetworking/azure-npm:v1.6.34');
  expect(engineRelease('azure', 'windows', 35)?.image).toBe('mcr.microsoft.com/containernetworking/azure-npm:v1.5.5');
  expect(engineRelease('cilium', 'windows', 35)).toBeUndefined();
  expect(engineRelease('kubernetes', 'linux', 35)).toBeUndefined();
});
