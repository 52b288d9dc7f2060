/**
 * Lines of Calico's flow logs as observed flows: those of the file and of Elasticsearch (`source_name_aggr`,
 * `num_flows`, `policies.all_policies`), those of Whisker (`source_labels` as one text, `policies.enforced`) and those of
 * Goldmane's interface (messages of its `api.proto` as JSON). Each tells of many connections at once and may leave out names,
 * addresses and ports.
 */
import {
  addressOf,
  domainsOf,
  type Fields,
  fieldsOf,
  labelsOf,
  listOf,
  portOf,
  protocolOf,
  textOf,
  timeOf,
  withFileNames,
} from './log-fields.ts';
import type { ObservedDecision, ObservedEnd, ObservedFlow, ObservedPolicy } from './observed-flow.ts';

/** The names that stand for addresses that are nobody's. */
const outsideNames: readonly (string | undefined)[] = ['pub', 'pvt', 'net'];

/** How Goldmane calls what the file has short names for. */
const endpointTypes: ReadonlyMap<string, string> = new Map([
  ['WorkloadEndpoint', 'wep'],
  ['HostEndpoint', 'hep'],
  ['NetworkSet', 'ns'],
  ['Network', 'net'],
]);

/** The flow of a message of Goldmane's: its key, and beside that what was counted. */
export function readGoldmaneFlow(flow: Fields): ObservedFlow | undefined {
  const { Key: key, ...counted } = withFileNames(flow);
  return readCalicoLine({ ...counted, ...fieldsOf(key) });
}

/** The flow of a line; undefined when it tells of none. */
export function readCalicoLine(line: Fields): ObservedFlow | undefined {
  const protocol = protocolOf(line['proto'] ?? line['protocol']);
  const action = String(line['action']).toLowerCase();
  if (protocol === undefined || (action !== 'allow' && action !== 'deny')) return undefined;
  const [time, node] = [timeOf(line['end_time'] ?? line['start_time']), textOf(line['host'])];
  const direction = String(line['reporter']).toLowerCase().startsWith('src') ? 'egress' : 'ingress';
  const count = Math.max(
    1,
    Math.floor(Number(line['num_flows_started'] ?? line['num_flows'] ?? line['num_connections_started'] ?? 1)) || 1,
  );
  return {
    format: 'calico',
    ...(time === undefined ? {} : { time }),
    ...(node === undefined ? {} : { node }),
    verdict: action,
    source: endOf(line, 'source'),
    destination: endOf(line, 'dest'),
    ...serviceOf(line),
    protocol,
    [direction]: decisionOf(line, action),
    isReply: false,
    count,
  };
}

/** A port of a service may be told by its name alone. */
function serviceOf(line: Fields): Pick<ObservedFlow, 'service'> {
  const [namespace, name] = [textOf(line['dest_service_namespace']), textOf(line['dest_service_name'])];
  const port = portOf(line['dest_service_port_num'] ?? line['dest_service_port']);
  if (name === undefined) return {};
  return {
    service: { ...(namespace === undefined ? {} : { namespace }), name, ...(port === undefined || port === 0 ? {} : { port }) },
  };
}

function endOf(line: Fields, side: 'source' | 'dest'): ObservedEnd {
  const field = (name: string): unknown => line[`${side}_${name}`];
  const [address, port, namespace] = [addressOf(field('ip')), portOf(field('port')), textOf(field('namespace'))];
  const whole = textOf(field('name')) ?? textOf(field('name_aggr'));
  const given = textOf(field('type')) ?? '';
  const type = textOf(endpointTypes.get(given) ?? given);
  const labels = labelsOf(labelTexts(field('labels')));
  const domains = domainsOf(field('domains'));
  const isPod = type === 'wep' || (type === undefined && namespace !== undefined);
  const named = isPod ? podNameOf(whole) : {};
  return {
    ...(address === undefined ? {} : { address }),
    ...(port === undefined || (port === 0 && side === 'source') ? {} : { port }),
    ...(namespace === undefined || !isPod ? {} : { namespace }),
    ...named,
    ...(!isPod || Object.keys(labels).length === 0 ? {} : { labels }),
    ...(isPod ? {} : placeOf(type, whole)),
    ...(isPod || domains.length === 0 ? {} : { domains }),
  };
}

