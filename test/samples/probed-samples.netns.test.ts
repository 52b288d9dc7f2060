/** Published examples on the lab: what the matrix computes, and what connections find. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCluster } from '../support/lab-cluster.ts';
import { applicationSamples } from './application-samples.ts';
import { boutique } from './boutique.ts';
import { documentedExamples } from './documented-examples.ts';
import { recipes } from './recipes.ts';
import { isKnownAllowed, type Sample } from './sample.ts';

const ports = ['80', '5000', '8080'] as const;

/** A recipe in namespaces of its own, beside others in one cluster. */
function apart(sample: Sample | undefined, prefix: string): Sample {
  if (sample === undefined) throw new TypeError('there is such a recipe');
  const renamed = <T>(of: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [`${prefix}-${name}`, value]));
  return {
    ...sample,
    namespaces: renamed(sample.namespaces ?? {}),
    pods: renamed(sample.pods),
    policies: sample.policies.replaceAll(/namespace: (?=\w)/g, `namespace: ${prefix}-`),
    known: sample.known.map((line) => line.replaceAll(/(?<= )(?=[a-z-]+\/)/g, `${prefix}-`)),
  };
}

const pick = (words: string, among = recipes): Sample | undefined => among.find(({ title }) => title.includes(words));
const samples = [
  boutique,
  apart(pick('from other namespaces'), 'r04'),
  apart(pick('some pods of another namespace'), 'r07'),
  apart(pick('one port of an application'), 'r09'),
  apart(pick('from an application, but for names'), 'r11'),
  apart(pick('all traffic from a namespace'), 'r12'),
  apart(pick("Flux's controllers", applicationSamples), 'flux'),
  apart(pick('a project to itself, its routers', documentedExamples), 'project'),
];

function manifest({ namespaces = {}, pods, policies }: Sample): string {
  const names = [...new Set(Object.keys(pods).map((pod) => pod.split('/')[0] ?? ''))];
  const items = [
    ...names.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: namespaces[name] ?? {} } })),
    ...Object.entries(pods).map(([key, labels]) => {
      const [namespace, name] = key.split('/');
      const container = {
        name: 'c',
        image: 'registry.k8s.io/e2e-test-images/agnhost:2.47',
        args: ['serve-hostname', '--http=false', '--tcp', '--port=80'],
      };
      return {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace, name, labels },
        spec: { terminationGracePeriodSeconds: 1, containers: [container] },
      };
    }),
  ];
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items })}\n---\n${policies}`;
}

interface Cell {
  readonly source: string;
  readonly destination: string;
  readonly port: string;
  readonly computed: string;
  readonly probed?: string;
}

describe('published examples in one cluster of the lab', () => {
  let cluster: LabCluster;
  let answer: { readonly cells: readonly Cell[]; readonly differences: number };
  beforeAll(async () => {
    cluster = await LabCluster.up({ nodes: 2 });
    await cluster.kubectlOutput('apply -f -', samples.map(manifest).join('\n---\n'));
    await cluster.kubectlOutput('wait --for=condition=Ready pod --all -A --timeout=120s');
    const namespaces = [...new Set(samples.flatMap(({ pods }) => Object.keys(pods).map((pod) => pod.split('/')[0] ?? '')))];
    const options = [...namespaces.flatMap((name) => ['--namespace', name]), ...ports.flatMap((port) => ['--port', port])];
    const { stdout } = await cluster.weir(['matrix', '--probe', '-o', 'json', '--name', cluster.name, ...options]);
    answer = JSON.parse(stdout) as typeof answer;
  }, 240_000);
  afterAll(async () => {
    await cluster?.down();
  });

  it('have the connections that the matrix computes', () => {
    expect(answer.cells.filter(({ probed }) => probed === undefined)).toEqual([]);
    expect(answer.differences).toBe(0);
    expect(new Set(answer.cells.map(({ computed }) => computed))).toEqual(new Set(['allow', 'deny']));
  });

  it.each(samples.map((sample) => [sample.title, sample] as const))('have those that are known of a policy that %s', (_, sample) => {
    const own = answer.cells.filter(
      ({ source, destination }) => source !== destination && source in sample.pods && destination in sample.pods,
    );
    const wrong = own.filter(({ source, destination, port, computed }) => {
      return (
        (computed === 'allow') !== isKnownAllowed(sample, source, destination, port.split('/').find((part) => /^\d+$/.test(part)) ?? '')
      );
    });
    expect(wrong).toEqual([]);
    expect(own.length).toBe(Object.keys(sample.pods).length * (Object.keys(sample.pods).length - 1) * ports.length);
  });
});
