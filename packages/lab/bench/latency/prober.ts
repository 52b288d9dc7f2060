/**
 * A process of its own that sends UDP datagrams with sequence numbers between network namespaces, at a
 * steady rate over all lanes in turn, and says which of them arrived.
 *
 * It answers no datagram, so that connection tracking takes each for the first of a connection and
 * each is judged by the rules of its moment. Whether it arrived is decided by the time at which it
 * was sent: a receiver that is late changes nothing.
 */
import type { Socket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { hrtime } from 'node:process';
import { netnsPath, openUdp } from '@weir/kernel';
import { LaneRecord } from './lane-record.ts';
import type { Lane, ProberAnswer, ProberOrder } from './prober-protocol.ts';

/** A datagram counts as lost when it has not arrived after this time. */
const underwayUs = 20_000;
/** So often it is looked whether the lanes are right. */
const lookMs = 5;
/** Catching up after a pause must not be a burst that fills queues. */
const burstMax = 60;

interface OpenLane {
  readonly lane: Lane;
  readonly record: LaneRecord;
  readonly payload: Buffer;
  socket: Socket | undefined;
  /** A socket that is being connected. */
  opening: boolean;
}

const receivers = new Map<string, Socket>();
let lanes: OpenLane[] = [];
let timer: NodeJS.Timeout | undefined;
let turn = 0;

process.on('message', (order: ProberOrder) => {
  if (order.kind === 'lanes') begin(order.lanes, order.datagramsPerSecond);
  else void settle(order).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());

function begin(wanted: readonly Lane[], datagramsPerSecond: number): void {
  clearInterval(timer);
  for (const { socket } of lanes) socket?.close();
  lanes = wanted.map((lane, index) => {
    const payload = Buffer.alloc(8);
    payload.writeUInt32LE(index);
    return { lane, record: new LaneRecord(), payload, socket: undefined, opening: false };
  });
  for (const { to, port, address } of wanted) listen(to, port, address);
  const startedAt = now();
  let sent = 0;
  timer = setInterval(() => {
    const due = ((now() - startedAt) / 1e6) * datagramsPerSecond;
    for (let i = Math.max(0, due - sent - burstMax); i < due - sent; i++) sendNext();
    sent = Math.ceil(due);
  }, 1);
}

function listen(netns: string, port: number, address: string): void {
  const key = `${netns} ${port}`;
  if (receivers.has(key)) return;
  const socket = openUdp({ netns, address, port });
  socket.on('message', (message) => lanes[message.readUInt32LE(0)]?.record.arrive(message.readUInt32LE(4)));
  receivers.set(key, socket);
}

function sendNext(): void {
  const open = lanes[turn++ % lanes.length];
  if (open === undefined) return;
  if (open.socket === undefined) {
    connect(open);
    return;
  }
  open.payload.writeUInt32LE(open.record.next, 4);
  const payload = Buffer.from(open.payload);
  open.record.send(now());
  // What the sender's own namespace refuses was not let through, and is seen as not arrived.
  open.socket.send(payload, () => undefined);
}

/** A namespace may be there before its link has an address; a later turn tries again. */
function connect(open: OpenLane): void {
  if (open.opening || !existsSync(netnsPath(open.lane.from))) return;
  const socket = openIfThere(open.lane);
  if (socket === undefined) return;
  open.opening = true;
  const failed = (): void => {
    open.opening = false;
    socket.close();
  };
  socket.once('error', failed);
  socket.once('connect', () => {
    socket.off('error', failed);
    socket.on('error', () => undefined);
    open.socket = socket;
  });
  socket.connect(open.lane.port, open.lane.address);
}

/** While a namespace is being made its file is there and leads nowhere. */
function openIfThere({ from, address }: Lane): Socket | undefined {
  try {
    return openUdp({ netns: from, address });
  } catch {
    return undefined;
  }
}

type SettleOrder = Extract<ProberOrder, { kind: 'settle' }>;

async function settle(order: SettleOrder): Promise<ProberAnswer> {
  const deadline = now() + order.timeoutMs * 1_000;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    const seen = look(order);
    const isQuiet = seen.settled && now() - underwayUs - Math.max(seen.lastWrongAt, order.since) >= order.quietMs * 1_000;
    if (isQuiet) return seen;
    if (now() > deadline) return { ...seen, settled: false };
  }
}

/** What became of the datagrams since the change; `settled` when every lane has sent one that was right after its last wrong one. */
function look({ since, wanted }: SettleOrder): ProberAnswer {
  const until = now() - underwayUs;
  const times: number[] = [];
  let [settled, lastWrongAt, wrong] = [true, 0, 0];
  for (const { record } of lanes) {
    let isRight = false;
    record.newestFirst(since, (sentAt, arrived) => {
      if (sentAt > until) return;
      times.push(sentAt);
      if (arrived === (wanted === 'arrives')) {
        isRight ||= true;
        return;
      }
      wrong++;
      lastWrongAt = Math.max(lastWrongAt, sentAt);
    });
    settled &&= isRight;
  }
  times.sort((a, b) => a - b);
  let longestGapUs = 0;
  for (let i = 1; i < times.length; i++) longestGapUs = Math.max(longestGapUs, (times[i] ?? 0) - (times[i - 1] ?? 0));
  return { settled, lastWrongAt, firstSentAt: times[0] ?? 0, wrong, sent: times.length, longestGapUs };
}

function now(): number {
  return Number(hrtime.bigint()) / 1_000;
}
