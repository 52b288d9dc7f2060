/** What came of trying the connections of assertions on a kernel, as text for people. */
import type { RealRunJson } from '@weir/assertions';

/** Lines for people. */
export function renderReal({ engine, cluster, tried, notTried, untriedAssertions, disagreements }: RealRunJson): string[] {
  const where = cluster === undefined ? 'a lab of these manifests' : `cluster ${cluster}`;
  const words = { allow: 'allowed', deny: 'denied', unknown: 'unknown' } as const;
  return [
    `Tried on the kernel in ${where} as ${engine}: ${tried} connections, ${tried - disagreements.length} as computed`,
    ...disagreements.map(
      ({ source, destination, service, computed, measured }) =>
        `  ${source} → ${destination} ${service}: computed ${words[computed]}, tried: ${words[measured]}`,
    ),
    ...(notTried === 0
      ? []
      : [
          `  ${notTried} cannot be tried there: other traffic than TCP, UDP, SCTP and ICMP echoes, ends that a lab does not have, or whom its policies mean otherwise`,
        ]),
    ...untriedAssertions.map((name) => `  nothing tried of: ${name}`),
  ];
}
