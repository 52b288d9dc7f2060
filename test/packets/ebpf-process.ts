/**
 * A process that takes over the eBPF rules of a node, as an agent does that starts: it prints `ready` when it is
 * about to, begins when its standard input has a line, and then stays until it is killed or its input ends.
 *
 * Its argument is the namespace; its input one line, an {@link EbpfOrder}, encoded.
 */
import { argv, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline';
import { deserialize, serialize } from 'node:v8';
import type { Delta } from '@weir/calc';
import { EbpfDataplane } from '@weir/dataplane';
import { inNetns } from '@weir/kernel';
import { readObjectFile } from '../../packages/dataplane/src/ebpf/object-file.ts';
import { ebpfPinDirectory } from './back-ends.ts';

/** What to put into force, and as which version of the programs: the committed one, or that with other bytes behind its end. */
export interface EbpfOrder {
  readonly podInterface: string;
  readonly state: Delta;
  readonly version: string | undefined;
}

/** A line of its input. */
export function encodeOrder(order: EbpfOrder): string {
  return `${serialize(order).toString('base64')}\n`;
}

const [, , netns] = argv;
if (netns !== undefined) {
  const lines = createInterface({ input: stdin })[Symbol.asyncIterator]();
  stdout.write('ready\n');
  const { value } = await lines.next();
  const { podInterface, state, version } = deserialize(Buffer.from(String(value), 'base64')) as EbpfOrder;
  const file = readObjectFile();
  const object = version === undefined ? file : { image: Buffer.concat([file.image, Buffer.alloc(8)]), version };
  const options = { podInterfaces: [podInterface], pinDirectory: ebpfPinDirectory };
  const dataplane = inNetns(netns, () => new EbpfDataplane(options, object) as never) as EbpfDataplane;
  await dataplane.apply(state);
  await lines.next();
  await dataplane.close();
}
