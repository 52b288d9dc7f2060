import { hnsBackEnd } from '../packets/back-ends.ts';
import { describeChanges } from './changes.ts';
import { describeSemantics } from './semantics.ts';
import { describeUpstreamCases } from './upstream-cases.ts';
import { windowsLacks } from './windows-lacks.ts';

describeSemantics(hnsBackEnd);
describeUpstreamCases(hnsBackEnd, windowsLacks);
describeChanges(hnsBackEnd, {});
