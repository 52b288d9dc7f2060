/**
 * Random worlds: clusters that an API server could hold, small enough to try every pair and rich
 * enough that every construct of NetworkPolicy occurs in a run over many seeds.
 */
import { nodeAddresses, podAddresses } from '../oracle/inhabitants.ts';
import type { World } from '../oracle/world.ts';
import { generateNamespaces, generateNode, generatePod } from './generate-pods.ts';
import { generatePolicy } from './generate-policies.ts';
import { externalAddressPool } from './pools.ts';
import { Random } from './random.ts';

/** How large a world is; the defaults are the sizes that the tests ask for. */
export interface GenerateWorldOptions {
  /** The fewest pods; up to two more are made. Default 12. */
  readonly podCountMin?: number;
  /** The fewest policies; up to three more are made. Default 5. */
  readonly policyCountMin?: number;
}

/** The world of a seed: 2 or 3 nodes, 4 to 6 namespaces, pods and policies as the options say. */
export function generateWorld(seed: number, options: GenerateWorldOptions = {}): World {
  const random = new Random(seed);
  const nodes = random.times(random.integer(2, 3), generateNode);
  const namespaces = generateNamespaces(random);
  const freeAddresses = random.shuffle(random.times(60, (index) => index + 1));
  const returnedAddresses: number[] = [];
  const podCount = (options.podCountMin ?? 12) + random.integer(0, 2);
  const pods = random.times(podCount, (index) => generatePod(random, { index, namespaces, nodes, freeAddresses, returnedAddresses }));
  const addresses = [...pods.flatMap(podAddresses), ...nodes.flatMap(nodeAddresses), ...externalAddressPool[4], ...externalAddressPool[6]];
  const inhabited = new Set(pods.flatMap(({ metadata }) => metadata.namespace ?? []));
  const namespaceNames = [...inhabited];
  const policyCount = (options.policyCountMin ?? 5) + random.integer(0, 3);
  const networkPolicies = random.times(policyCount, (index) => generatePolicy(random, { index, namespaceNames, addresses }));
  return { namespaces, pods, networkPolicies, nodes };
}
