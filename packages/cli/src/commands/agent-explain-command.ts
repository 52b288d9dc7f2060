/** `weir agent explain SRC DST PORT[/PROTO]`: what the running agent enforces for one flow. */
import type { DirectionExplanation, FlowExplanation, HostExplanation } from '@weir/agent';
import { describeOrigin, describePolicy, describeTier, describeUnordered, type EndJson } from '@weir/model';
import type { Command } from '../command.ts';
import { failOnCode, failOnOption } from '../fail-on.ts';
import { type Output, renderTable } from '../output.ts';
import { parsePort } from '../port.ts';
import { gateSocketOf, settingOptions } from './agent-setting-options.ts';
import { askAgent } from './ask-agent.ts';

/** `weir agent explain`. */
export const agentExplainCommand: Command = {
  name: 'explain',
  summary: 'Say what the running agent enforces for one flow, and which rule decides',
  description:
    'SRC and DST are namespace/pod or an address; one of them is a pod of this node, or the node where it has host endpoints. The destination is a pod or a\n' +
    'machine, not a service: rules meet packets behind address translation. The answer comes from the state of the\n' +
    "running agent, not from the API server: 'weir why' says what should be, this says what is. The other end is\n" +
    'judged by the agent of its own node.',
  positionals: 'SRC DST PORT[/PROTO]|icmp[/TYPE[/CODE]]',
  positionalCount: { min: 3, max: 3 },
  options: {
    ...settingOptions(['gateSocket']),
    ...failOnOption(['denied'], { usual: 'never', summary: 'exit code 1 when this node denies the flow' }),
  },
  examples: [
    'weir agent explain demo/client demo/server 80',
    'weir agent explain 10.224.1.2 demo/server 53/UDP -o json',
    'weir agent explain demo/client demo/server icmp/8',
    'weir agent explain demo/client 203.0.113.10 icmp --gate-socket /run/weir/weir/node1-gate.sock --fail-on denied',
  ],
  run: async ({ options, positionals, output }) => {
    const [source = '', destination = '', portText = ''] = positionals;
    const { protocol, port, icmp } = parsePort(portText);
    const query = new URLSearchParams({
      source,
      destination,
      protocol,
      ...(port === undefined ? {} : { port: String(port) }),
      ...(icmp === undefined ? {} : { icmp: `${icmp.type}/${icmp.code}` }),
    });
    const answer = (await askAgent(gateSocketOf(options), `/v1/explain?${query.toString()}`)) as FlowExplanation;
    if (output.json) output.resultJson(answer);
    else output.result(renderExplanation(answer, output));
    return failOnCode(options, { denied: answer.verdict === 'deny' });
  },
};

function renderExplanation(answer: FlowExplanation, output: Output): string {
  const { verdict, source, destination, protocol, port, icmp, missing = [], notInForce = [] } = answer;
  const message = icmp === undefined ? protocol : `${protocol} type ${icmp.type} code ${icmp.code}`;
  const service = port === undefined ? message : `${protocol}/${port}`;
  const tone = verdict === 'allow' ? 'good' : verdict === 'deny' ? 'bad' : 'note';
  return [
    `${output.tone(tone, verdict)}: ${endText(source)} → ${endText(destination)} ${service} on node ${answer.node}`,
    renderTable(
      ['DIRECTION', 'OF', 'VERDICT', 'BECAUSE'],
      [
        ['egress', source.pod ?? source.ip ?? '', ...directionCells(answer.egress)],
        ['ingress', destination.pod ?? destination.ip ?? '', ...directionCells(answer.ingress)],
        ...(answer.hosts ?? []).map((host) => [host.direction, hostText(host), ...directionCells(host)]),
      ],
    ),
    ...missing.map((fact) => `not known here: ${fact}`),
    ...notInForce.map((reason) => `not in force yet: ${reason}`),
  ].join('\n');
}

function endText({ pod, ip = '' }: EndJson): string {
  return pod === undefined ? ip : `${pod} (${ip})`;
}

function hostText({ hostEndpoint, interfaces, family }: HostExplanation): string {
  return `host endpoint ${hostEndpoint} (${interfaces === 'all' ? 'all interfaces' : interfaces.join(', ')}, ${family})`;
}

function directionCells(direction: DirectionExplanation | undefined): [string, string] {
  if (direction === undefined) return ['unknown', 'the agent of its node judges it'];
  return [direction.verdict, reasonOf(direction)];
}

function reasonOf({ decidedBy, isolatedBy }: DirectionExplanation): string {
  if (decidedBy.reason === 'rule') {
    const { rule: ruleIndex, peer: peerIndex, section, peers, tier, id = '' } = decidedBy;
    const direction = decidedBy.direction === 'egress' ? 'egress' : 'ingress';
    const origin = {
      policy: decidedBy,
      direction,
      ruleIndex,
      ...(peerIndex === undefined ? {} : { peerIndex }),
      ...(section === undefined ? {} : { section }),
      ...(peers === undefined ? {} : { peers }),
    } as const;
    return `rule ${describeOrigin(origin)} of ${describePolicy(decidedBy)}${describeTier(tier)} (${id}) ${decidedBy.action === 'allow' ? 'allows' : 'denies'} it`;
  }
  if (decidedBy.reason === 'end of tier') {
    const isolating =
      isolatedBy.length === 0 ? describeTier(decidedBy.tier ?? '') : `; isolated by ${isolatedBy.map(describePolicy).join(', ')}`;
    return `no rule allows it${isolating}`;
  }
  if (decidedBy.reason === 'no order') return `closed: ${describeUnordered(decidedBy.policies.map((policy) => ({ policy })))}`;
  return reasonTexts[decidedBy.detail ?? ''] ?? decidedBy.reason;
}

const reasonTexts: Readonly<Record<string, string>> = {
  'not isolated': 'no policy isolates it',
  'not an endpoint': 'it is no pod, policies do not apply to it',
  self: 'a pod always reaches itself',
  'own node': 'a node always reaches its own pods',
  'unknown pod': 'closed: the API server knows no such pod',
  failsafe: 'a failsafe port, which policies cannot close',
  'host endpoint': 'no rule decides, and so the endpoint does',
};
