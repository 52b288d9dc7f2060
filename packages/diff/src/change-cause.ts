/** What makes a connection another than it was: what decided then, and what decides now. */
import {
  type Direction,
  type DirectionVerdict,
  describeOrigin,
  describePlace,
  describePolicy,
  describeTier,
  type FlowQuestion,
  judgeDirection,
  judgeHosts,
  type PolicyWorld,
} from '@weir/model';

/** One of the parties that have a say, and what it says; a host endpoint says it of what passes its node. */
export interface ChangeCause {
  readonly direction: 'egress' | 'ingress' | 'host';
  /** What decided before, and what decides now. */
  readonly was: DirectionVerdict;
  readonly is: DirectionVerdict;
  /** For people, without a full stop: `ingress: was allowed by …; now …`. */
  readonly text: string;
}

/** A question on one side. */
export interface AskedSide {
  readonly world: PolicyWorld;
  readonly question: FlowQuestion;
}

/** Finds causes; what decided alike is one cause, the same object, for all pairs. */
export class CauseFinder {
  readonly #ids: WeakMap<object, number> = new WeakMap();
  readonly #causes: Map<string, ChangeCause> = new Map();
  #idMax = 0;

  /** The causes of a difference between the answers of both sides, of which these directions may be others. */
  find(before: AskedSide, after: AskedSide, directions: readonly Direction[]): ChangeCause[] {
    const causes = directions.flatMap((direction): ChangeCause[] => {
      const was = judgeDirection(before.world, before.question, direction);
      const is = judgeDirection(after.world, after.question, direction);
      return was.verdict === is.verdict ? [] : [this.#cause(direction, was, is)];
    });
    return causes.length > 0 ? causes : [this.#cause('host', hostDecision(before), hostDecision(after))];
  }

  #cause(direction: ChangeCause['direction'], was: DirectionVerdict, is: DirectionVerdict): ChangeCause {
    const key = `${direction} ${this.#decision(was)} ${this.#decision(is)}`;
    let cause = this.#causes.get(key);
    if (cause === undefined) this.#causes.set(key, (cause = causeOf(direction, was, is)));
    return cause;
  }

  #decision({ verdict, decidedBy, isolatedBy, missing }: DirectionVerdict): string {
    const isolating = isolatedBy.map(({ policy }) => this.#id(policy)).join();
    if (decidedBy === undefined) return `${verdict} ${missing.join()} ${isolating}`;
    const rule = decidedBy.reason === 'rule' ? this.#id(decidedBy.rule) : '';
    const detail = 'detail' in decidedBy ? decidedBy.detail : '';
    return `${verdict} ${decidedBy.reason} ${rule} ${detail} ${isolating}`;
  }

  #id(object: object): number {
    let id = this.#ids.get(object);
    if (id === undefined) this.#ids.set(object, (id = ++this.#idMax));
    return id;
  }
}

/** What a host endpoint on the way says that lets the flow not pass for certain; else that none objects. */
function hostDecision({ world, question }: AskedSide): DirectionVerdict {
  const verdicts = judgeHosts(world, question);
  return verdicts.find(({ verdict }) => verdict === 'deny') ?? verdicts.find(({ verdict }) => verdict === 'unknown') ?? unasked;
}

/** No host endpoint objects. */
const unasked: DirectionVerdict = {
  verdict: 'allow',
  isolatedBy: [],
  decidedBy: { reason: 'no policy', detail: 'not isolated' },
  missing: [],
};

function causeOf(direction: ChangeCause['direction'], was: DirectionVerdict, is: DirectionVerdict): ChangeCause {
  return {
    direction,
    was,
    is,
    text: `${direction}: was ${decisionText(was)}; now ${decisionText(is)}`,
  };
}

/** So many policies are named. */
const namedMax = 3;

function decisionText({ verdict, decidedBy, isolatedBy, missing }: DirectionVerdict): string {
  if (decidedBy === undefined) return `not known: ${missing.join('; ')}`;
  const word = verdict === 'allow' ? 'allowed' : 'denied';
  switch (decidedBy.reason) {
    case 'rule': {
      const { origin } = decidedBy.rule;
      return `${word} by ${describePolicy(origin.policy)} ${describeOrigin(origin)}${describeTier(decidedBy.tier)}${describePlace(origin.source)}`;
    }
    case 'no policy':
      return `${word}: no policy isolates it`;
    case 'no order':
      return `${word}: policies of several APIs without an order select it`;
    case 'end of tier': {
      const named = isolatedBy.slice(0, namedMax).map(({ policy, source }) => `${describePolicy(policy)}${describePlace(source)}`);
      const more = isolatedBy.length - named.length;
      return `${word}: no rule of ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''} allows it`;
    }
    case 'profile':
      return `${word}: ${decidedBy.detail}`;
    default:
      return decidedBy satisfies never;
  }
}
