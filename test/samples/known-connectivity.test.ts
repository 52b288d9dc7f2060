import { explainFlow } from '@weir/analyze';
import { computeConnectivity } from '@weir/connectivity';
import { engineProfiles } from '@weir/model';
import { formatAddress, parseAddress, portRangesContain, protocolNumber, rangesOfBlocks } from '@weir/net';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { applicationSamples } from './application-samples.ts';
import { boutique } from './boutique.ts';
import { documentedExamples } from './documented-examples.ts';
import { engineSamples } from './engine-samples.ts';
import { recipes } from './recipes.ts';
import {
  addressOf,
  inhabitantsOf,
  isKnownAllowed,
  oracleOf,
  outsideAddress,
  pairsOf,
  policiesOf,
  readPort,
  type Sample,
  type TriedPort,
} from './sample.ts';

type Judge = (source: string, destination: string, port: TriedPort) => string;

function snapshotOf(sample: Sample, withAddresses: boolean): Snapshot {
  const { namespaces, pods } = inhabitantsOf(sample, { withAddresses });
  const profile = engineProfiles[sample.engine ?? 'kubernetes'];
  // Blocks of addresses may mean pods: where these have theirs must be known before they have some.
  const podRanges = rangesOfBlocks(['10.224.0.0/16']);
  return loadSnapshot([...namespaces, ...pods, ...policiesOf(sample)], { profile, ...(withAddresses ? {} : { podRanges }) });
}

/** As `weir why` answers. */
function whyOf(snapshot: Snapshot): Judge {
  const endOf = (name: string): string => (name.includes('/') ? name : addressOf(name));
  return (source, destination, { port, protocol }) => {
    const answer = explainFlow(snapshot, { source: endOf(source), destination: endOf(destination), port, protocol, family: 4 });
    return answer.kind === 'answered' ? (answer.verdicts[0]?.verdict ?? 'no verdict') : answer.message;
  };
}

/** As the matrix of classes says. */
function matrixOf(snapshot: Snapshot, addresses: readonly string[] = []): Judge {
  const hosts = [outsideAddress, ...addresses].flatMap((address) => parseAddress(address) ?? []);
  const connectivity = computeConnectivity(snapshot, { family: 4, hosts });
  const placeOf = (name: string): number =>
    connectivity.ends.classes.findIndex(({ kind, ends }) =>
      !name.includes('/')
        ? kind === 'outside' && ends.some((end) => end.kind === 'address' && formatAddress(end.address) === addressOf(name))
        : ends.some((end) => end.kind === 'endpoint' && `${end.endpoint.namespace}/${end.endpoint.name}` === name),
    );
  return (source, destination, { port, protocol }) => {
    const traffic = connectivity.traffic.find(
      (one) => one.protocol === protocolNumber[protocol] && portRangesContain(one.ports ?? [], port),
    );
    if (traffic === undefined) return 'no traffic';
    const [from, to] = [placeOf(source), placeOf(destination)];
    if (connectivity.allowed(from, traffic).has(to)) return 'allow';
    return connectivity.possible(from, traffic).has(to) ? 'unknown' : 'deny';
  };
}

/** Every connection of the sample that is judged otherwise than it is known. */
function wrongAnswers(sample: Sample, judge: Judge): string[] {
  return pairsOf(sample).flatMap(([source, destination]) =>
    sample.ports.map(readPort).flatMap((port) => {
      const known = isKnownAllowed(sample, source, destination, port.text) ? 'allow' : 'deny';
      const answer = judge(source, destination, port);
      return answer === known ? [] : [`${source} → ${destination} ${port.text}: ${answer}, known is ${known}`];
    }),
  );
}

const samples = [...recipes, boutique, ...engineSamples, ...applicationSamples, ...documentedExamples];

describe.each(samples.map((sample) => [sample.title, sample] as const))('a policy that %s', (_, sample) => {
  it('is read without a complaint and selects some pod', () => {
    const snapshot = snapshotOf(sample, true);
    expect(snapshot.diagnostics).toEqual([]);
    expect(snapshot.world.endpoints.some((endpoint) => snapshot.world.selecting(endpoint).length > 0)).toBe(true);
  });

  it('has the known connections in why, in the matrix, and by the independent evaluator', () => {
    const snapshot = snapshotOf(sample, true);
    expect(wrongAnswers(sample, whyOf(snapshot))).toEqual([]);
    expect(wrongAnswers(sample, matrixOf(snapshot, sample.addresses))).toEqual([]);
    const oracle = oracleOf(sample);
    expect(wrongAnswers(sample, (source, destination, port) => (oracle(source, destination, port) ? 'allow' : 'deny'))).toEqual([]);
  });

  it('has them before its pods have addresses, too', () => {
    const snapshot = snapshotOf(sample, false);
    expect(wrongAnswers(sample, whyOf(snapshot))).toEqual([]);
    expect(wrongAnswers(sample, matrixOf(snapshot, sample.addresses))).toEqual([]);
  });
});

it('there are fourteen published recipes, the one about a port also by its name', () => {
  expect(recipes).toHaveLength(15);
});
