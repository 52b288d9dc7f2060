/** What the benchmark and its prober say to each other. Times are microseconds of CLOCK_MONOTONIC. */

/** A way that datagrams take: from a socket in one namespace to a bound socket in another. */
export interface Lane {
  readonly from: string;
  readonly to: string;
  readonly address: string;
  readonly port: number;
}

/** What a prober is asked. */
export type ProberOrder =
  /** Sends on these lanes from now on, as soon as each namespace has a route; replaces earlier ones. */
  | { readonly kind: 'lanes'; readonly lanes: readonly Lane[]; readonly datagramsPerSecond: number }
  /** Answers when all lanes have been right for `quietMs`, and says when the last wrong datagram was sent. */
  | {
      readonly kind: 'settle';
      readonly since: number;
      readonly wanted: 'arrives' | 'vanishes';
      readonly quietMs: number;
      readonly timeoutMs: number;
    };

/** The answer to `lanes` (when every lane has sent) and `settle`. */
export interface ProberAnswer {
  /** Whether all lanes came to be right in time. */
  readonly settled: boolean;
  /** When the last datagram was sent that got the wrong treatment, over all lanes; 0 when none did. */
  readonly lastWrongAt: number;
  /** When the first datagram was sent. */
  readonly firstSentAt: number;
  readonly wrong: number;
  readonly sent: number;
  /** The longest time without a datagram of any lane, since `since`: how exact the answer is. */
  readonly longestGapUs: number;
}
