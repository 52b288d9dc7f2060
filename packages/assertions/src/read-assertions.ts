/**
 * Reads a file of assertions: form first, then ports, then names for what has none.
 *
 * Whatever is wrong is said with its place, all of it at once; with an error nothing of the file is used.
 */
import { type Diagnostic, type PlacedValue, parseValues, type TextPosition } from '@weir/kube';
import type { EngineName } from '@weir/model';
import { type AddressRange, cidrRange, parseCidr, unionOfAddressRanges } from '@weir/net';
import type { Assertion, AssertionFile, Claim, EndPattern, Expectation, PeerPattern, PodPattern } from './assertion.ts';
import { checkFile, checkTest, type EndWords, type PeerWords, type PodWords, type PortWords, type TestWords } from './assertion-schema.ts';
import { describePortPattern, type PortPattern, parsePortPattern } from './port-pattern.ts';
import { schemaProblems } from './schema-problems.ts';

/** What was read; no files when anything is wrong. */
export interface ReadAssertions {
  /** One for each document of the text. */
  readonly files: readonly AssertionFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads the text of a file. */
export function readAssertions(text: string, file: string): ReadAssertions {
  const { values, diagnostics } = parseValues(text, file);
  const written = values.filter(({ value }) => value !== null);
  const read = written.map((value) => new FileReader(file, value));
  const problems = [...diagnostics, ...read.flatMap((each) => each.problems)];
  if (problems.length === 0 && written.length === 0) problems.push(emptyFile(file));
  return { files: problems.length > 0 ? [] : read.flatMap((each) => each.result ?? []), diagnostics: problems };
}

function emptyFile(file: string): Diagnostic {
  const action = 'write tests: with a list of assertions';
  return { code: 'assertion-form', severity: 'error', message: 'there are no assertions', action, position: { file, line: 1 } };
}

const everyEngine: readonly EngineName[] = ['kubernetes', 'azure', 'calico', 'cilium'];

/** One document. */
class FileReader {
  readonly problems: Diagnostic[] = [];
  readonly result: AssertionFile | undefined;
  readonly #place: (path: string) => TextPosition;

