/**
 * A process of its own that sends UDP datagrams or the first segments of TCP connections at a steady
 * rate, each from a source port that its lane has not used before, so that each is judged as a new
 * connection.
 *
 * Its argument is a {@link LoadOrder} as JSON. It prints `sending` when it has begun, goes on until
 * its standard input ends, and then prints how many packets each lane sent, as a JSON list.
 */
import { argv, stdin, stdout } from 'node:process';
import { RawSocket } from '@weir/kernel';
import { defined, parseAddress } from '@weir/net';
import { ipPacket, protocols, tcpSyn, udpDatagram } from './crafted-packet.ts';

/** Where packets go, and of which protocol they are; UDP when it does not say. */
export interface LoadLane {
  readonly protocol?: 'UDP' | 'TCP';
  readonly netns: string;
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

/** What the process is to do. */
export interface LoadOrder {
  /** Of all lanes together. */
  readonly packetsPerSecond: number;
  readonly lanes: readonly LoadLane[];
}

const firstSourcePort = 1024;
const sourcePorts = 60_000;
/** Catching up after a pause must not be a burst that fills queues. */
const burstMax = 40;

if (argv[2] !== undefined) send(JSON.parse(argv[2]) as LoadOrder);

function send({ lanes, packetsPerSecond }: LoadOrder): void {
  const open = lanes.map(({ netns, source, destination, port, protocol = 'UDP' }) => {
    const from = defined(parseAddress(source), source);
    const ends = { source: from, destination: defined(parseAddress(destination), destination), protocol: protocols[protocol] };
    return { socket: new RawSocket({ netns, family: from.family }), ends, port, sent: 0 };
  });
  let total = 0;
  let startedAt = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1000) * packetsPerSecond;
    if (due - total > burstMax) startedAt += ((due - total - burstMax) / packetsPerSecond) * 1000;
    for (const until = total + Math.min(due - total, burstMax); total < until; total++) {
      const lane = defined(open[total % open.length], 'there are lanes');
      const ports = { source: firstSourcePort + (lane.sent % sourcePorts), destination: lane.port };
      const isTcp = lane.ends.protocol === protocols.TCP;
      const payload = isTcp ? tcpSyn(lane.ends, ports) : udpDatagram(lane.ends, ports, Buffer.from('probe'));
      lane.socket.send(ipPacket(lane.ends, payload), lane.ends.destination);
      lane.sent++;
    }
  }, 1);
  stdin.on('end', () => {
    clearInterval(timer);
    stdout.write(`${JSON.stringify(open.map(({ sent }) => sent))}\n`);
    for (const { socket } of open) socket.close();
  });
  stdin.resume();
  stdout.write('sending\n');
}
