/** Blocks of addresses that hold what no packet comes from or goes to, or what will be somewhere else tomorrow. */
import { appliesToPods, type Rule } from '@weir/model';
import {
  type Address,
  type AddressRange,
  compareAddresses,
  formatAddress,
  formatCidr,
  parseAddress,
  parseCidr,
  subtractAddressRanges,
} from '@weir/net';
import { AddressIndex } from '../../context/address-index.ts';
import type { LintContext } from '../../context/lint-context.ts';
import { fieldOfOrigin, type LintPolicy } from '../../context/lint-policy.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';

/** The rule about blocks of services. */
export const serviceAddressInBlock: LintRule = {
  id: 'service-address-in-block',
  title: 'a block of addresses of services, which policies never see',
  severity: 'warning',
  *check(context) {
    const services = addressesOfServices(context);
    for (const { nets, about, field } of blocks(context)) {
      const place = { about, field };
      const first = services.firstWithin(nets);
      const isRange = isWithin(nets, context.snapshot.serviceRanges);
      if (!isRange && (first === undefined || !isNarrow(nets) || holdsOthers(context, nets))) continue;
      const whose = first === undefined ? 'of the range of services' : `of service ${first.owner} (${formatAddress(first.address)})`;
      yield {
        ...place,
        message: `these are addresses ${whose}: a packet has the address of a pod when policies are asked`,
        action: 'name the pods behind the service by their labels, and the ports that they listen on',
      };
    }
  },
};

/** The rule about blocks of pods. */
export const podAddressInBlock: LintRule = {
  id: 'pod-address-in-block',
  title: 'a block of addresses of pods, which come and go',
  severity: 'warning',
  *check(context) {
    const { world } = context.snapshot;
    for (const { nets, about, field } of blocks(context)) {
      const place = { about, field };
      const pod = isSingle(nets) ? podWith(context, nets[0]?.first) : undefined;
      if (pod === undefined && !isWithin(nets, world.podRanges)) continue;
      yield {
        ...place,
        message:
          pod === undefined
            ? 'these are addresses of pods, which change whenever pods do'
            : `this is the address of pod ${pod}, until it starts again`,
        action: 'name the pods by their labels; with Cilium a block never means a pod',
      };
    }
  },
};

/** The rule about blocks of nodes. */
export const nodeAddressInBlock: LintRule = {
  id: 'node-address-in-block',
  title: 'a block of addresses of nodes, where blocks mean no nodes',
  severity: 'warning',
  *check(context) {
    const { ipBlockMatchesNodes } = context.profile;
    const nodes = new AddressIndex(context.snapshot.nodes, ({ addresses }) => addresses);
    for (const { nets, about, field, rule, isOutside } of blocks(context)) {
      if ((ipBlockMatchesNodes && !isOutside) || !isNarrow(nets)) continue;
      const [first, ...others] = new Set([...nodes.within(nets)].map(({ owner }) => owner));
      if (first === undefined) continue;
      const more = others.length > 0 ? ` and ${others.length} more` : '';
      yield {
        about,
        field,
        message: `node ${first.name}${more} has an address in this block, and Cilium takes nodes for no block: the rule does not ${rule.action} them`,
        action:
          "name nodes by the entities host and remote-node, and the API server by kube-apiserver, in a CiliumNetworkPolicy; or set Cilium's policyCIDRMatchMode to nodes",
      };
    }
  },
};

/** The rule about blocks that are written with the address of a host. */
export const blockHostBits: LintRule = {
  id: 'block-host-bits',
  title: 'a block of addresses that is written with an address inside of it',
  severity: 'info',
  *check({ policies }) {
    for (const of of policies) {
      if (of.isRefused) continue;
      const object = of.object as unknown as Readonly<Record<string, unknown>>;
      const found: DraftFinding[] = [];
      for (const root of ['spec', 'specs']) findHostBits(of, object[root], { path: root, found });
      yield* found;
    }
  },
};

/** In all that is written below a value. */
function findHostBits(of: LintPolicy, value: unknown, { path, found }: { readonly path: string; readonly found: DraftFinding[] }): void {
  if (typeof value === 'string') {
    const finding = hostBits(value, { about: of, field: path });
    if (finding !== undefined) found.push(finding);
  } else if (Array.isArray(value)) {
    for (const [i, member] of value.entries()) findHostBits(of, member, { path: `${path}[${i}]`, found });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) findHostBits(of, member, { path: `${path}.${key}`, found });
  }
}

