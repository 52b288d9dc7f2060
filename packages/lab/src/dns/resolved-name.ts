/** What a name outside of the cluster resolved to, for policies that name it. */
import { decode } from 'dns-packet';

/** A name with its addresses; `ttl` in seconds. */
export interface ResolvedName {
  readonly name: string;
  readonly addresses: readonly { readonly address: string; readonly ttl: number }[];
}

/** The addresses in a response, under the name that was asked for; undefined without any, and for names of the cluster. */
export function resolvedIn(response: Buffer, clusterDomain: string): ResolvedName | undefined {
  const { questions = [], answers = [] } = decode(response);
  const name = (questions[0]?.name ?? '').toLowerCase().replace(/\.$/, '');
  if (name === '' || name === clusterDomain || name.endsWith(`.${clusterDomain}`)) return undefined;
  const addresses = answers.flatMap(({ type, ttl = 0, data }) =>
    (type === 'A' || type === 'AAAA') && typeof data === 'string' ? [{ address: data, ttl }] : [],
  );
  return addresses.length === 0 ? undefined : { name, addresses };
}
