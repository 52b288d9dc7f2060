/** What makes a connection another than it was: what decided then, and what decides now. */
import {
  type DirectionJson,
  type DirectionVerdict,
  describeOrigin,
  describePlace,
  describePolicy,
  describeTier,
  directionToJson,
  type FlowQuestion,
  judgeDirection,
  judgeHosts,
  type PolicyWorld,
} from '@weir/model';

/** One of the parties that have a say, and what it says; a host endpoint says it of what passes its node. */
export interface ChangeCause {
  readonly direction: 'egress' | 'ingress' | 'host';
  readonly before: DirectionJson;
  readonly after: DirectionJson;
  /** For people, without a full stop: `ingress: was allowed by …; now …`. */
  readonly text: string;
}

/** A question on one side. */
export interface AskedSide {
  readonly world: PolicyWorld;
  readonly question: FlowQuestion;
}

/** The causes of a difference between the answers of both sides. */
export function causesOfChange(before: AskedSide, after: AskedSide): ChangeCause[] {
  const causes = (['egress', 'ingress'] as const).flatMap((direction): ChangeCause[] => {
    const [was, is] = [before, after].map(({ world, question }) => judgeDirection(world, question, direction));
    return was === undefined || is === undefined || was.verdict === is.verdict ? [] : [causeOf(direction, was, is)];
  });
  return causes.length > 0 ? causes : hostCauses(before, after);
}

function hostCauses(before: AskedSide, after: AskedSide): ChangeCause[] {
  const [was, is] = [before, after].map(({ world, question }) => {
    const verdicts = judgeHosts(world, question);
    return verdicts.find(({ verdict }) => verdict === 'deny') ?? verdicts.find(({ verdict }) => verdict === 'unknown') ?? unasked;
  });
  return was === undefined || is === undefined ? [] : [causeOf('host', was, is)];
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
    before: directionToJson(was),
    after: directionToJson(is),
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
