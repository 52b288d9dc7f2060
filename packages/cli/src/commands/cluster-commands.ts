/** `weir up|down|status|env`: clusters of the lab. */
import { rmSync } from 'node:fs';
import type { ClusterEngine, ClusterStatus, LinuxDataplane } from '@weir/lab';
import { readAuditPolicy } from '../audit-policy-option.ts';
import { explained } from '../cluster-errors.ts';
import { clusterOption } from '../cluster-option.ts';
import type { Command } from '../command.ts';
import { exitCode, notFoundError } from '../exit-code.ts';
import { formatDuration, renderTable } from '../output.ts';
import { pathWithTools, weirCommand } from '../self.ts';

/** `weir up`. */
export const upCommand: Command = {
  name: 'up',
  summary: 'Make a cluster on this machine and wait until it is ready',
  description: 'A cluster that is already there with the same shape is started, or left alone when it runs.',
  options: {
    name: clusterOption,
    nodes: { type: 'string', placeholder: 'K', default: '1', summary: 'how many nodes' },
    'windows-nodes': {
      type: 'string',
      placeholder: 'K',
      default: '0',
      summary: 'how many Windows nodes besides: policies there go through an emulator of Windows networking (HNS)',
    },
    engine: {
      type: 'string',
      values: ['kubernetes', 'azure', 'calico', 'cilium', 'none'],
      default: 'kubernetes',
      summary: 'the policy engine to behave like (see weir engine compare); none: policies are stored and not enforced',
    },
    dataplane: {
      type: 'string',
      values: ['nftables', 'iptables', 'ebpf'],
      summary: 'what enforces the policies on Linux nodes; default what the engine has',
    },
    established: {
      type: 'string',
      values: ['keep', 'cut'],
      summary: 'what becomes of connections that a policy no longer allows; default what the engine does (cilium: cut, the others: keep)',
    },
    'windows-expand-unsupported': {
      type: 'boolean',
      summary: 'Windows nodes enforce negative selectors and except by other means, instead of refusing such policies',
    },
    'stand-in': { type: 'boolean', summary: 'pods with unknown images get a stand-in that serves their containerPorts' },
    'dual-stack': { type: 'boolean', summary: 'IPv6 beside IPv4' },
    'load-balancer-pool': {
      type: 'string',
      placeholder: 'CIDR,…',
      summary: 'addresses of services of type LoadBalancer; default 198.51.100.0/24 and 2001:db8:51:100::/120',
    },
    'audit-policy': {
      type: 'string',
      placeholder: 'FILE',
      summary: 'what the audit log of the API server holds (audit.k8s.io/v1 Policy); default: who changed what, and who read Secrets',
    },
    'fake-nodes': { type: 'string', placeholder: 'K', summary: 'Node objects without machines; default as many as --fake-pods needs' },
    'fake-pods': {
      type: 'string',
      placeholder: 'K',
      summary: 'running Pod objects without processes, spread over fake nodes and namespaces',
    },
    'fake-policies': { type: 'string', placeholder: 'K', summary: 'NetworkPolicies in the namespaces of the fake pods' },
  },
  examples: [
    'weir up',
    'weir up --name big --nodes 3 --stand-in',
    'weir up --name full --fake-nodes 250 --fake-pods 20000',
    'eval "$(weir env)" && kubectl get nodes',
  ],
  run: async ({ options, output, signal }) => {
    const startedAtMs = Date.now();
    const { planFakes, upCluster } = await import('@weir/lab');
    const status = await explained(
      upCluster({
        name: options.text('name') ?? '',
        nodes: options.whole('nodes', 1) ?? 1,
        windowsNodes: options.whole('windows-nodes', 0) ?? 0,
        engine: (options.text('engine') ?? 'kubernetes') as ClusterEngine,
        dataplane: options.text('dataplane') as LinuxDataplane | undefined,
        established: options.text('established') as 'keep' | 'cut' | undefined,
        windowsExpandUnsupported: options.flag('windows-expand-unsupported'),
        standIn: options.flag('stand-in'),
        dualStack: options.flag('dual-stack'),
        loadBalancerPool: options.text('load-balancer-pool')?.split(','),
        auditPolicy: readAuditPolicy(options.text('audit-policy')),
        fakes: planFakes({
          nodes: options.whole('fake-nodes'),
          pods: options.whole('fake-pods'),
          policies: options.whole('fake-policies'),
        }),
        command: weirCommand,
        onProgress: (text) => output.progress(text),
        signal,
      }),
    );
    if (output.json) output.resultJson(status);
    else {
      output.result(`cluster "${status.name}" is ready after ${formatDuration(Date.now() - startedAtMs)}`);
      output.result(`use it with:  eval "$(weir env${status.name === clusterOption.default ? '' : ` --name ${status.name}`})"`);
    }
    return exitCode.done;
  },
};