function hostBits(value: string, place: { readonly about: LintPolicy; readonly field: string }): DraftFinding | undefined {
  const slash = value.indexOf('/');
  const block = slash > 0 && /^[0-9a-fA-F.:]+\/\d+$/.test(value) ? parseCidr(value) : undefined;
  const written = block === undefined ? undefined : parseAddress(value.slice(0, slash));
  if (block === undefined || written === undefined || compareAddresses(block.network, written) === 0) return undefined;
  const text = formatCidr(block);
  return {
    ...place,
    message: `${value} is the block ${text}: the length counts, not the address`,
    action: `write ${text}, or /${written.family === 4 ? 32 : 128} if that address alone is meant`,
    fix: { description: `Write ${text}`, isSafe: true, changes: [{ kind: 'replace', field: place.field, value: text }] },
  };
}

/** The blocks that rules for pods decide of, each once: what is asked before addresses are translated sees those of services. */
function blocks(context: LintContext): readonly Block[] {
  return context.once('blocks of rules', () => [...blocksOf(context)]);
}

function* blocksOf({ rules }: LintContext): Iterable<Block> {
  const said = new Set<string>();
  for (const { of, policy, direction, rule } of rules) {
    const { nets, outside } = direction === 'ingress' ? rule.match.source : rule.match.destination;
    if (nets === undefined || nets.length === 0 || rule.action === 'log' || !appliesToPods(policy)) continue;
    const field = fieldOfOrigin(rule.origin);
    if (said.has(`${of.name} ${field}`)) continue;
    said.add(`${of.name} ${field}`);
    yield { about: of, field, nets, rule, isOutside: outside === true };
  }
}

/** A block of addresses as a peer of a rule. */
interface Block {
  readonly about: LintPolicy;
  readonly field: string;
  readonly nets: readonly AddressRange[];
  readonly rule: Rule;
  /** Whether it means neither pods nor nodes, whatever blocks mean to the engine. */
  readonly isOutside: boolean;
}

function isWithin(nets: readonly AddressRange[], ranges: readonly AddressRange[]): boolean {
  return ranges.length > 0 && subtractAddressRanges(nets, ranges).length === 0;
}

function isSingle(nets: readonly AddressRange[]): boolean {
  const [only] = nets;
  return nets.length === 1 && only !== undefined && compareAddresses(only.first, only.last) === 0;
}

/** At most as wide as a range of services usually is: a block of half the internet was not meant for them. */
function isNarrow(nets: readonly AddressRange[]): boolean {
  const wide = nets.filter(({ first, last }) => {
    const [from = 0, to = 0] = first.family === 4 ? [first.words[0], last.words[0]] : [first.words[2], last.words[2]];
    const sameStart = first.family === 4 || (first.words[0] === last.words[0] && first.words[1] === last.words[1]);
    return !sameStart || to - from >= 1 << 20;
  });
  return wide.length === 0;
}

function holdsOthers(context: LintContext, nets: readonly AddressRange[]): boolean {
  const { snapshot } = context;
  const others = context.once(
    'addresses of pods and nodes',
    () => new AddressIndex([...snapshot.endpoints.values(), ...snapshot.nodes], ({ addresses }) => addresses),
  );
  return others.firstWithin(nets) !== undefined;
}

function podWith({ snapshot }: LintContext, address: Address | undefined): string | undefined {
  if (address === undefined) return undefined;
  const end = snapshot.world.endAt(address);
  return end.kind === 'endpoint' ? `${end.endpoint.namespace}/${end.endpoint.name}` : undefined;
}

/** The names of services by their addresses. */
function addressesOfServices({ snapshot }: LintContext): AddressIndex<string> {
  const addresses = new Map<string, readonly Address[]>();
  for (const { metadata, spec } of snapshot.services) {
    const texts = [...(spec?.clusterIPs ?? []), ...(spec?.clusterIP === undefined ? [] : [spec.clusterIP])];
    const name = `${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`;
    addresses.set(
      name,
      [...new Set(texts)].flatMap((text) => parseAddress(text) ?? []),
    );
  }
  return new AddressIndex(addresses.keys(), (name) => addresses.get(name) ?? []);
}
