/** What an assertion comes to in a cluster: questions with the answers that are wished. */
import type { TrafficClass } from '@weir/connectivity';
import type { Direction, FlowEnd, FlowQuestion, Outcome } from '@weir/model';
import type { EndProblem } from './end-finder.ts';
import type { PairTraffic } from './traffic-kinds.ts';

/** One end that is asked for itself and all like it. */
export interface AskedEnd {
  readonly end: FlowEnd;
  /** As people read it: `shop/web`, `shop/web and 3 more`, `203.0.113.0/24`. */
  readonly name: string;
}

/** Equal ends: one, or two of them, so that one can be asked about with another. */
export type AskedGroup = readonly AskedEnd[];

/** One question. */
export interface AskedFlow {
  readonly question: FlowQuestion;
  readonly source: AskedEnd;
  readonly destination: AskedEnd;
  /** The ports or messages that it stands for, and all those that it is one of. */
  readonly traffic: TrafficClass;
  readonly among: readonly TrafficClass[];
}

/** Questions about two ends over one family. */
export interface PairQuestions extends PairTraffic {
  readonly flowOf: (traffic: TrafficClass) => AskedFlow;
}

/** Questions that all, or of which at least one, must have the answer. */
export interface Check {
  /** May be made anew each time, as there can be millions: to be asked for once. */
  readonly flows: readonly AskedFlow[];
  /** How many they are. */
  readonly count: number;
  readonly wants: 'every' | 'some';
  readonly expect: Outcome;
  /** The direction of the end that all of it is about: where its policies deny, those of the others need not be asked. */
  readonly first?: Direction;
  /** Where all of it is about two ends alone. */
  readonly ofPair?: PairQuestions;
}

/** What an assertion comes to; or why it says nothing. */
export type Plan = { readonly kind: 'planned'; readonly checks: readonly Check[] } | EndProblem;