/** `weir down`. */
export const downCommand: Command = {
  name: 'down',
  summary: 'Remove a cluster, or all of them; nothing is left in the kernel',
  options: {
    name: clusterOption,
    all: { type: 'boolean', summary: 'all clusters of this machine, and the ARM endpoint with all that it knows' },
  },
  description: 'Works in whatever state a cluster is: running, half made, with dead processes, or after a reboot.',
  examples: ['weir down', 'weir down --all'],
  run: async ({ options, output }) => {
    const { downCluster, listClusters } = await import('@weir/lab');
    const all = options.flag('all');
    const names = all ? await listClusters() : [options.text('name') ?? ''];
    for (const name of names) {
      const patience = setTimeout(() => output.progress(`removing cluster "${name}"`), 1_000);
      const existed = await explained(downCluster(name)).finally(() => clearTimeout(patience));
      if (!existed && !all) throw notFoundError(`there is no cluster "${name}" (weir status lists them)`);
      if (!output.json) output.progress(`cluster "${name}" is gone`);
    }
    if (all) {
      const { removeArm } = await import('@weir/aks');
      if (await removeArm()) output.progress('the ARM endpoint is gone');
      const { shellDirectory } = await import('../shell/shell-environment.ts');
      rmSync(shellDirectory(), { recursive: true, force: true });
    }
    if (output.json) output.resultJson({ removed: names });
    return exitCode.done;
  },
};

/** `weir status`. */
export const statusCommand: Command = {
  name: 'status',
  summary: 'Clusters, nodes, engines and the health of every agent',
  description: 'Exit code 1 when a part of a cluster is not ready.',
  options: { name: { type: 'string', placeholder: 'CLUSTER', summary: 'one cluster only; default all' } },
  examples: ['weir status', 'weir status --name big -o json'],
  run: async ({ options, output }) => {
    const { clusterStatus, listClusters } = await import('@weir/lab');
    const named = options.text('name');
    const names = (await listClusters()).filter((name) => named === undefined || name === named);
    if (named !== undefined && names.length === 0)
      throw notFoundError(`there is no cluster "${named}"; make it with: weir up --name ${named}`);
    const statuses = (await Promise.all(names.map((name) => clusterStatus(name)))).filter((status) => status !== undefined);
    if (output.json) output.resultJson(statuses);
    else output.result(statuses.length === 0 ? 'no clusters; make one with: weir up' : statuses.map(renderStatus).join('\n\n'));
    return statuses.every((status) => status.state === 'running') ? exitCode.done : exitCode.no;
  },
};

function renderStatus(status: ClusterStatus): string {
  const rows = status.nodes.map((node) => [
    node.name,
    node.addresses.join(','),
    node.ready ? 'Ready' : 'NotReady',
    String(node.pods),
    agentWord(node.agent),
  ]);
  const { nodes, pods, policies } = status.fakes;
  const fakes = nodes + pods + policies === 0 ? [] : [`besides: ${nodes} fake nodes, ${pods} fake pods, ${policies} fake policies`];
  const title = `${status.name}   ${status.state}   engine ${status.engine}   ${status.apiServer.server}`;
  return [title, renderTable(['NODE', 'ADDRESS', 'STATUS', 'PODS', 'AGENT'], rows), ...fakes, ...troubles(status)].join('\n');
}

/** What people should know besides the nodes: parts that are not there, processes that have died. */
function troubles({ name, state, apiServer, nodes, dns, processes }: ClusterStatus): string[] {
  if (state === 'stopped') return [`its processes do not run; start them with: weir up --name ${name}`];
  const lines: string[] = [];
  if (!apiServer.ready) lines.push('the API server does not answer');
  else {
    if (!dns) lines.push('no pod of cluster DNS is ready');
    for (const { name: node } of nodes.filter(({ registered }) => !registered)) {
      lines.push(`${node} has not joined, or was deleted with kubectl; bring it back with: weir up --name ${name}`);
    }
  }
  for (const { name: process, state: now, restarts, lastExit } of processes) {
    if (now === 'running' && restarts === 0) continue;
    const times = restarts === 1 ? 'once' : `${restarts} times`;
    const past = restarts === 0 ? '' : `, started again ${times}, ended last with ${lastExit ?? 'unknown'}`;
    lines.push(`process ${process}: ${now}${past}`);
  }
  return lines;
}

function agentWord(agent: ClusterStatus['nodes'][number]['agent']): string {
  if (agent === undefined) return 'none';
  if (!agent.answers) return 'does not answer';
  const memory = agent.memory === undefined ? '' : `; memory is short: ${agent.memory}`;
  const state = agent.ready
    ? `in force (${agent.dataplane ?? 'unknown'})`
    : `not in force: ${agent.lastError ?? agent.reason ?? 'starting'}`;
  return state + memory;
}

/** `weir env`. */
export const envCommand: Command = {
  name: 'env',
  summary: 'Shell lines to eval: KUBECONFIG, and a PATH on which kubectl is found',
  options: { name: clusterOption },
  examples: ['eval "$(weir env)"'],
  run: async ({ options, output }) => {
    const kubeconfig = await kubeconfigOf(options.text('name') ?? '');
    if (output.json) output.resultJson({ KUBECONFIG: kubeconfig, PATH: pathWithTools() });
    else output.result(`export KUBECONFIG='${kubeconfig}'\nexport PATH='${pathWithTools()}'`);
    return exitCode.done;
  },
};

/** The administrator's kubeconfig of a cluster that exists. */
async function kubeconfigOf(name: string): Promise<string> {
  const { clusterLayout, listClusters } = await import('@weir/lab');
  if (!(await listClusters()).includes(name)) throw notFoundError(`there is no cluster "${name}"; make it with: weir up --name ${name}`);
  return clusterLayout(name).kubeconfig;
}