  constructor(file: string, placed: PlacedValue) {
    this.#place = (path) => placed.positionOf(path);
    const checked = checkFile(placed.value);
    if ('issues' in checked) {
      this.problems.push(...schemaProblems(checked.issues, '', this.#place));
      return;
    }
    const { manifests, profile, podRange, ends = {}, tests } = checked.data;
    const assertions = tests.flatMap((test, at) => this.#assertion(test, `tests[${at}]`));
    this.result = {
      file,
      manifests: listOf(manifests),
      ...(profile === undefined ? {} : { profiles: listOf(profile) }),
      ...(podRange === undefined ? {} : { podRanges: this.#ranges(listOf(podRange)) }),
      ends: new Map(Object.entries(ends).map(([name, words]) => [name, this.#ends(words, `ends[${name}]`)])),
      assertions,
    };
  }

  #assertion(value: unknown, path: string): Assertion[] {
    const checked = checkTest(value);
    if ('issues' in checked) {
      this.problems.push(...schemaProblems(checked.issues, path, this.#place));
      return [];
    }
    const { data } = checked;
    const { name, because, profile, family, decidedBy } = data;
    const ports = this.#ports(data, path);
    const claim = this.#claim(data, path);
    return [
      {
        name: name ?? nameOf(claim, ports),
        claim,
        ports,
        position: this.#place(path),
        positionOf: this.#place,
        ...(because === undefined ? {} : { because }),
        ...(decidedBy === undefined ? {} : { decidedBy }),
        ...(profile === undefined ? this.#profilesOf(data) : { profiles: listOf(profile) }),
        ...(family === undefined ? {} : { family }),
      },
    ];
  }

  /** Verdicts by engine are about these engines alone. */
  #profilesOf({ expect }: TestWords): { readonly profiles?: readonly EngineName[] } {
    if (typeof expect !== 'object') return {};
    return { profiles: everyEngine.filter((engine) => expect[engine] !== undefined) };
  }

  #claim({ from, to, expect, onlyFrom, onlyTo }: TestWords, path: string): Claim {
    if (onlyFrom !== undefined)
      return { kind: 'only', direction: 'ingress', ends: this.#ends(to, `${path}.to`), peers: this.#peers(onlyFrom, `${path}.onlyFrom`) };
    if (onlyTo !== undefined)
      return { kind: 'only', direction: 'egress', ends: this.#ends(from, `${path}.from`), peers: this.#peers(onlyTo, `${path}.onlyTo`) };
    const expectation: Expectation =
      typeof expect === 'string' ? Object.fromEntries(everyEngine.map((engine) => [engine, expect])) : (expect ?? {});
    return { kind: 'flow', from: this.#ends(from, `${path}.from`), to: this.#ends(to, `${path}.to`), expect: expectation };
  }

  #ends(words: EndWords | readonly EndWords[] | undefined, path: string): EndPattern[] {
    if (words === undefined) return [];
    return isList(words) ? words.map((each, at) => endOf(each, `${path}[${at}]`)) : [endOf(words, path)];
  }

  #peers(words: PeerWords | readonly PeerWords[], path: string): PeerPattern[] {
    return isList(words) ? words.flatMap((each, at) => this.#peer(each, `${path}[${at}]`)) : this.#peer(words, path);
  }

  #peer(words: PeerWords, path: string): PeerPattern[] {
    if (typeof words === 'string') return [{ end: endOf(words, path), ports: [] }];
    const { end, port, ports, ...pods } = words;
    const numbers = this.#ports({ ...(port === undefined ? {} : { port }), ...(ports === undefined ? {} : { ports }) }, path);
    const isEmpty = Object.keys(pods).length === 0;
    if (end !== undefined && !isEmpty) this.#say(path, 'both end and fields of pods are given', 'give one of them');
    else if (end === undefined && isEmpty) this.#say(path, 'it says of no end', 'add end, or what the pods are');
    return [{ end: endOf(end ?? pods, end === undefined ? path : `${path}.end`), ports: numbers }];
  }

  #ports({ port, ports }: Pick<TestWords, 'port' | 'ports'>, path: string): PortPattern[] {
    const single = port === undefined ? [] : this.#port(port, `${path}.port`);
    return [...single, ...(ports ?? []).flatMap((each, at) => this.#port(each, `${path}.ports[${at}]`))];
  }

  #port(words: PortWords, path: string): PortPattern[] {
    const pattern = parsePortPattern(String(words));
    if (pattern !== undefined) return [pattern];
    this.#say(path, `${JSON.stringify(words)} is no port`, 'write 80, 53/UDP, 8000-8080, the name of a port, icmp or icmp/8');
    return [];
  }

  #ranges(texts: readonly string[]): AddressRange[] {
    const blocks = texts.flatMap((text) => {
      const block = parseCidr(text);
      if (block === undefined) this.#say('podRange', `${text} is no block of addresses`, 'write one such as 10.244.0.0/16');
      return block === undefined ? [] : [cidrRange(block)];
    });
    return unionOfAddressRanges(blocks);
  }

  #say(path: string, message: string, action: string): void {
    this.problems.push({ code: 'assertion-form', severity: 'error', message, action, field: path, position: this.#place(path) });
  }
}

function endOf(words: EndWords, path: string): EndPattern {
  return typeof words === 'string' ? { text: words, path } : { text: podsText(words), path, pods: podsOf(words) };
}

function podsOf({ namespace, ...others }: PodWords): PodPattern {
  return { ...others, ...(namespace === undefined ? {} : { namespaces: listOf(namespace) }) };
}

/** `pods of shop app=web`. */
function podsText({ namespace, labels = {}, podSelector, namespaceSelector, serviceAccount }: PodWords): string {
  const labelTexts = Object.entries({ ...labels, ...podSelector?.matchLabels }).map(([key, value]) => `${key}=${value}`);
  const more = [
    ...(podSelector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => [key, operator, ...values].join(' ')),
    ...(serviceAccount === undefined ? [] : [`serviceAccount ${serviceAccount}`]),
  ];
  const asked = [...labelTexts, ...more].join(',');
  const where =
    namespace !== undefined ? ` of ${listOf(namespace).join(', ')}` : namespaceSelector !== undefined ? ' of namespaces by label' : '';
  return `pods${where}${asked === '' ? '' : ` ${asked}`}`;
}

function nameOf(claim: Claim, ports: readonly PortPattern[]): string {
  const on = ports.length === 0 ? '' : ` on ${ports.map(describePortPattern).join(', ')}`;
  const textOf = (ends: readonly EndPattern[]): string => ends.map(({ text }) => text).join(', ');
  if (claim.kind === 'only') {
    const peers = claim.peers.length === 0 ? 'nobody' : `only ${textOf(claim.peers.map(({ end }) => end))}`;
    return claim.direction === 'ingress'
      ? `${peers} may reach ${textOf(claim.ends)}${on}`
      : `${textOf(claim.ends)} may reach ${peers}${on}`;
  }
  const wished = [...new Set(Object.values(claim.expect))].join(' or ');
  return `${textOf(claim.from)} → ${textOf(claim.to)}${on}: ${wished}`;
}

function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