/** A name that ends with `*` is how those of several pods begin. */
function podNameOf(name: string | undefined): Pick<ObservedEnd, 'pod' | 'podPrefix'> {
  if (name === undefined) return {};
  return name.endsWith('*') ? { podPrefix: name.slice(0, -1) } : { pod: name };
}

function placeOf(type: string | undefined, name: string | undefined): Pick<ObservedEnd, 'is' | 'name'> {
  const shown = name === undefined || outsideNames.includes(name) ? {} : { name };
  if (type === 'hep') return { is: 'node', ...shown };
  return { is: 'outside', ...shown };
}

/** A list in an object, a list, or one text with bars between. */
function labelTexts(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return value.split(' | ').filter((text) => text !== '' && text !== '-');
  const { labels } = fieldsOf(value);
  return Array.isArray(labels) ? labels : [];
}

function decisionOf(line: Fields, verdict: 'allow' | 'deny'): ObservedDecision {
  const given = fieldsOf(line['policies']);
  // The newer list leaves out what is staged.
  const texts = [given['enforced_policies'], given['all_policies']].find(
    (list): list is unknown[] => Array.isArray(list) && list.every((one) => typeof one === 'string'),
  );
  const hits = texts?.flatMap(hitOfText) ?? listOf(given['enforced'] ?? given['enforced_policies']).flatMap(hitOf);
  const deciding = hits.filter(({ action }) => action === verdict);
  const policies = deciding.flatMap(({ policy }) => (policy === undefined ? [] : [policy]));
  const isRule = deciding.some(({ rule, policy }) => policy !== undefined && rule >= 0);
  if (isRule) return { verdict, reason: 'rule', policies };
  return verdict === 'deny' ? { verdict, reason: 'no rule', policies } : { verdict, reason: 'other', policies };
}

/** One policy on the way; without `policy` a profile or the end of a tier. */
interface Hit {
  readonly action: string;
  /** Its rule; negative: none of it, the tier's end. */
  readonly rule: number;
  readonly policy?: ObservedPolicy;
}

/** `0|tier|namespace/tier.policy|allow|2`. */
function hitOfText(text: unknown): Hit[] {
  if (typeof text !== 'string') return [];
  const [, tier = '', path = '', action = '', rule = ''] = text.split('|');
  if (tier === '__PROFILE__') return [{ action, rule: -1 }];
  // A staged policy says what would become of the flow, not what became of it.
  if (/(?:^|[/.])staged:/.test(path)) return [];
  const [namespace, name = ''] = path.includes('/') ? path.split('/') : [undefined, path];
  return [{ action, rule: Number(rule), policy: policyNamed(name, namespace) }];
}

/** At the end of a tier the policy that brought the flow there is told; no index is the first rule's, which JSON of protobuf leaves out. */
function hitOf(hit: Fields): Hit[] {
  const action = String(hit['action']).toLowerCase();
  const isEndOfTier = hit['kind'] === 'EndOfTier';
  const { name, kind, namespace } = isEndOfTier ? fieldsOf(hit['trigger']) : hit;
  const [policy, of, within] = [textOf(name), textOf(kind), textOf(namespace)];
  if (policy === undefined || of === 'Profile') return [{ action, rule: -1 }];
  const rule = isEndOfTier ? -1 : Number(hit['rule_index'] ?? 0);
  return [{ action, rule, policy: { kind: of ?? 'NetworkPolicy', name: policy, ...(within === undefined ? {} : { namespace: within }) } }];
}

function policyNamed(stored: string, namespace: string | undefined): ObservedPolicy {
  const isKubernetes = stored.startsWith('knp.default.');
  const name = isKubernetes ? stored.slice('knp.default.'.length) : stored;
  return {
    kind: namespace === undefined ? 'GlobalNetworkPolicy' : 'NetworkPolicy',
    name,
    ...(namespace === undefined ? {} : { namespace }),
  };
}
