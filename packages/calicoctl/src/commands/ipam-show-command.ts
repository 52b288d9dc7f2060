/** ipam show: how full Calico's address pools and blocks are, and whom an address was given to. */
import { formatAddress, formatCidr, parseAddress } from '@weir/net';
import { CalicoctlError } from '../calicoctl-error.ts';
import {
  type AddressBlock,
  type Allocation,
  addressAt,
  addressBlocks,
  allocationOf,
  type Utilization,
  utilizations,
} from '../ipam/address-blocks.ts';
import { goNumber } from '../output/go-text.ts';
import { gridText } from '../output/print-grid.ts';
import { kindOf } from '../resources/resource-kinds.ts';
import type { CalicoStore } from '../store/calico-store.ts';
import { type CalicoctlCommand, connectionOptions } from './calicoctl-command.ts';

export const ipamShowCommand: CalicoctlCommand = {
  name: 'ipam show',
  summary: "Show pools, blocks and addresses of Calico's address management",
  usage: '[--ip=<IP> | --show-blocks | --show-borrowed | --show-configuration]',
  options: [
    { name: 'ip', placeholder: 'IP', summary: 'whom this address was given to' },
    { name: 'show-blocks', summary: 'blocks beside pools' },
    { name: 'show-borrowed', summary: 'addresses of blocks of other nodes' },
    { name: 'show-configuration', summary: 'the IPAMConfiguration' },
    ...connectionOptions,
  ],
  run: async (context) => {
    const { words, streams } = context;
    const calico = await context.store();
    const blocks = addressBlocks(await calico.listStored('ipamblocks'));
    const ip = words.text('ip');
    const write = (text: string): void => void streams.stdout.write(text);
    if (ip !== undefined) write(addressText(ip, blocks));
    else if (words.flag('show-borrowed')) write(borrowedText(blocks));
    else if (words.flag('show-configuration')) write(await configurationText(calico));
    else write(utilizationText(utilizations(await listOf(calico, 'IPPool'), blocks), words.flag('show-blocks')));
    if (blocks.length === 0) {
      streams.stderr.write("This cluster has no blocks of Calico's address management: pods have their addresses from elsewhere.\n");
    }
  },
};

async function listOf(store: CalicoStore, name: string): ReturnType<CalicoStore['listStored']> {
  const kind = kindOf(name);
  return kind === undefined ? [] : (await store.list({ kind, namespace: '' })).items;
}

function utilizationText(rows: readonly Utilization[], showsBlocks: boolean): string {
  const columns = [
    { heading: 'GROUPING' },
    { heading: 'CIDR' },
    { heading: 'IPS TOTAL', isRight: true },
    { heading: 'IPS IN USE', isRight: true },
    { heading: 'IPS FREE', isRight: true },
  ];
  const shown = rows.filter(({ grouping }) => showsBlocks || grouping === 'IP Pool');
  return gridText(
    columns,
    shown.map(({ grouping, cidr, total, used }) => {
      const share = (count: number): string => `${goNumber(count)} (${Math.round((100 * count) / total)}%)`;
      return [grouping, formatCidr(cidr), goNumber(total), share(used), share(total - used)];
    }),
  );
}

function addressText(text: string, blocks: readonly AddressBlock[]): string {
  const address = parseAddress(text);
  if (address === undefined) throw new CalicoctlError(`invalid IP address specified: ${text}`);
  const allocation = allocationOf(text, blocks);
  if (allocation === undefined) return `${formatAddress(address)} is not assigned\n`;
  const attributes = Object.entries(allocation.attributes).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    `IP ${formatAddress(address)} is in use`,
    `Handle ID: ${allocation.handle ?? '<none>'}`,
    attributes.length === 0 ? 'No Active Owner attributes defined' : 'Active Owner Attributes:',
    ...attributes.map(([key, value]) => `  ${key}: ${value}`),
    '',
  ].join('\n');
}

function borrowedText(blocks: readonly AddressBlock[]): string {
  const columns = ['IP', 'BORROWING-NODE', 'BLOCK', 'BLOCK OWNER', 'TYPE', 'ALLOCATED-TO'].map((heading) => ({ heading }));
  const rows = blocks.flatMap((block) =>
    block.allocations.flatMap((allocation, place) => {
      const node = allocation?.attributes['node'];
      if (allocation === undefined || node === undefined || node === block.owner) return [];
      return [[addressAt(block, place), node, formatCidr(block.cidr), block.owner ?? '', ...receiver(allocation)]];
    }),
  );
  return gridText(columns, rows);
}

function receiver({ attributes }: Allocation): readonly [string, string] {
  const { pod, namespace = '', type = '' } = attributes;
  return pod === undefined ? [type, ''] : ['pod', `${namespace}/${pod}`];
}

async function configurationText(store: CalicoStore): Promise<string> {
  const [first] = await listOf(store, 'IPAMConfiguration');
  const { strictAffinity = false, autoAllocateBlocks = true, maxBlocksPerHost = 0 } = first?.spec ?? {};
  const rows = Object.entries({
    StrictAffinity: strictAffinity,
    AutoAllocateBlocks: autoAllocateBlocks,
    MaxBlocksPerHost: maxBlocksPerHost,
  });
  return gridText(
    [{ heading: 'PROPERTY' }, { heading: 'VALUE' }],
    rows.map(([name, value]) => [name, String(value)]),
  );
}
