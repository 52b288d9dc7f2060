/** One flow: its verdict, what decided it, and what would have allowed it. */
import { explainFlow, type FlowRefusal, type FlowRequest } from '@weir/analyze';
import { renderVerdict, type VerdictJson, verdictToJson } from '@weir/model';
import type { Snapshot } from '@weir/snapshot';

/** What is asked: `source` and `destination` are `namespace/pod`, `namespace/workload`, an address or a node, or as destination a service. */
export interface Question {
  readonly source: string;
  readonly destination: string;
  /** Default: `TCP`. */
  readonly protocol?: FlowRequest['protocol'];
  /** A number, or a name that the destination has for its port; none for ICMP. */
  readonly port?: number | string;
  /** The message of ICMP. Default: any. */
  readonly icmp?: { readonly type: number; readonly code: number };
  /** Which addresses of dual-stack pods talk. Default: the first family that both ends have. */
  readonly family?: 4 | 6;
}

/** One verdict, several where the destination is a service with several backends; or what is wrong with the question. */
export type Answer =
  | {
      readonly verdicts: readonly VerdictJson[];
      /** The same for people, a line each. */
      readonly lines: readonly string[];
      readonly refused?: undefined;
    }
  | { readonly verdicts?: undefined; readonly refused: { readonly code: FlowRefusal; readonly message: string; readonly action: string } };

/** Answers a question about one flow. */
export function explain(snapshot: Snapshot, question: Question): Answer {
  const explanation = explainFlow(snapshot, { protocol: 'TCP', ...question });
  if (explanation.kind === 'refused') {
    const { code, message, action } = explanation;
    return { refused: { code, message, action } };
  }
  const { verdicts } = explanation;
  return { verdicts: verdicts.map(verdictToJson), lines: verdicts.flatMap((verdict) => renderVerdict(verdict, { allPolicies: false })) };
}
