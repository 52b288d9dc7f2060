/**
 * Datagrams from a network namespace at a steady rate, by a process of its own that counts what it sent.
 *
 * It is a program in Perl, which every Debian machine has and which sends within some milliseconds of
 * its start; the same program serves as the first instruction of a pod.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Where datagrams go: `each` from a port of its own, so that each is judged as a new connection, or `all` from one. */
export interface DatagramLane {
  readonly address: string;
  readonly port: number;
  readonly flow: 'each' | 'all';
  /** The port that `all` are sent from; default is the kernel's choice. */
  readonly sourcePort?: number;
}

/**
 * Sends to each lane once a millisecond, the first time at once, until its input ends or it has done so
 * ARGV[0] times (0: no limit); then prints how often it sent to each lane.
 */
const program = `
use strict; use Socket; $| = 1;
my ($limit, @lanes) = @ARGV;
my (@to, @flow, @port, @socket, @sent);
for (@lanes) {
  my ($address, $port, $flow, $from) = split /,/;
  push @to, pack_sockaddr_in($port, inet_aton($address)); push @flow, $flow; push @port, $from; push @sent, 0;
}
sub opened { my ($from) = @_; socket(my $s, PF_INET, SOCK_DGRAM, 0) or return; bind($s, pack_sockaddr_in($from, INADDR_ANY)) or return; $s }
my $next = 1024;
for (my $round = 0; !$limit || $round < $limit; $round++) {
  for my $i (0 .. $#to) {
    $next = 1024 if $next > 60000;
    my $s = $flow[$i] eq 'each' ? opened($next++) : ($socket[$i] ||= opened($port[$i]));
    $sent[$i]++ if $s && defined send($s, 'probe', 0, $to[$i]);
  }
  print "sending\\n" if $round == 0;
  my $input = ''; vec($input, 0, 1) = !$limit;
  last if select($input, undef, undef, 0.001) && !$limit;
}
print join(',', @sent), "\\n";
`;

function laneText({ address, port, flow, sourcePort = 0 }: DatagramLane): string {
  return [address, port, flow, sourcePort].join(',');
}

/** The command line of a program that sends so many datagrams to each lane, one a millisecond, and ends with exit code 0. */
export function datagramCommand(times: number, lanes: readonly DatagramLane[]): readonly string[] {
  return ['/usr/bin/perl', '-e', program, String(times), ...lanes.map(laneText)];
}

/** A stream under way. */
export class DatagramStream {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  private constructor(netns: string, lanes: readonly DatagramLane[]) {
    this.#process = spawn('ip', ['netns', 'exec', netns, ...datagramCommand(0, lanes)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Resolves when the first datagrams are sent. */
  static async start(netns: string, lanes: readonly DatagramLane[]): Promise<DatagramStream> {
    const stream = new DatagramStream(netns, lanes);
    const { value } = await stream.#lines.next();
    if (value !== 'sending') throw new Error(`the stream from ${netns} did not begin`);
    return stream;
  }

  /** Ends it; resolves with how many datagrams each lane sent. */
  async stop(): Promise<readonly number[]> {
    this.#process.stdin.end();
    const { value } = await this.#lines.next();
    return String(value).split(',').map(Number);
  }

  /** Ends it at once, whatever state it is in. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
