/** `weir lab host add|list|remove`: machines outside the cluster, on the lab's virtual network. */
import type { ServedPort } from '@weir/lab';
import { explained } from '../cluster-errors.ts';
import { clusterOption } from '../cluster-option.ts';
import type { Command } from '../command.ts';
import { exitCode, notFoundError, usageError } from '../exit-code.ts';
import { renderTable } from '../output.ts';
import { parsePort } from '../port.ts';

const add: Command = {
  name: 'add',
  summary: 'Add an external host, for policies with ipBlock',
  description:
    'The host is a network namespace without Kubernetes; pods find it by its address and by its name in DNS. With\n' +
    '--serve it answers on ports: TCP with HTTP, UDP every datagram, each time with the address that it was reached\n' +
    'from. Programs of this machine run in it with: ip netns exec weir-CLUSTER-h-HOST COMMAND.',
  positionals: 'HOST',
  positionalCount: { min: 1, max: 1 },
  options: {
    name: clusterOption,
    ip: { type: 'string', multiple: true, placeholder: 'ADDRESS', summary: 'an address of the host, IPv4 or IPv6' },
    serve: { type: 'string', multiple: true, placeholder: 'PORT[/UDP]', summary: 'a port on which the host answers' },
  },
  examples: [
    'weir lab host add ext1 --ip 203.0.113.10',
    'weir lab host add ext2 --ip 203.0.113.20 --serve 443 --serve 53/UDP',
    "ip netns exec weir-weir-h-ext1 bash -c 'exec 3<>/dev/tcp/10.224.1.2/80 && echo connected'",
  ],
  run: async ({ options, positionals, output }) => {
    const [name = ''] = positionals;
    const addresses = options.list('ip');
    if (addresses.length === 0) throw usageError("'weir lab host add' needs at least one --ip ADDRESS");
    const serves = options.list('serve').map(servedPort);
    const { addServingHost } = await import('@weir/lab');
    const netns = await explained(addServingHost(options.text('name') ?? '', { name, addresses, serves }));
    if (output.json) output.resultJson({ name, addresses, serves: serves.map(portWord), netns });
    else {
      const serving = serves.length === 0 ? '' : ` and serves ${serves.map(portWord).join(', ')}`;
      output.result(`host ${name} has ${addresses.join(' and ')}${serving}; run programs in it with: ip netns exec ${netns} COMMAND`);
    }
    return exitCode.done;
  },
};

function servedPort(text: string): ServedPort {
  const { port, protocol } = parsePort(text);
  if (port === undefined || (protocol !== 'TCP' && protocol !== 'UDP')) {
    throw usageError(`--serve '${text}': a host serves TCP and UDP ports, for example 443 or 53/UDP`);
  }
  return { port, protocol };
}

function portWord({ port, protocol }: ServedPort): string {
  return `${port}/${protocol}`;
}

const list: Command = {
  name: 'list',
  summary: 'List the external hosts',
  options: { name: clusterOption },
  examples: ['weir lab host list', 'weir lab host list -o json'],
  run: async ({ options, output }) => {
    const { listServingHosts, requireNetwork } = await import('@weir/lab');
    const cluster = options.text('name') ?? '';
    const hosts = await explained(
      Promise.resolve(cluster)
        .then(requireNetwork)
        .then(() => listServingHosts(cluster)),
    );
    const shown = hosts.map((host) => ({ ...host, serves: host.serves.map(portWord) }));
    if (output.json) output.resultJson(shown);
    else if (shown.length === 0) output.result('no external hosts; add one with: weir lab host add HOST --ip ADDRESS');
    else {
      const rows = shown.map((host) => [host.name, host.addresses.join(','), host.serves.join(',') || '-']);
      output.result(renderTable(['NAME', 'ADDRESSES', 'SERVES'], rows));
    }
    return exitCode.done;
  },
};

const remove: Command = {
  name: 'remove',
  summary: 'Remove an external host and end what it serves',
  positionals: 'HOST',
  positionalCount: { min: 1, max: 1 },
  options: { name: clusterOption },
  examples: ['weir lab host remove ext1'],
  run: async ({ options, positionals, output }) => {
    const [name = ''] = positionals;
    const { removeServingHost } = await import('@weir/lab');
    const existed = await explained(removeServingHost(options.text('name') ?? '', name));
    if (!existed) throw notFoundError(`there is no host '${name}' (weir lab host list shows them)`);
    if (output.json) output.resultJson({ name, removed: true });
    else output.progress(`host ${name} is gone`);
    return exitCode.done;
  },
};

/** The group `weir lab host`. */
export const labHostCommand: Command = { name: 'host', summary: 'External hosts on the virtual network', subcommands: [add, list, remove] };
