/**
 * The answer to one DNS question: values in, records out.
 *
 * The server is authoritative for the cluster's domain and for reverse names that it knows; beyond
 * it, it knows the lab's external hosts by their single label. There is no way out of the lab, so
 * every other name does not exist.
 */
import { parseAddress } from '@weir/net';
import type { Question, ResourceRecord } from 'dns-packet';
import type { NameRecords, ZoneTable } from './cluster-zone.ts';

/** What the answers are made from. */
export interface AnswerSources {
  readonly domain: string;
  readonly zone: ZoneTable;
  /** Addresses of an external host; empty when there is none of that name. */
  readonly hostAddresses: (name: string) => readonly string[];
}

/** An answer without its envelope. */
export interface Answer {
  readonly code: 'NOERROR' | 'NXDOMAIN';
  readonly answers: readonly ResourceRecord[];
  /** The zone's SOA, by which negative answers say how long they hold (RFC 2308). */
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
}

/** Seconds that an answer may be kept; short, because services come and go. */
const ttlSeconds = 5;

/** A chain of CNAMEs is followed so far. */
const aliasesMax = 8;

/** Answers a question of class IN. */
export function answerQuestion(question: Question, sources: AnswerSources): Answer {
  const answers: ResourceRecord[] = [];
  let name = normalise(question.name);
  let shown = question.name;
  for (let aliases = 0; aliases <= aliasesMax; aliases++) {
    const records = recordsOf(name, sources);
    if (records === undefined) return negative('NXDOMAIN', answers, sources);
    const [alias] = records.CNAME;
    if (alias === undefined || question.type === 'CNAME') {
      answers.push(...recordsOfType(records, question.type, shown), ...zoneRecords(name, question.type, sources));
      return answers.length === 0 ? negative('NOERROR', [], sources) : positive(answers, sources);
    }
    answers.push(record(shown, 'CNAME', alias));
    name = normalise(alias);
    shown = alias;
  }
  return positive(answers, sources);
}

function normalise(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function recordsOf(name: string, sources: AnswerSources): NameRecords | undefined {
  const known = sources.zone.get(name) ?? podRecords(name, sources);
  if (known !== undefined) return known;
  if (name === sources.domain || name.endsWith(`.${sources.domain}`)) return undefined;
  const addresses = sources.hostAddresses(name);
  return addresses.length === 0 ? undefined : addressRecords(addresses);
}

/** `10-224-1-5.NAMESPACE.pod.DOMAIN`: any address in an existing namespace, as in CoreDNS's mode "insecure". */
function podRecords(name: string, { domain, zone }: AnswerSources): NameRecords | undefined {
  const suffix = `.pod.${domain}`;
  if (!name.endsWith(suffix)) return undefined;
  const [label, namespace, ...rest] = name.slice(0, -suffix.length).split('.');
  if (label === undefined || namespace === undefined || rest.length > 0 || !zone.has(`${namespace}${suffix}`)) return undefined;
  const address = [label.replaceAll('-', '.'), label.replaceAll('-', ':')].find((text) => parseAddress(text) !== undefined);
  return address === undefined ? undefined : addressRecords([address]);
}

function addressRecords(addresses: readonly string[]): NameRecords {
  const of = (family: 4 | 6): string[] => addresses.filter((address) => parseAddress(address)?.family === family);
  return { A: of(4), AAAA: of(6), SRV: [], PTR: [], CNAME: [], TXT: [] };
}

function recordsOfType(records: NameRecords, type: string, name: string): ResourceRecord[] {
  switch (type) {
    case 'A':
    case 'AAAA':
    case 'PTR':
    case 'TXT':
    case 'CNAME':
      return records[type].map((data) => record(name, type, data));
    case 'SRV':
      return records.SRV.map(({ port, target }) =>
        record(name, 'SRV', { priority: 0, weight: srvWeight(records.SRV.length), port, target }),
      );
    case 'ANY':
      return (['A', 'AAAA', 'PTR', 'TXT', 'CNAME', 'SRV'] as const).flatMap((each) => recordsOfType(records, each, name));
    default:
      return [];
  }
}

/** All targets get the same share, as CoreDNS shares 100 among them. */
function srvWeight(targets: number): number {
  return Math.max(1, Math.floor(100 / targets));
}

/** SOA and NS at the top of the domain. */
function zoneRecords(name: string, type: string, { domain }: AnswerSources): ResourceRecord[] {
  if (name !== domain) return [];
  if (type === 'SOA') return [soa(domain)];
  return type === 'NS' ? [record(domain, 'NS', `ns.dns.${domain}`)] : [];
}

function positive(answers: readonly ResourceRecord[], sources: AnswerSources): Answer {
  // The addresses behind SRV targets save the client a question each.
  const additionals = answers.flatMap(({ type, data }) => {
    if (type !== 'SRV') return [];
    const { target } = data as { target: string };
    const records = recordsOf(normalise(target), sources);
    return records === undefined ? [] : [...recordsOfType(records, 'A', target), ...recordsOfType(records, 'AAAA', target)];
  });
  return { code: 'NOERROR', answers, authorities: [], additionals };
}

function negative(code: Answer['code'], answers: readonly ResourceRecord[], { domain }: AnswerSources): Answer {
  return { code, answers, authorities: [soa(domain)], additionals: [] };
}

function soa(domain: string): ResourceRecord {
  return record(domain, 'SOA', {
    mname: `ns.dns.${domain}`,
    rname: `hostmaster.${domain}`,
    serial: 1,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: ttlSeconds,
  });
}

function record(name: string, type: string, data: unknown): ResourceRecord {
  return { name, type, class: 'IN', ttl: ttlSeconds, data };
}
