/** `weir lab host add|list|remove`: machines outside the cluster, on the lab's virtual network. */
import { addHost, listHosts, removeHost } from '@weir/lab';
import { explained } from '../cluster-errors.ts';
import { clusterOption } from '../cluster-option.ts';
import type { Command } from '../command.ts';
import { exitCode, notFoundError, usageError } from '../exit-code.ts';
import { renderTable } from '../output.ts';

const add: Command = {
  name: 'add',
  summary: 'Add an external host, for policies with ipBlock',
  positionals: 'HOST',
  positionalCount: { min: 1, max: 1 },
  options: {
    name: clusterOption,
    ip: { type: 'string', multiple: true, placeholder: 'ADDRESS', summary: 'an address of the host, IPv4 or IPv6' },
  },
  examples: ['weir lab host add ext1 --ip 203.0.113.10'],
  run: async ({ options, positionals, output }) => {
    const addresses = options.list('ip');
    if (addresses.length === 0) throw usageError("'weir lab host add' needs at least one --ip ADDRESS");
    const netns = await explained(addHost({ cluster: options.text('name') ?? '', name: positionals[0] ?? '', addresses }));
    if (output.json) output.resultJson({ name: positionals[0], addresses, netns });
    else
      output.result(`host ${positionals[0] ?? ''} has ${addresses.join(' and ')}; run programs in it with: ip netns exec ${netns} COMMAND`);
    return exitCode.done;
  },
};

const list: Command = {
  name: 'list',
  summary: 'List the external hosts',
  options: { name: clusterOption },
  run: async ({ options, output }) => {
    const hosts = await explained(listHosts(options.text('name') ?? ''));
    if (output.json) output.resultJson(hosts);
    else
      output.result(
        renderTable(
          ['NAME', 'ADDRESSES'],
          hosts.map((host) => [host.name, host.addresses.join(',')]),
        ),
      );
    return exitCode.done;
  },
};

const remove: Command = {
  name: 'remove',
  summary: 'Remove an external host',
  positionals: 'HOST',
  positionalCount: { min: 1, max: 1 },
  options: { name: clusterOption },
  run: async ({ options, positionals, output }) => {
    const name = positionals[0] ?? '';
    if (!(await explained(removeHost(options.text('name') ?? '', name)))) throw notFoundError(`there is no host '${name}'`);
    output.progress(`host ${name} is gone`);
    return exitCode.done;
  },
};

/** The group `weir lab host`. */
export const labHostCommand: Command = { name: 'host', summary: 'External hosts on the virtual network', subcommands: [add, list, remove] };
