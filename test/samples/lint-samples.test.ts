/** What the linter finds in published examples: only what is true of them. */
import { readManifests } from '@weir/kube';
import { lint } from '@weir/lint';
import { type EngineName, engineProfiles } from '@weir/model';
import { expect, it } from 'vitest';
import { applicationSamples } from './application-samples.ts';
import { boutique } from './boutique.ts';
import { documentedExamples } from './documented-examples.ts';
import { engineSamples } from './engine-samples.ts';
import { recipes } from './recipes.ts';
import { inhabitantsOf, type Sample } from './sample.ts';

/** Warnings and errors as `rule of object`, by the beginning of the title; every other example has none. */
const known: Readonly<Record<string, readonly string[]>> = {
  // The samples have no service, so that nothing says that the front is there for everybody.
  "lets Google's Online Boutique": ['open-ingress of NetworkPolicy boutique/frontend'],
  // What these publish is open, and their pages say so.
  'lets parts of Argo CD': ['open-ingress of NetworkPolicy argocd/argocd-server'],
  'lets Prometheus scrape': ['open-ingress of NetworkPolicy monitoring/prometheus-adapter'],
  'opens to the cluster and not to the world': ['open-ingress of CiliumClusterwideNetworkPolicy untrusted'],
  // Examples that are about something else than names, which their pods would miss.
  'lets a database be asked by a block': ['egress-without-dns of NetworkPolicy default/db'],
  'opens a range of ports of one network': ['egress-without-dns of NetworkPolicy default/range'],
  'opens an address and a block with a hole': ['egress-without-dns of CiliumNetworkPolicy default/blocks'],
  'opens a range of ports to everybody': ['egress-without-dns of CiliumNetworkPolicy default/range'],
  'closes a namespace both ways and opens names': ['dns-without-tcp of NetworkPolicy advanced/names'],
  'allows all traffic to an application': ['open-ingress of NetworkPolicy default/recipe'],
  'keeps the order of administrators, namespaces and defaults (AdminNetworkPolicy': [
    'deprecated-api of AdminNetworkPolicy closed-secrets',
    'deprecated-api of AdminNetworkPolicy monitored',
    'deprecated-api of BaselineAdminNetworkPolicy default',
  ],
};

function wrong(sample: Sample): readonly string[] {
  const { namespaces, pods } = inhabitantsOf(sample, { withAddresses: true });
  const { documents } = readManifests([{ file: 'policies.yaml', text: sample.policies }]);
  const engine: EngineName = sample.engine ?? 'kubernetes';
  const { findings } = lint({ objects: [...namespaces, ...pods, ...documents] }, { profile: engineProfiles[engine] });
  return findings.filter(({ severity }) => severity !== 'info').map(({ rule, object = '' }) => `${rule} of ${object}`);
}

it.each([...recipes, boutique, ...engineSamples, ...applicationSamples, ...documentedExamples])(
  'the linter finds nothing wrong that is right in a policy that $title ($engine)',
  (sample) => {
    const expected = Object.entries(known).find(([beginning]) => sample.title.startsWith(beginning))?.[1] ?? [];
    expect(wrong(sample)).toEqual(expected);
  },
);
