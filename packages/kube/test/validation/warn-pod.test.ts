import { expect, it } from 'vitest';
import type { JsonObject } from '../../src/index.ts';
import { warnPod } from '../../src/validation/warn-pod.ts';

const container = (parts: JsonObject): JsonObject => ({ spec: { containers: [{ name: 'c', image: 'x', ...parts }] } });
const projected = (...sources: readonly JsonObject[]): JsonObject => ({ spec: { volumes: [{ name: 'a', projected: { sources } }] } });
const oldAnnotations = {
  'seccomp.security.alpha.kubernetes.io/pod': 'x',
  'container.seccomp.security.alpha.kubernetes.io/c': 'x',
  'container.apparmor.security.beta.kubernetes.io/c': 'x',
};

it.each<[string, JsonObject, readonly string[]]>([
  [
    'a pod as most are',
    container({ env: [{ name: 'A' }, { name: 'B' }], ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }] }),
    [],
  ],
  [
    'a variable twice',
    container({ env: [{ name: 'A', value: '1' }, { name: 'B' }, { name: 'A', value: '2' }] }),
    ['spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply'],
  ],
  [
    'a port twice',
    container({ ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }] }),
    ['spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]'],
  ],
  [
    'two ports of a name',
    container({ ports: [80, 81].map((containerPort) => ({ name: 'web', containerPort })) }),
    [
      'spec.containers[0].ports[1]: duplicate port name "web" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]',
    ],
  ],
  [
    'an address twice in the hosts file',
    { spec: { hostAliases: [{ ip: '192.0.2.1' }, { ip: '192.0.2.2' }, { ip: '192.0.2.1' }] } },
    ['spec.hostAliases[2].ip: duplicate ip "192.0.2.1"'],
  ],
  [
    'pull secrets without a name or twice',
    { spec: { imagePullSecrets: [{ name: 'a' }, {}, { name: 'a' }] } },
    ['spec.imagePullSecrets[1].name: invalid empty name ""', 'spec.imagePullSecrets[2].name: duplicate name "a"'],
  ],
  [
    'old annotations',
    { metadata: { annotations: oldAnnotations } },
    [
      'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
      'metadata.annotations[container.seccomp.security.alpha.kubernetes.io/c]: non-functional in v1.27+; use the "seccompProfile" field instead',
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the "appArmorProfile" field instead',
    ],
  ],
  [
    'old labels of nodes',
    { spec: { nodeSelector: { 'beta.kubernetes.io/os': 'linux', disk: 'ssd' } } },
    ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
  ],
  [
    'a volume that no node mounts any more',
    {
      spec: {
        volumes: [
          { name: 'a', emptyDir: {} },
          { name: 'b', rbd: { image: 'x' } },
        ],
      },
    },
    ['spec.volumes[1].rbd: deprecated in v1.28, non-functional in v1.31+'],
  ],
  [
    'two sources of one file',
    projected({ secret: { name: 's', items: [{ key: 'k', path: 'f' }] } }, { configMap: { name: 'm', items: [{ key: 'k', path: 'f' }] } }),
    ['spec.volumes[0].projected.sources[1].configMap: conflicting path "f" with spec.volumes[0].projected.sources[0].secret'],
  ],
  [
    'a constraint that matches no pod',
    { spec: { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone' }] } },
    ['spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod'],
  ],
])('the author is told of what is hardly meant: %s', (_name, pod, warnings) => {
  expect(warnPod(pod, '')).toEqual(warnings);
});

it('a template is named by its place', () => {
  const [warning] = warnPod(container({ env: [{ name: 'A' }, { name: 'A' }] }), 'spec.template');
  expect(warning).toMatch(/^spec\.template\.spec\.containers\[0\]\.env\[1\]: /);
});
